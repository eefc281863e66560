/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/share/share_packed.h"

#include <stdlib.h>

static int note(struct erofs_buffer *ranges, const struct erofs_share_file *file)
{
	return erofs_buffer_append(ranges, &file->fragment, sizeof(file->fragment));
}

int erofs_share_packed_note(struct erofs_share_packed *packed, const struct erofs_share_file *file, bool is_first,
			    bool is_first_here)
{
	int err = 0;

	if (file->fragment.from == file->fragment.to)
		return 0;
	packed->is_known = true;
	if (!file->value_size)
		err = note(&packed->again, file);
	if (!err && is_first)
		err = note(&packed->first, file);
	return !err && is_first_here ? note(&packed->alone, file) : err;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct erofs_packed_range *first = a, *second = b;

	return (first->from > second->from) - (first->from < second->from);
}

/* Bytes of the pages that any of the ranges touches. */
static uint64_t count_pages(struct erofs_buffer *ranges, uint64_t most, uint32_t page_size)
{
	struct erofs_packed_range *items = (void *)ranges->data;
	size_t count = ranges->size / sizeof(*items);
	uint64_t mask = page_size - 1, end = 0, bytes = 0;

	if (count)
		qsort(items, count, sizeof(*items), compare_ranges);
	for (size_t i = 0; i < count; i++) {
		uint64_t from = items[i].from & ~mask, to = items[i].to;

		to = to > most ? most : (to + mask) & ~mask;
		from = from < end ? end : from;
		if (to > from)
			bytes += to - from;
		end = to > end ? to : end;
	}
	return bytes < most ? bytes : most;
}

void erofs_share_packed_count(struct erofs_share_packed_pages *out, struct erofs_share_packed *packed, uint64_t all,
			      uint32_t page_size)
{
	*out = (struct erofs_share_packed_pages){ .all = all, .first = all, .again = all, .alone = all };
	if (!packed->is_known)
		return;
	out->first = count_pages(&packed->first, all, page_size);
	out->again = count_pages(&packed->again, all, page_size);
	out->alone = count_pages(&packed->alone, all, page_size);
}

void erofs_share_packed_release(struct erofs_share_packed *packed)
{
	erofs_buffer_release(&packed->first);
	erofs_buffer_release(&packed->again);
	erofs_buffer_release(&packed->alone);
}
