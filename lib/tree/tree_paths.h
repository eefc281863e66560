/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TREE_TREE_PATHS_H
#define EROFS_TREE_TREE_PATHS_H

#include "lib/tree/tree.h"

/*
 * A tree that is made path by path, in any order, as archives have their members: parents that are missing are made, what
 * comes later takes the place of what was there. Layers come one after the other; a later one can hide what earlier ones have.
 * Every step costs as much as the path is deep; nothing recurses.
 *
 * Paths are bytes with slashes; empty components and `.` count for nothing. Symbolic links on the way to the last component are
 * followed, whichever layer has them: below the root, never out of the tree. All functions that take a path return
 *	-EINVAL        for a component `..`
 *	-ELOOP         for more than 40 symbolic links on the way
 *	-ENAMETOOLONG  for a component of more than 255 bytes
 *	-ENOTDIR       if something that this layer itself has stands in the way, and is no directory
 *	-ENOMEM
 */

struct erofs_path_name; /* one name in one directory */

struct erofs_paths {
	struct erofs_tree *tree;
	struct erofs_arena arena; /* of the records of names */
	struct erofs_index index; /* of them */
	uint64_t seed;		  /* of their hashes */
	struct erofs_path_name *
		*names; /* by number in the index; some of them removed, some in directories that were */
	uint32_t name_count;
	size_t name_room;
	uint32_t layer;
	struct erofs_path_name *root;
	bool has_links;		      /* there are symbolic links, or were */
	struct erofs_buffer followed; /* a path without those on its way */
};

/* For an empty tree, whose root gets the attributes of a missing parent. Inodes, names and entries live in its arena. */
int erofs_tree_paths_init(struct erofs_paths *paths, struct erofs_tree *tree);
void erofs_tree_paths_release(struct erofs_paths *paths);

/* From here on, another layer comes above what is there. */
void erofs_tree_paths_next_layer(struct erofs_paths *paths);

/* What stands at a path: 0 and the inode; -ENOENT. */
int erofs_tree_paths_find(struct erofs_paths *paths, struct erofs_tree_inode **out, const char *path);

/*
 * An inode of this mode at the path, all else zero, to be filled in. A directory in the place of a directory is the same inode
 * and keeps what is in it; anything else takes the place of all that was there. Missing parents become directories with mode
 * 0755, owner 0:0 and time 0, until a member of their own says better; what an earlier layer has in their place gives way.
 * -EISDIR if the root were to be no directory.
 */
int erofs_tree_paths_put(struct erofs_paths *paths, struct erofs_tree_inode **out, const char *path, uint16_t mode);

/* What such a path becomes when symbolic links are followed; a text that lasts until the next call of any of these. */
int erofs_tree_paths_resolve(struct erofs_paths *paths, const char **path);

/* One more name for an inode that is no directory (-EPERM). */
int erofs_tree_paths_link(struct erofs_paths *paths, const char *path, struct erofs_tree_inode *inode);

/* Takes away what stands at the path, with all that is below. -ENOENT; -EISDIR for the root. */
int erofs_tree_paths_remove(struct erofs_paths *paths, const char *path);

/* Takes away what earlier layers have at the path, and leaves what this one has, whichever came first. */
int erofs_tree_paths_whiteout(struct erofs_paths *paths, const char *path);

/* Takes away what earlier layers have below the directory at the path, or that it leads to if it is a symbolic link. */
int erofs_tree_paths_clear(struct erofs_paths *paths, const char *path);

/* The tree is as it should be: makes the lists of entries. Done once, as the last thing. */
int erofs_tree_paths_finish(struct erofs_paths *paths);

/* ---- how layers say what they hide ------------------------------------------------------------------------------------ */

enum erofs_hiding {
	EROFS_HIDES_NOTHING,
	EROFS_HIDES_NAME,     /* what earlier layers have under `name` beside this file */
	EROFS_HIDES_SIBLINGS, /* what earlier layers have in its directory */
	EROFS_HIDES_ITSELF,   /* book-keeping: of no consequence, and no part of the tree */
	EROFS_HIDES_BADLY,    /* a whiteout that names no file */
};

/* In the root of a layer: the files that have several names, to which those are hard links. */
#define EROFS_PSEUDO_LINKS ".wh..wh.plnk"

/* What the last component of an archive's member or layer's file means in the way of AUFS and OCI; `*name` points into it. */
enum erofs_hiding erofs_tree_hiding_by_name(const char *component, const char **name);

/* Whether an inode is a whiteout of overlayfs (a device 0:0, or an empty file so marked), a directory opaque in its way. */
bool erofs_tree_is_overlay_whiteout(const struct erofs_tree_inode *inode);
bool erofs_tree_is_overlay_opaque(const struct erofs_tree_inode *inode);

#endif
