/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_DIR_H
#define EROFS_SOURCE_DIR_H

#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include <erofs/source.h>

#include "lib/source/source_filter.h"
#include "lib/source/source_label.h"
#include "lib/source/source_losses.h"
#include "lib/source/source_unreadable.h"
#include "lib/tree/tree.h"

/* The directory source: what its parts share. */

/* What the file system said about a file when it was scanned: enough to notice that it is not the same any more. */
struct dir_origin {
	uint64_t dev, ino;
	int64_t ctime;
	uint32_t ctime_nsec;
	uint32_t source_nlink;
};

struct dir_source {
	struct erofs_tree *tree;
	int root_fd;
	bool proc_works;  /* /proc/self/fd/N leads to the file: names any inode without opening it */
	const char *path; /* as the user gave it */
	const struct erofs_scan_options *options; /* own_options */
	struct erofs_scan_options own_options;
	const struct erofs_diag *diag;
	struct erofs_filter *filter;
	struct erofs_labels *labels;
	struct erofs_losses losses; /* of all workers, when they are done */
	struct erofs_unreadable unreadable; /* likewise */
	uint64_t root_dev;
};

/* Whether `st` is still the file that was scanned, unchanged. */
bool erofs_source_dir_same(const struct erofs_tree_inode *inode, const struct stat *st);

/*
 * Opens a directory of the tree, whatever the length of its path, without following symbolic links below the root. `path` is
 * scratch space. A file descriptor or a negative errno.
 */
int erofs_source_dir_open_directory(int root_fd, const struct erofs_tree_inode *dir, struct erofs_buffer *path);

/*
 * Whether the tree may have `name` in this directory: 1 or 0, or -ENOMEM. What must not be read is put on the list. For any thread.
 */
int erofs_source_dir_admits(const struct dir_source *source, struct erofs_unreadable *unreadable,
			    const struct erofs_tree_inode *inode, const struct stat *st, int dir_fd, const char *name);

/* Whether it is the root of another file system, while only one is wanted. */
bool erofs_source_dir_is_foreign(const struct dir_source *source, const struct stat *st);

/* Reads the whole tree, all but the contents of its files. Failures are reported. */
int erofs_source_dir_scan(struct dir_source *source);

/* Finds the holes of the regular file `name`: inode->data stays NULL if it has none that the format could show. */
int erofs_source_dir_find_holes(const struct dir_source *source, struct erofs_tree_inode *inode, int dir_fd,
				const char *name, struct erofs_arena *arena);

/* Merges the names of each hard-linked file into one inode. */
int erofs_source_dir_merge_links(struct erofs_tree *tree);

extern const struct erofs_source_ops erofs_source_dir_source_ops;

#endif
