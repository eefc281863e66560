/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/row.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/data_buffer.h"

#define PAGE_SIZE ((size_t)4096)

static int make_room(struct erofs_row *row, size_t size)
{
	if (size <= row->room)
		return 0;
	erofs_writer_row_release(row);
	row->memory = erofs_data_buffer(size);
	row->room = row->memory ? size : 0;
	return row->memory ? 0 : -ENOMEM;
}

int erofs_writer_row_begin(struct erofs_row *row, uint64_t start, uint64_t end)
{
	/* As far behind a page as they will be in the page cache: see data_buffer.h. */
	size_t offset = start % PAGE_SIZE;
	int err = make_room(row, PAGE_SIZE + (size_t)(end - start));

	if (err)
		return err;
	row->start = row->position = start;
	row->end = end;
	row->bytes = row->memory + offset;
	return 0;
}

void erofs_writer_row_release(struct erofs_row *row)
{
	free(row->memory);
	*row = (struct erofs_row){ 0 };
}

uint8_t *erofs_writer_row_at(const struct erofs_row *row, uint64_t position)
{
	assert(position >= row->start && position <= row->end);
	return row->bytes + (position - row->start);
}

void erofs_writer_row_append(struct erofs_row *row, const void *data, size_t size)
{
	assert(size <= row->end - row->position);
	if (size)
		memcpy(erofs_writer_row_at(row, row->position), data, size);
	row->position += size;
}

void erofs_writer_row_pad(struct erofs_row *row, uint64_t position)
{
	assert(position >= row->position && position <= row->end);
	memset(erofs_writer_row_at(row, row->position), 0, (size_t)(position - row->position));
	row->position = position;
}

void erofs_writer_row_skip(struct erofs_row *row, size_t size)
{
	assert(size <= row->end - row->position);
	row->position += size;
}
