/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TREE_H
#define EROFS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>
#include <erofs/diag.h>

/*
 * A tree of inodes in memory, what an image is to hold: filled by a source (<erofs/source.h>), adjusted by
 * erofs_tree_normalize(), then frozen and written by erofs_build() (<erofs/build.h>). It knows names, attributes and where
 * contents come from, but nothing of blocks or byte order.
 */
struct erofs_tree;

/* An empty tree; NULL when out of memory. */
EROFS_API struct erofs_tree *erofs_tree_new(void);

/* Releases the tree and all that its source keeps open. */
EROFS_API void erofs_tree_free(struct erofs_tree *tree);

/*
 * Reserves an xattr name for the builder: attributes of this name that a source offers from now on are dropped and counted.
 * trusted.erofs.fingerprint is always reserved, because the kernel trusts what it says. `name` is copied. -ENOMEM.
 */
EROFS_API int erofs_tree_reserve_xattr(struct erofs_tree *tree, const char *name);

/* Attributes dropped because their name was reserved; known once the tree is frozen. */
EROFS_API uint64_t erofs_tree_dropped_xattrs(const struct erofs_tree *tree);

enum erofs_time_rule {
	EROFS_TIME_KEEP,  /* every inode keeps its own mtime */
	EROFS_TIME_CLAMP, /* an mtime later than the given one becomes it */
	EROFS_TIME_FIX,	  /* every inode gets the given one */
};

/* What is read first, by a boot or a program. */
struct erofs_hot_files;

/*
 * Reads a file of paths from the root, one a line, in that order: symbolic links on
 * the way count as read, too, a slash at the end stands for all that is below a directory, and where there is no such name,
 * `*`, `?` and [...] match within a component as in a shell. Empty lines and those that begin with '#' are passed over. To be
 * released with erofs_hot_files_free(). Reports what is wrong with the file.
 */
EROFS_API int erofs_hot_files_read(struct erofs_hot_files **out, const char *path, const struct erofs_diag *diag);

/* Releases a list, which no tree is being normalized by any more. NULL is fine. */
EROFS_API void erofs_hot_files_free(struct erofs_hot_files *hot);

/* What to change between scanning and building. */
struct erofs_tree_rules {
	size_t size;		   /* of this struct */
	bool force_uid, force_gid; /* replace all owners by uid, gid */
	uint32_t uid, gid;
	int64_t uid_offset, gid_offset; /* then added to all owners */
	enum erofs_time_rule time_rule;
	int64_t time; /* seconds since 1970 */
	uint32_t time_nsec;
	bool aufs_whiteouts; /* turn AUFS whiteouts and opaque markers into those of overlayfs */
	bool strip_overlay;  /* ... then leave out all whiteouts of overlayfs and xattrs trusted.overlay.* */
	/*
	 * Metadata and contents of these come first, in this order; all others follow as ever. May be NULL. Only where the
	 * contents can be read in any order and go into the image: erofs_build_arrivals() and data_outside are -EINVAL with it.
	 */
	const struct erofs_hot_files *hot_files;
};

/* Nothing is asked for; see <erofs/api.h>. */
static inline struct erofs_tree_rules erofs_tree_rules_init(void)
{
	EROFS_OPTIONS_INIT(struct erofs_tree_rules);
}

/*
 * Applies the rules and freezes the tree: names sorted, link counts taken from the names found, inodes numbered in path
 * order. A directory that keeps whiteouts of overlayfs gets an empty trusted.overlay.origin if it has none, so that overlayfs
 * does not list them. Reports what cannot be done (an id outside 32 bits, a whiteout without a name).
 */
EROFS_API int erofs_tree_normalize(struct erofs_tree *tree, const struct erofs_tree_rules *rules,
				   const struct erofs_diag *diag);

/* Whether the contents come once, in the order of the source: for erofs_build_arrivals(). */
EROFS_API bool erofs_tree_arrives(const struct erofs_tree *tree);

#endif
