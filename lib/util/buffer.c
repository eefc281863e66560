/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void erofs_buffer_release(struct erofs_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct erofs_buffer){ 0 };
}

int erofs_buffer_reserve(struct erofs_buffer *buffer, size_t capacity)
{
	uint8_t *data;

	if (capacity <= buffer->capacity)
		return 0;
	/* Doubling keeps a row of appends linear. */
	if (capacity < 2 * buffer->capacity)
		capacity = 2 * buffer->capacity;
	data = realloc(buffer->data, capacity);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

/* Counts `size` more bytes as used and says where they are. */
static int extend(struct erofs_buffer *buffer, uint8_t **room, size_t size)
{
	if (size > SIZE_MAX / 2 - buffer->size || erofs_buffer_reserve(buffer, buffer->size + size))
		return -ENOMEM;
	*room = buffer->data + buffer->size;
	buffer->size += size;
	return 0;
}

int erofs_buffer_append(struct erofs_buffer *buffer, const void *data, size_t size)
{
	uint8_t *room;
	int err = size ? extend(buffer, &room, size) : 0;

	if (size && !err)
		memcpy(room, data, size);
	return err;
}

int erofs_buffer_append_zeros(struct erofs_buffer *buffer, size_t size)
{
	uint8_t *room;
	int err = size ? extend(buffer, &room, size) : 0;

	if (size && !err)
		memset(room, 0, size);
	return err;
}

int erofs_buffer_append_text(struct erofs_buffer *buffer, const char *text)
{
	return erofs_buffer_append(buffer, text, strlen(text));
}
