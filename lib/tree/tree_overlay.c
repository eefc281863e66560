/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tree/tree_paths.h"
#include "lib/util/cleanup.h"

#define OVERLAY_PREFIX "trusted.overlay."

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

static int strip_directory(struct erofs_tree *tree, struct erofs_tree_inode *dir)
{
	uint32_t kept = 0;
	int err = strip_xattrs(tree, dir);

	for (uint32_t i = 0; !err && i < dir->dir.count; i++) {
		struct erofs_tree_entry entry = dir->dir.entries[i];

		if (erofs_is_overlay_whiteout(entry.inode))
			continue;
		dir->dir.entries[kept++] = entry;
		if (!S_ISDIR(entry.inode->mode))
			err = strip_xattrs(tree, entry.inode);
	}
	if (!err)
		dir->dir.count = kept;
	return err;
}

int erofs_tree_strip_overlay(struct erofs_tree *tree)
{
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk;
	struct erofs_tree_inode *dir = NULL;
	int err = erofs_tree_walk_begin(&walk, tree);

	while (!err && (err = erofs_tree_walk_next(&walk, &dir)) > 0)
		err = strip_directory(tree, dir);
	return err;
}
