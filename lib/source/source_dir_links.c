/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <sys/stat.h>

#include "lib/source/source_dir.h"
#include "lib/util/cleanup.h"

/*
 * Every name was scanned as an inode of its own, because workers come across them in any order; here the names of one file
 * are brought together.
 */
struct links {
	struct erofs_index index;
	struct erofs_buffer inodes; /* struct erofs_tree_inode *, by number in the index */
};

static void release_links(struct links *links)
{
	erofs_index_release(&links->index);
	erofs_buffer_release(&links->inodes);
}

static bool same_file(const void *ctx, uint32_t number, const void *key)
{
	const struct links *links = ctx;
	const struct dir_origin *a = ((struct erofs_tree_inode **)links->inodes.data)[number]->origin;
	const struct dir_origin *b = key;

	return a->dev == b->dev && a->ino == b->ino;
}

static int merge_entry(struct links *links, struct erofs_tree_entry *entry)
{
	const struct dir_origin *origin = entry->inode->origin;
	uint32_t number;
	int err;

	if (origin->source_nlink < 2)
		return 0;
	number = erofs_index_find(&links->index, origin->ino, same_file, links, origin);
	if (number != EROFS_INDEX_NONE) {
		entry->inode = ((struct erofs_tree_inode **)links->inodes.data)[number];
		return 0;
	}
	number = (uint32_t)(links->inodes.size / sizeof(entry->inode));
	err = erofs_buffer_append(&links->inodes, &entry->inode, sizeof(entry->inode));
	return err ? err : erofs_index_add(&links->index, origin->ino, number);
}

int erofs_source_dir_merge_links(struct erofs_tree *tree)
{
	erofs_auto(erofs_tree_walk_release) struct erofs_tree_walk walk;
	erofs_auto(release_links) struct links links = { 0 };
	struct erofs_tree_inode *dir = NULL;
	int err = erofs_tree_walk_begin(&walk, tree);

	while (!err && (err = erofs_tree_walk_next(&walk, &dir)) > 0) {
		err = 0;
		for (uint32_t i = 0; !err && i < dir->dir.count; i++)
			err = merge_entry(&links, &dir->dir.entries[i]);
	}
	return err;
}
