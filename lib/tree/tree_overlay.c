/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tree/tree_paths.h"
#include "lib/util/cleanup.h"

#define OVERLAY_PREFIX "trusted.overlay."
#define ORIGIN_XATTR   OVERLAY_PREFIX "origin"

static bool is_overlay_xattr(const struct erofs_tree_xattr *xattr)
{
	return strncmp(xattr->name, OVERLAY_PREFIX, strlen(OVERLAY_PREFIX)) == 0;
}

static int strip_xattrs(struct erofs_tree *tree, struct erofs_tree_inode *inode)
{
	uint32_t count = inode->xattrs ? inode->xattrs->count : 0;
	erofs_auto_free struct erofs_xattr_found *found = calloc(count + 1, sizeof(*found));
	uint32_t kept = 0;

	if (!found)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct erofs_tree_xattr *xattr = inode->xattrs->items[i];

		if (!is_overlay_xattr(xattr))
			found[kept++] = (struct erofs_xattr_found){ xattr->name, xattr->value, xattr->value_size };
	}
	return kept == count ? 0 : erofs_tree_set_xattrs(tree, inode, found, kept);
}

static int drop_whiteouts(struct erofs_tree *tree, struct erofs_tree_inode *dir)
{
	uint32_t kept = 0;

	(void)tree;
	for (uint32_t i = 0; i < dir->dir.count; i++)
		if (!erofs_tree_is_overlay_whiteout(dir->dir.entries[i].inode))
			dir->dir.entries[kept++] = dir->dir.entries[i];
	dir->dir.count = kept;
	return 0;
}

static int strip_directory(struct erofs_tree *tree, struct erofs_tree_inode *dir)
{
	int err = strip_xattrs(tree, dir);

	for (uint32_t i = 0; !err && i < dir->dir.count; i++)
		if (!S_ISDIR(dir->dir.entries[i].inode->mode))
			err = strip_xattrs(tree, dir->dir.entries[i].inode);
	return err;
}

static int each_directory(struct erofs_tree *tree, int (*visit)(struct erofs_tree *tree, struct erofs_tree_inode *dir))
{
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk;
	struct erofs_tree_inode *dir = NULL;
	int err = erofs_tree_walk_begin(&walk, tree);

	while (!err && (err = erofs_tree_walk_next(&walk, &dir)) > 0)
		err = visit(tree, dir);
	return err;
}

int erofs_tree_strip_overlay(struct erofs_tree *tree)
{
	/* Whiteouts first: one that has several names is told by its xattr under each of them. */
	int err = each_directory(tree, drop_whiteouts);

	return err ? err : each_directory(tree, strip_directory);
}

static int mark_directory(struct erofs_tree *tree, struct erofs_tree_inode *dir)
{
	for (uint32_t i = 0; i < dir->dir.count; i++) {
		if (!erofs_tree_is_overlay_whiteout(dir->dir.entries[i].inode))
			continue;
		if (erofs_tree_find_xattr(dir, ORIGIN_XATTR))
			return 0;
		return erofs_tree_add_xattr(tree, dir, ORIGIN_XATTR, "", 0);
	}
	return 0;
}

/*
 * Overlayfs lists a directory that no other layer has as it is, whiteouts included: names that cannot be looked up. It leaves
 * them out if the directory says that it was once copied from a lower layer. That it is empty says that it is not known where.
 */
int erofs_tree_mark_whiteouts(struct erofs_tree *tree)
{
	return each_directory(tree, mark_directory);
}
