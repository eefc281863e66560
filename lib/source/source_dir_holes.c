/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/source/source_dir.h"
#include "lib/source/source_holes.h"
#include "lib/util/cleanup.h"

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
		err = erofs_source_holes_add_data(ranges, (uint64_t)start, at);
		if (err)
			return err;
	}
	return 0;
}

int erofs_source_dir_find_holes(const struct dir_source *source, struct erofs_tree_inode *inode, int dir_fd,
				const char *name, struct erofs_arena *arena)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer ranges = { 0 };
	erofs_auto_fd int fd = -1;
	int err;

	if (inode->size < EROFS_HOLE_LEAST)
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return erofs_tree_report(source->diag, -errno, inode, "cannot open: %s", strerror(errno));
	err = list_ranges(&ranges, fd, inode->size);
	/* A file system that does not know its holes has none to keep. */
	if (err == -EINVAL)
		return 0;
	if (err)
		return erofs_tree_report(source->diag, err, inode, "cannot find its holes: %s", strerror(-err));
	return erofs_source_holes_set_map(inode, &ranges, arena);
}
