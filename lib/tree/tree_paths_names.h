/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TREE_TREE_PATHS_NAMES_H
#define EROFS_TREE_TREE_PATHS_NAMES_H

#include <sys/stat.h>

#include "lib/tree/tree_paths.h"
#include "lib/util/path.h"

/* What is behind tree_paths.h. */

/*
 * The index never forgets: a name that was removed has no inode, and is used again should it come back. What is below a
 * directory that was removed is not looked for, because nothing leads there any more: names are found by the record of their
 * directory's name, which a new directory under the same name replaces.
 */
struct erofs_path_name {
	struct erofs_path_name *dir;	/* NULL: the root */
	struct erofs_path_name *next;	/* another one in the same directory */
	struct erofs_path_name *names;	/* in this directory */
	struct erofs_tree_inode *inode; /* NULL: removed */
	const char *name;
	uint32_t generation; /* of the directory that it stands in; of another one: removed */
	uint32_t below;	     /* the generation of this directory: counts how often it was replaced */
	uint32_t layer;	     /* the last one that said something about it or below it */
};

struct erofs_path_key {
	const struct erofs_path_name *dir;
	struct erofs_path_component component;
};

static inline bool erofs_path_is_alive(const struct erofs_path_name *name)
{
	return name->inode && (!name->dir || name->generation == name->dir->below);
}

static inline bool erofs_path_is_directory(const struct erofs_path_name *name)
{
	return S_ISDIR(name->inode->mode);
}

/* The record of a name, alive or not; NULL if there never was one. */
struct erofs_path_name *erofs_tree_path_look_up(const struct erofs_paths *paths, const struct erofs_path_key *key);

/* Makes that record; the caller knows that there is none. NULL: out of memory. */
struct erofs_path_name *erofs_tree_path_new_name(struct erofs_paths *paths, const struct erofs_path_key *key);

/*
 * The path with what symbolic links on its way lead to instead of them, as a program sees it whose root is the tree's: `*path` is
 * then a text that lasts until the next call. `last`: its last component, too. -EINVAL, -ENAMETOOLONG, -ELOOP, -ENOMEM.
 */
int erofs_tree_path_follow(struct erofs_paths *paths, const char **path, bool last);

#endif
