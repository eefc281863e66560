/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>

#include "lib/tree/tree_paths_names.h"
#include "lib/util/array.h"

static uint64_t hash_key(const struct erofs_paths *paths, const struct erofs_path_key *key)
{
	return erofs_path_component_hash(&key->component, key->dir, paths->seed);
}

static bool name_matches(const void *ctx, uint32_t number, const void *arg)
{
	const struct erofs_path_name *name = ((const struct erofs_paths *)ctx)->names[number];
	const struct erofs_path_key *key = arg;

	return name->dir == key->dir && erofs_path_component_is(&key->component, name->name);
}

struct erofs_path_name *erofs_tree_path_look_up(const struct erofs_paths *paths, const struct erofs_path_key *key)
{
	uint32_t number = erofs_index_find(&paths->index, hash_key(paths, key), name_matches, paths, key);

	return number == EROFS_INDEX_NONE ? NULL : paths->names[number];
}

struct erofs_path_name *erofs_tree_path_new_name(struct erofs_paths *paths, const struct erofs_path_key *key)
{
	struct erofs_path_name *name;

	if (erofs_array_reserve(&paths->names, &paths->name_room, (size_t)paths->name_count + 1))
		return NULL;
	name = erofs_arena_alloc(&paths->arena, sizeof(*name));
	if (!name)
		return NULL;
	name->name = erofs_arena_copy(&paths->tree->arena, key->component.start, key->component.length);
	if (!name->name || erofs_index_add(&paths->index, hash_key(paths, key), paths->name_count))
		return NULL;
	paths->names[paths->name_count++] = name;
	return name;
}
