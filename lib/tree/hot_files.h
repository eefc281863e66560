/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TREE_HOT_FILES_H
#define EROFS_TREE_HOT_FILES_H

#include "lib/tree/tree.h"

struct erofs_hot_line {
	char *text;
	size_t number; /* in the file, from 1 */
};

struct erofs_hot_files {
	char *path; /* for messages */
	struct erofs_hot_line *lines;
	size_t count, capacity;
};

/*
 * Numbers the inodes of a frozen tree anew: the root, then what the list names in the order of its lines, each behind the
 * directories on its way, then all others as they were. Warns of lines that match nothing. -ENOMEM.
 */
int erofs_tree_put_first(struct erofs_tree *tree, const struct erofs_hot_files *hot, const struct erofs_diag *diag);

#endif
