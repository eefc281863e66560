/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WALK_H
#define EROFS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/image.h>
#include <erofs/inode.h>

/* A walk through a tree of an image, whatever that image holds. */

/* A few bytes of image can hold a chain of directories whose paths fill gigabytes; no real tree is as deep as this. */
#define EROFS_WALK_PATH_MAX 65536u

struct erofs_walk_entry {
	const char *path; /* the top's path and what follows it; valid during the call */
	size_t path_len;
	size_t name_len; /* of its last component; 0 for the top */
	uint64_t nid;
	enum erofs_file_type type;	 /* as its directory says */
	const struct erofs_inode *inode; /* NULL if it cannot be read, which has been told */
	bool first;			 /* no other name of this inode came before */
};

struct erofs_walk_ops {
	/* A negative result ends the walk and is its result. */
	int (*visit)(void *ctx, const struct erofs_walk_entry *entry);
	/* Whether to leave `path` out, with all below it: nothing of it is looked at then. May be NULL; not asked for the top. */
	bool (*leaves_out)(void *ctx, const char *path);
	/* What is at `path` is damaged and left out; the walk goes on. */
	void (*damage)(void *ctx, int err, const char *path, const char *what);
};

/*
 * Visits `top`, whose path is `path` ("/" or one without a slash at its end), and all below it, each directory in front of
 * its entries and those in its own order, without `.` and `..`. The first damage is the result of a walk that came to its
 * end. Ends on any image: no directory is entered twice, their sizes together cannot exceed the image's, and paths longer
 * than EROFS_WALK_PATH_MAX are not followed.
 */
EROFS_API int erofs_walk(const struct erofs_image *image, const struct erofs_inode *top, const char *path,
			 const struct erofs_walk_ops *ops, void *ctx);

#endif
