/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/tree/tree.h"
#include "lib/util/array.h"
#include "lib/util/cleanup.h"

/*
 * Most trees have few distinct attributes on many inodes (labels, ACLs), so names, values and whole sets are stored once.
 */

static int compare_found(const void *a, const void *b)
{
	return strcmp(((const struct erofs_xattr_found *)a)->name, ((const struct erofs_xattr_found *)b)->name);
}

static bool is_reserved(const struct erofs_tree *tree, const char *name)
{
	for (uint32_t i = 0; i < tree->reserved_xattr_count; i++)
		if (strcmp(tree->reserved_xattrs[i], name) == 0)
			return true;
	return false;
}

static bool xattr_matches(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_tree_xattr *have = ((const struct erofs_tree *)ctx)->xattrs[number];
	const struct erofs_xattr_found *want = key;

	return have->value_size == want->value_size && strcmp(have->name, want->name) == 0 &&
	       (!want->value_size || memcmp(have->value, want->value, want->value_size) == 0);
}

static bool set_matches(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_xattr_set *have = ((const struct erofs_tree *)ctx)->xattr_sets[number];
	const struct erofs_xattr_set *want = key;

	return have->count == want->count &&
	       memcmp(have->items, want->items, want->count * sizeof(want->items[0])) == 0;
}

static struct erofs_tree_xattr *share_one(struct erofs_tree *tree, const struct erofs_xattr_found *found)
{
	size_t name_len = strlen(found->name);
	uint64_t hash = XXH3_64bits_withSeed(found->name, name_len,
					     XXH3_64bits_withSeed(found->value, found->value_size, tree->xattr_seed));
	uint32_t id = erofs_index_find(&tree->xattr_index, hash, xattr_matches, tree, found);
	struct erofs_tree_xattr *xattr;

	if (id != EROFS_INDEX_NONE)
		return tree->xattrs[id];
	xattr = erofs_arena_alloc(&tree->xattr_arena, sizeof(*xattr));
	if (!xattr || erofs_array_reserve(&tree->xattrs, &tree->xattr_room, (size_t)tree->xattr_count + 1))
		return NULL;
	*xattr = (struct erofs_tree_xattr){
		.name = erofs_arena_copy(&tree->xattr_arena, found->name, name_len),
		.value = (uint8_t *)erofs_arena_copy(&tree->xattr_arena, found->value, found->value_size),
		.value_size = found->value_size,
		.name_len = (uint16_t)name_len,
		.id = tree->xattr_count,
	};
	if (!xattr->name || !xattr->value || erofs_index_add(&tree->xattr_index, hash, xattr->id))
		return NULL;
	tree->xattrs[tree->xattr_count++] = xattr;
	return xattr;
}

static int share_set(struct erofs_tree *tree, const struct erofs_xattr_set **out, struct erofs_xattr_set *set)
{
	uint64_t hash = XXH3_64bits_withSeed(set->items, set->count * sizeof(set->items[0]), tree->xattr_seed);
	uint32_t id = erofs_index_find(&tree->xattr_set_index, hash, set_matches, tree, set);

	if (id == EROFS_INDEX_NONE) {
		size_t size = sizeof(*set) + set->count * sizeof(set->items[0]);
		struct erofs_xattr_set *copy = erofs_arena_alloc(&tree->xattr_arena, size);

		id = tree->xattr_set_count;
		if (!copy || erofs_array_reserve(&tree->xattr_sets, &tree->xattr_set_room, (size_t)id + 1) ||
		    erofs_index_add(&tree->xattr_set_index, hash, id))
			return -ENOMEM;
		memcpy(copy, set, size);
		copy->id = id;
		tree->xattr_sets[tree->xattr_set_count++] = copy;
	}
	*out = tree->xattr_sets[id];
	return 0;
}

static int share_all(struct erofs_tree *tree, struct erofs_tree_inode *inode, struct erofs_xattr_set *set,
		     const struct erofs_xattr_found *found, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (is_reserved(tree, found[i].name)) {
			inode->dropped_xattrs++;
			continue;
		}
		set->items[set->count] = share_one(tree, &found[i]);
		if (!set->items[set->count++])
			return -ENOMEM;
	}
	inode->xattrs = NULL;
	return set->count ? share_set(tree, &inode->xattrs, set) : 0;
}

int erofs_tree_set_xattrs(struct erofs_tree *tree, struct erofs_tree_inode *inode, struct erofs_xattr_found *found,
			  uint32_t count)
{
	struct erofs_xattr_set *set = calloc(1, sizeof(*set) + count * sizeof(set->items[0]));
	int err;

	if (!set)
		return -ENOMEM;
	if (count)
		qsort(found, count, sizeof(*found), compare_found);
	err = share_all(tree, inode, set, found, count);
	free(set);
	return err;
}

int erofs_tree_add_xattr(struct erofs_tree *tree, struct erofs_tree_inode *inode, const char *name, const void *value,
			 uint32_t value_size)
{
	uint32_t count = inode->xattrs ? inode->xattrs->count : 0;
	erofs_auto_free struct erofs_xattr_found *found = calloc(count + 1, sizeof(*found));
	uint32_t kept = 0;

	if (!found)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct erofs_tree_xattr *xattr = inode->xattrs->items[i];

		if (strcmp(xattr->name, name) != 0)
			found[kept++] = (struct erofs_xattr_found){ xattr->name, xattr->value, xattr->value_size };
	}
	found[kept++] = (struct erofs_xattr_found){ name, value, value_size };
	return erofs_tree_set_xattrs(tree, inode, found, kept);
}

const struct erofs_tree_xattr *erofs_tree_find_xattr(const struct erofs_tree_inode *inode, const char *name)
{
	for (uint32_t i = 0; inode->xattrs && i < inode->xattrs->count; i++)
		if (strcmp(inode->xattrs->items[i]->name, name) == 0)
			return inode->xattrs->items[i];
	return NULL;
}
