/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <xxhash.h>

#include "lib/util/cleanup.h"
#include "lib/writer/plan/chunk_plan.h"
#include "lib/writer/plan/plan_inode.h"

/* The holes that decide where a file's blocks are; NULL: all of it is stored. */
static const struct erofs_data_map *stored_map(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return erofs_writer_inode_plan(plan, inode)->layout == EROFS_LAYOUT_CHUNK_BASED ? inode->data : NULL;
}

static bool may_share(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_plan *plan = ctx;
	const struct erofs_tree_inode *a = plan->tree->inodes[number];
	const struct erofs_tree_inode *b = key;
	const struct erofs_data_map *a_map = stored_map(plan, a);
	const struct erofs_data_map *b_map = stored_map(plan, b);

	return a->size == b->size && !a_map == !b_map && (!a_map || erofs_writer_chunk_same_map(a_map, b_map));
}

/*
 * Without fingerprints only files that share their size, and the holes they keep, with another one need a digest, to find
 * equal ones. It matters for sparse files: the digest takes a pass over all their zeros.
 */
int erofs_writer_plan_digests(struct erofs_plan *plan)
{
	const struct erofs_tree *tree = plan->tree;
	erofs_auto(erofs_index_release) struct erofs_index index = { 0 };

	for (uint32_t i = 0; i < tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = tree->inodes[i];
		const struct erofs_data_map *map;
		uint64_t hash;
		uint32_t first;

		if (!S_ISREG(inode->mode) || !erofs_writer_planned_blocks(plan, inode))
			continue;
		map = stored_map(plan, inode);
		hash = map ? XXH3_64bits_withSeed(map->ranges, map->count * sizeof(map->ranges[0]), inode->size)
			   : inode->size;
		first = erofs_index_find(&index, hash, may_share, plan, inode);
		if (first != EROFS_INDEX_NONE)
			erofs_writer_inode_plan(plan, tree->inodes[first])->wants_digest =
				erofs_writer_inode_plan(plan, inode)->wants_digest = true;
		else if (erofs_index_add(&index, hash, i))
			return -ENOMEM;
	}
	return 0;
}
