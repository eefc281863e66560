/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_holes.h"

#include <errno.h>
#include <string.h>

int erofs_source_holes_add_data(struct erofs_buffer *ranges, uint64_t start, uint64_t end)
{
	struct erofs_data_range range = { start, end };
	struct erofs_data_range *have = (void *)ranges->data;
	size_t count = ranges->size / sizeof(*have);

	if (count && start - have[count - 1].end < EROFS_HOLE_LEAST) {
		have[count - 1].end = end;
		return 0;
	}
	return erofs_buffer_append(ranges, &range, sizeof(range));
}

static bool has_hole(const struct erofs_buffer *ranges, uint64_t size)
{
	const struct erofs_data_range *range = (const void *)ranges->data;

	return ranges->size != sizeof(*range) || range->start >= EROFS_HOLE_LEAST ||
	       size - range->end >= EROFS_HOLE_LEAST;
}

int erofs_source_holes_set_map(struct erofs_tree_inode *inode, const struct erofs_buffer *ranges,
			       struct erofs_arena *arena)
{
	struct erofs_data_map *map;

	if (!has_hole(ranges, inode->size))
		return 0;
	map = erofs_arena_alloc(arena, sizeof(*map) + ranges->size);
	if (!map)
		return -ENOMEM;
	map->count = (uint32_t)(ranges->size / sizeof(map->ranges[0]));
	if (ranges->size)
		memcpy(map->ranges, ranges->data, ranges->size);
	inode->data = map;
	return 0;
}
