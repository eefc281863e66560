/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OPTIONS_TABLE_H
#define EROFS_MKFS_OPTIONS_TABLE_H

#include "mkfs/option.h"

#define MKFS_OPTIONS_MAX 128

/* The rows of all options as getopt_long() wants them. */
struct mkfs_options_table {
	char letters[2 + 3 * MKFS_OPTIONS_MAX];
	struct option names[MKFS_OPTIONS_MAX + 1];
	const struct mkfs_option *named[MKFS_OPTIONS_MAX]; /* the row of each name */
	size_t name_count;
};

void mkfs_fill_options_table(struct mkfs_options_table *table);

/* The row of what getopt_long() has found, a letter or the name at `name_index`. NULL: an error is to be reported. */
const struct mkfs_option *mkfs_find_option(const struct mkfs_options_table *table, int found, int name_index);

#endif
