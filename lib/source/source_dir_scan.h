/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_DIR_SCAN_H
#define EROFS_SOURCE_DIR_SCAN_H

#include <stdbool.h>

#include "lib/source/source_dir.h"
#include "lib/util/arena.h"
#include "lib/util/buffer.h"

/*
 * The scan of a directory source. Each directory is a job of the pool: a worker lists it into its inode, and its commit hands what
 * must not depend on threads to the tree and finds the next jobs, the directories in it.
 */

/* What only one worker uses. */
struct dir_worker {
	struct erofs_arena arena;
	struct erofs_buffer path;	 /* of the directory in hand, from the root, without a leading slash */
	struct erofs_buffer entries;	 /* of it, so far: struct erofs_tree_entry */
	struct erofs_buffer list;	 /* directory entries as the system hands them out */
	struct erofs_buffer xattr_names; /* as the system hands them out */
	struct erofs_loss left_out;
	struct erofs_unreadable unreadable;
	bool asked_for_cwd; /* a working directory of the thread's own was asked for */
	bool has_own_cwd;   /* ... and given */
};

/* The directory that a worker has open. */
struct dir_place {
	int fd;
	bool is_cwd; /* it is the working directory of this thread, which has one of its own */
};

/* Attributes of several inodes, those of each one together. */
struct dir_xattrs {
	struct erofs_buffer items; /* struct dir_xattr */
	struct erofs_buffer bytes; /* their names, with NUL, and values */
};

/* What a worker leaves for the commit of a directory. */
struct dir_listing {
	struct erofs_tree_inode *dir;
	struct erofs_buffer subdirectories; /* struct erofs_tree_inode * */
	struct erofs_buffer excluded;	    /* paths of entries that were left out, each with its NUL */
	struct dir_xattrs xattrs;
};

/* Fills in the root from what is open as source->root_fd, but for its entries. */
int erofs_source_dir_list_root(struct dir_source *source, struct dir_listing *listing, struct dir_worker *worker);

/* Reads the entries of listing->dir into its inode. Failures are reported. For any thread. */
int erofs_source_dir_list(const struct dir_source *source, struct dir_listing *listing, struct dir_worker *worker);

/*
 * Adds the attributes of `name` in a directory (of the directory itself if `name` is NULL) to those of the listing. Failures are
 * reported. For any thread.
 */
int erofs_source_dir_read_xattrs(const struct dir_source *source, struct dir_xattrs *xattrs,
				 struct erofs_tree_inode *inode, const struct dir_place *place, const char *name,
				 struct dir_worker *worker);

/* Hands them to their inodes, with the SELinux labels. Failures are reported. For commits. */
int erofs_source_dir_set_xattrs(const struct dir_source *source, const struct dir_xattrs *xattrs);

#endif
