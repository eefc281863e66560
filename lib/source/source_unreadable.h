/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_UNREADABLE_H
#define EROFS_SOURCE_UNREADABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/diag.h>

#include "lib/tree/tree.h"

/* Files and directories that may not be read: all are counted, and those that come first by path are kept, for one message. */

#define EROFS_UNREADABLE_SHOWN 20

struct erofs_unreadable {
	uint64_t count;
	size_t kept;
	struct erofs_unreadable_file {
		char *path; /* as messages show it */
		int err;
	} files[EROFS_UNREADABLE_SHOWN]; /* sorted by path */
};

/* Counts one that comes in any order. -ENOMEM. */
int erofs_source_unreadable_add(struct erofs_unreadable *list, const struct erofs_tree_inode *inode, int err);

/* Adds what a worker has found. Leaves nothing in `from`. */
void erofs_source_unreadable_merge(struct erofs_unreadable *list, struct erofs_unreadable *from);

/* If there are any: warns if they are ignored, else reports them and returns the errno of the first. */
int erofs_source_unreadable_report(const struct erofs_unreadable *list, const char *source, bool ignored,
				   const struct erofs_diag *diag);
void erofs_source_unreadable_release(struct erofs_unreadable *list);

#endif
