/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tree/tree.h"
#include "lib/util/array.h"
#include "lib/util/cleanup.h"

int erofs_tree_compare_entries(const void *a, const void *b)
{
	/* strcmp() compares unsigned bytes, which is the order of the format. */
	return strcmp(((const struct erofs_tree_entry *)a)->name, ((const struct erofs_tree_entry *)b)->name);
}

static bool is_sorted(const struct erofs_tree_inode *dir)
{
	for (uint32_t i = 1; i < dir->dir.count; i++)
		if (erofs_tree_compare_entries(&dir->dir.entries[i - 1], &dir->dir.entries[i]) >= 0)
			return false;
	return true;
}

static int sort_entries(struct erofs_tree_inode *dir, const struct erofs_diag *diag)
{
	if (is_sorted(dir))
		return 0;
	qsort(dir->dir.entries, dir->dir.count, sizeof(*dir->dir.entries), erofs_tree_compare_entries);
	if (is_sorted(dir))
		return 0;
	return erofs_tree_report(diag, -EEXIST, dir, "directory lists a name twice");
}

/* Numbers an inode at its first name, and counts this name as a link. */
static int take(struct erofs_tree *tree, size_t *room, struct erofs_tree_inode *inode, struct erofs_tree_inode *dir,
		const char *name)
{
	if (inode->nlink++)
		return 0;
	if (erofs_array_reserve(&tree->inodes, room, (size_t)tree->inode_count + 1))
		return -ENOMEM;
	inode->number = tree->inode_count;
	inode->parent = dir;
	inode->name = name;
	tree->inodes[tree->inode_count++] = inode;
	tree->dropped_xattrs += inode->dropped_xattrs;
	for (uint32_t i = 0; inode->xattrs && i < inode->xattrs->count; i++)
		tree->xattrs[inode->xattrs->items[i]->id]->users++;
	return 0;
}

static void forget_links(struct erofs_tree_inode *dir)
{
	for (uint32_t i = 0; i < dir->dir.count; i++)
		dir->dir.entries[i].inode->nlink = 0;
}

/*
 * A directory's children are numbered together, its subdirectories' children after them: what a listing needs lies
 * together, and so do the files of one directory.
 */
static int take_children(struct erofs_tree *tree, size_t *room, struct erofs_tree_inode *dir)
{
	for (uint32_t i = 0; i < dir->dir.count; i++) {
		const struct erofs_tree_entry *entry = &dir->dir.entries[i];
		int err = take(tree, room, entry->inode, dir, entry->name);

		if (err)
			return err;
		if (S_ISDIR(entry->inode->mode)) {
			entry->inode->nlink = 2; /* its own `.` as well */
			dir->nlink++;		 /* its `..` */
		}
	}
	return 0;
}

static int each_directory(struct erofs_tree *tree, int (*visit)(void *ctx, struct erofs_tree_inode *dir), void *ctx)
{
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk;
	struct erofs_tree_inode *dir = NULL;
	int err = erofs_tree_walk_begin(&walk, tree);

	while (!err && (err = erofs_tree_walk_next(&walk, &dir)) > 0)
		err = visit(ctx, dir);
	return err;
}

struct freeze {
	struct erofs_tree *tree;
	const struct erofs_diag *diag;
	size_t room;
};

static int prepare_directory(void *ctx, struct erofs_tree_inode *dir)
{
	struct freeze *freeze = ctx;

	forget_links(dir);
	return sort_entries(dir, freeze->diag);
}

static int number_directory(void *ctx, struct erofs_tree_inode *dir)
{
	struct freeze *freeze = ctx;

	return take_children(freeze->tree, &freeze->room, dir);
}

int erofs_tree_freeze(struct erofs_tree *tree, const struct erofs_diag *diag)
{
	struct freeze freeze = { .tree = tree, .diag = diag };
	int err;

	for (uint32_t i = 0; i < tree->xattr_count; i++)
		tree->xattrs[i]->users = 0;
	tree->inode_count = 0;
	tree->dropped_xattrs = 0;
	tree->root->nlink = 0;
	err = each_directory(tree, prepare_directory, &freeze);
	if (!err)
		err = take(tree, &freeze.room, tree->root, NULL, tree->root->name);
	tree->root->nlink = 2;
	if (!err)
		err = each_directory(tree, number_directory, &freeze);
	return err;
}
