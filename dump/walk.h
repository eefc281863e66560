/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_WALK_H
#define EROFS_DUMP_WALK_H

#include "dump/dump.h"

/* A few bytes of image can hold a chain of directories whose paths fill gigabytes; no real tree is as deep as this. */
#define WALK_PATH_MAX 65536u

struct walk_entry {
	const char *path; /* from the top's path on; valid during the call */
	size_t path_len;
	size_t name_len; /* of its last component; 0 for the top */
	uint64_t nid;
	enum erofs_file_type type;	 /* as its directory says */
	const struct erofs_inode *inode; /* NULL if it cannot be read, which has been reported */
	bool first;			 /* no other name of this inode came before */
};

/* A negative result ends the walk. */
typedef int (*walk_visitor)(void *ctx, const struct walk_entry *entry);

/*
 * Visits the inode asked for and all below it, each directory in front of its entries and those in its own order, without
 * `.` and `..`. What is damaged is reported by path and left out; the walk goes on and the first such error is its result.
 * Ends on any image: no directory is entered twice, their sizes together cannot exceed the image's, and paths longer than
 * WALK_PATH_MAX are not followed.
 */
int dump_walk(const struct dump *dump, walk_visitor visit, void *ctx);

#endif
