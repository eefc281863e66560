/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/writer/plan/plan_inode.h"

static bool same_time(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_tree_inode *a = ((const struct erofs_tree *)ctx)->inodes[number];
	const struct erofs_tree_inode *b = key;

	return a->mtime == b->mtime && a->mtime_nsec == b->mtime_nsec;
}

/* The superblock has 32 bits for what the time of the build is later than the epoch. */
static bool may_be_epoch(const struct erofs_plan *plan, int64_t time)
{
	int64_t later;

	return !__builtin_sub_overflow(plan->options->build_time, time, &later) && later >= 0 && later <= UINT32_MAX;
}

/*
 * All compact inodes have one mtime: the commonest, of equally common ones the first in the tree. Where the time of the build
 * could not be told from that one, it is the time of the build.
 */
int erofs_writer_plan_epoch(struct erofs_plan *plan)
{
	const struct erofs_tree *tree = plan->tree;
	erofs_auto_free uint32_t *users =
		calloc(tree->inode_count, sizeof(*users)); /* by the first inode with the time */
	erofs_auto(erofs_index_release) struct erofs_index index = { 0 };
	uint32_t most = 0;

	if (!users)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = tree->inodes[i];
		uint64_t hash = (uint64_t)inode->mtime * 1000000007u + inode->mtime_nsec;
		uint32_t first = erofs_index_find(&index, hash, same_time, tree, inode);

		if (first == EROFS_INDEX_NONE) {
			first = i;
			if (erofs_index_add(&index, hash, i))
				return -ENOMEM;
		}
		users[first]++;
	}
	plan->epoch = plan->options->build_time;
	plan->fixed_nsec = 0;
	for (uint32_t i = 0; i < tree->inode_count; i++) {
		if (users[i] <= most || !may_be_epoch(plan, tree->inodes[i]->mtime))
			continue;
		most = users[i];
		plan->epoch = tree->inodes[i]->mtime;
		plan->fixed_nsec = tree->inodes[i]->mtime_nsec;
	}
	return 0;
}
