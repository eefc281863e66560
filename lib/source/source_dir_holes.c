/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/source/source_dir.h"
#include "lib/util/cleanup.h"

/* Holes are only worth keeping where they span a whole block; smaller ones are read as the zeros they are. */
#define SMALLEST_HOLE 4096u

static int add_range(struct erofs_buffer *ranges, uint64_t start, uint64_t end)
{
	struct erofs_data_range range = { start, end };
	struct erofs_data_range *have = (void *)ranges->data;
	size_t count = ranges->size / sizeof(*have);

	if (count && start - have[count - 1].end < SMALLEST_HOLE) {
		have[count - 1].end = end;
		return 0;
	}
	return erofs_buffer_append(ranges, &range, sizeof(range));
}

/* Where the data are, as the file system tells; -ENXIO cannot come out of it. */
static int list_ranges(struct erofs_buffer *ranges, int fd, uint64_t size)
{
	uint64_t at = 0;

	while (at < size) {
		off_t start = lseek(fd, (off_t)at, SEEK_DATA);
		off_t end;
		int err;

		if (start < 0)
			return errno == ENXIO ? 0 : -errno;
		end = lseek(fd, start, SEEK_HOLE);
		if (end < 0)
			return -errno;
		if ((uint64_t)start >= size)
			return 0;
		at = (uint64_t)end < size ? (uint64_t)end : size;
		/* The file is being changed: reading it will say so. */
		if (at <= (uint64_t)start)
			return 0;
		err = add_range(ranges, (uint64_t)start, at);
		if (err)
			return err;
	}
	return 0;
}

static bool has_hole(const struct erofs_buffer *ranges, uint64_t size)
{
	const struct erofs_data_range *range = (const void *)ranges->data;

	return ranges->size != sizeof(*range) || range->start >= SMALLEST_HOLE || size - range->end >= SMALLEST_HOLE;
}

int erofs_dir_find_holes(const struct dir_source *source, struct erofs_tree_inode *inode, int dir_fd, const char *name,
			 struct erofs_arena *arena)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer ranges = { 0 };
	erofs_auto_fd int fd = -1;
	struct erofs_data_map *map;
	int err;

	if (inode->size < SMALLEST_HOLE)
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return erofs_tree_report(source->diag, -errno, inode, "cannot open: %s", strerror(errno));
	err = list_ranges(&ranges, fd, inode->size);
	/* A file system that does not know its holes has none to keep. */
	if (err == -EINVAL || (!err && !has_hole(&ranges, inode->size)))
		return 0;
	if (err)
		return erofs_tree_report(source->diag, err, inode, "cannot find its holes: %s", strerror(-err));
	map = erofs_arena_alloc(arena, sizeof(*map) + ranges.size);
	if (!map)
		return -ENOMEM;
	map->count = (uint32_t)(ranges.size / sizeof(map->ranges[0]));
	if (ranges.size)
		memcpy(map->ranges, ranges.data, ranges.size);
	inode->data = map;
	return 0;
}
