/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/tree/tree_paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <erofs/inode.h>

#include "lib/util/cleanup.h"

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

/* A component of a path. */
struct component {
	const char *start;
	size_t length;
};

struct key {
	const struct erofs_path_name *dir;
	struct component component;
};

static bool is_alive(const struct erofs_path_name *name)
{
	return name->inode && (!name->dir || name->generation == name->dir->below);
}

static bool is_directory(const struct erofs_path_name *name)
{
	return S_ISDIR(name->inode->mode);
}

/* ---- finding ------------------------------------------------------------------------------------------------------------ */

static uint64_t hash_key(const struct key *key)
{
	return XXH3_64bits_withSeed(key->component.start, key->component.length, (uint64_t)(uintptr_t)key->dir);
}

static bool name_matches(const void *ctx, uint32_t number, const void *arg)
{
	const struct erofs_path_name *name = ((const struct erofs_paths *)ctx)->names[number];
	const struct key *key = arg;

	return name->dir == key->dir && strncmp(name->name, key->component.start, key->component.length) == 0 &&
	       !name->name[key->component.length];
}

/* The record of a name, alive or not; NULL if there never was one. */
static struct erofs_path_name *look_up(const struct erofs_paths *paths, const struct key *key)
{
	uint32_t number = erofs_index_find(&paths->index, hash_key(key), name_matches, paths, key);

	return number == EROFS_INDEX_NONE ? NULL : paths->names[number];
}

/* The next component that counts, from `*path` on: 1, 0 at the end, or what is wrong with it. */
static int next_component(struct component *out, const char **path)
{
	do {
		out->start = *path + strspn(*path, "/");
		out->length = strcspn(out->start, "/");
		*path = out->start + out->length;
	} while (out->length == 1 && out->start[0] == '.');
	if (out->length == 2 && memcmp(out->start, "..", 2) == 0)
		return -EINVAL;
	if (out->length > EROFS_NAME_MAX)
		return -ENAMETOOLONG;
	return out->length > 0;
}

/* The name at a path, alive: 0 or -ENOENT and the like. */
static int find_name(const struct erofs_paths *paths, struct erofs_path_name **out, const char *path)
{
	struct erofs_path_name *at = paths->root;
	struct component component;
	int more;

	while ((more = next_component(&component, &path)) > 0) {
		const struct key key = { at, component };

		if (!is_directory(at))
			return -ENOTDIR;
		at = look_up(paths, &key);
		if (!at || !is_alive(at))
			return -ENOENT;
	}
	*out = at;
	return more;
}

int erofs_paths_find(const struct erofs_paths *paths, struct erofs_tree_inode **out, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path);

	if (!err)
		*out = name->inode;
	return err;
}

/* ---- making names ------------------------------------------------------------------------------------------------------- */

static struct erofs_path_name *new_name(struct erofs_paths *paths, const struct key *key)
{
	struct erofs_path_name *name;

	if (paths->name_count == paths->name_room) {
		uint32_t room = paths->name_room ? 2 * paths->name_room : 1024;
		struct erofs_path_name **names = reallocarray(paths->names, room, sizeof(struct erofs_path_name *));

		if (!names)
			return NULL;
		paths->names = names;
		paths->name_room = room;
	}
	name = erofs_arena_alloc(&paths->tree->arena, sizeof(*name));
	if (!name)
		return NULL;
	name->name = erofs_arena_copy(&paths->tree->arena, key->component.start, key->component.length);
	if (!name->name || erofs_index_add(&paths->index, hash_key(key), paths->name_count))
		return NULL;
	paths->names[paths->name_count++] = name;
	return name;
}

/* The record of a name, made if there is none; without an inode if nothing stands there. */
static struct erofs_path_name *take_name(struct erofs_paths *paths, struct erofs_path_name *dir,
					 const struct component *component)
{
	const struct key key = { dir, *component };
	struct erofs_path_name *name = look_up(paths, &key);

	if (!name) {
		name = new_name(paths, &key);
		if (!name)
			return NULL;
		name->dir = dir;
		name->next = dir->names;
		dir->names = name;
	}
	if (!is_alive(name)) {
		name->inode = NULL;
		name->generation = dir->below;
	}
	return name;
}

/* Another inode under a name; what was below the old one is out of reach. */
static void set_inode(struct erofs_path_name *name, struct erofs_tree_inode *inode)
{
	name->inode = inode;
	name->below++;
}

static int make_inode(struct erofs_paths *paths, struct erofs_path_name *name, uint16_t mode)
{
	struct erofs_tree_inode *inode = erofs_arena_alloc(&paths->tree->arena, sizeof(*inode));

	if (!inode)
		return -ENOMEM;
	inode->mode = mode;
	inode->parent = name->dir->inode;
	inode->name = name->name;
	set_inode(name, inode);
	return 0;
}

/* A directory on the way to what is put below it. */
static int pass_through(struct erofs_paths *paths, struct erofs_path_name *name)
{
	int err = 0;

	if (name->inode && !is_directory(name) && name->layer == paths->layer)
		return -ENOTDIR;
	if (!name->inode || !is_directory(name))
		err = make_inode(paths, name, S_IFDIR | 0755);
	name->layer = paths->layer;
	return err;
}

/* The record that a path ends with; the directories above it are there then. */
static int reach(struct erofs_paths *paths, struct erofs_path_name **out, const char *path)
{
	struct erofs_path_name *at = paths->root;
	struct component component;
	int more;

	while ((more = next_component(&component, &path)) > 0) {
		int err = pass_through(paths, at);

		if (err)
			return err;
		at = take_name(paths, at, &component);
		if (!at)
			return -ENOMEM;
	}
	*out = at;
	return more;
}

/* Nothing is to be changed for a path that is not good. */
static int check_path(const char *path)
{
	struct component component;
	int more;

	while ((more = next_component(&component, &path)) > 0)
		;
	return more;
}

/* A directory that a member describes anew: what it was called and what is in it stays. */
static void reset_directory(struct erofs_tree_inode *inode, uint16_t mode)
{
	*inode = (struct erofs_tree_inode){ .mode = mode, .parent = inode->parent, .name = inode->name };
}

int erofs_paths_put(struct erofs_paths *paths, struct erofs_tree_inode **out, const char *path, uint16_t mode)
{
	struct erofs_path_name *name;
	int err = check_path(path);

	if (!err)
		err = reach(paths, &name, path);
	if (err)
		return err;
	if (name == paths->root && !S_ISDIR(mode))
		return -EISDIR;
	if (name->inode && is_directory(name) && S_ISDIR(mode))
		reset_directory(name->inode, mode);
	else
		err = make_inode(paths, name, mode);
	name->layer = paths->layer;
	*out = name->inode;
	return err;
}

int erofs_paths_link(struct erofs_paths *paths, const char *path, struct erofs_tree_inode *inode)
{
	struct erofs_path_name *name;
	int err = check_path(path);

	if (S_ISDIR(inode->mode))
		return -EPERM;
	if (!err)
		err = reach(paths, &name, path);
	if (err)
		return err;
	if (name == paths->root)
		return -EISDIR;
	set_inode(name, inode);
	name->layer = paths->layer;
	return 0;
}

/* ---- taking away ---------------------------------------------------------------------------------------------------------- */

int erofs_paths_remove(struct erofs_paths *paths, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path);

	if (err)
		return err;
	if (name == paths->root)
		return -EISDIR;
	set_inode(name, NULL);
	return 0;
}

/*
 * What only earlier layers have goes; directories that this layer has, too, are gone through in turn.
 */
static int hide_lower(struct erofs_paths *paths, struct erofs_path_name *dir)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer stack = { 0 };
	int err = erofs_buffer_append(&stack, &dir, sizeof(dir));

	while (!err && stack.size) {
		stack.size -= sizeof(dir);
		memcpy(&dir, stack.data + stack.size, sizeof(dir));
		for (struct erofs_path_name *name = dir->names; !err && name; name = name->next) {
			if (!is_alive(name))
				continue;
			if (name->layer != paths->layer)
				set_inode(name, NULL);
			else if (is_directory(name))
				err = erofs_buffer_append(&stack, &name, sizeof(name));
		}
	}
	return err;
}

int erofs_paths_whiteout(struct erofs_paths *paths, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path);

	/* Whether there was anything to hide is of no interest. */
	if (err == -ENOENT || err == -ENOTDIR)
		return 0;
	if (err)
		return err;
	if (name != paths->root && name->layer != paths->layer) {
		set_inode(name, NULL);
		return 0;
	}
	return is_directory(name) ? hide_lower(paths, name) : 0;
}

int erofs_paths_clear(struct erofs_paths *paths, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path);

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	return is_directory(name) ? hide_lower(paths, name) : -ENOTDIR;
}

/* ---- beginning and end -------------------------------------------------------------------------------------------------------- */

int erofs_paths_init(struct erofs_paths *paths, struct erofs_tree *tree)
{
	*paths = (struct erofs_paths){ .tree = tree, .layer = 1 };
	paths->root = erofs_arena_alloc(&tree->arena, sizeof(*paths->root));
	if (!paths->root)
		return -ENOMEM;
	tree->root->mode = S_IFDIR | 0755;
	paths->root->inode = tree->root;
	paths->root->name = "";
	return 0;
}

void erofs_paths_release(struct erofs_paths *paths)
{
	erofs_index_release(&paths->index);
	free(paths->names);
	*paths = (struct erofs_paths){ 0 };
}

void erofs_paths_next_layer(struct erofs_paths *paths)
{
	paths->layer++;
}

static int list_entries(struct erofs_arena *arena, const struct erofs_path_name *dir)
{
	struct erofs_tree_inode *inode = dir->inode;
	uint32_t count = 0;

	for (const struct erofs_path_name *name = dir->names; name; name = name->next)
		count += is_alive(name);
	inode->dir.entries = count ? erofs_arena_alloc(arena, count * sizeof(*inode->dir.entries)) : NULL;
	if (count && !inode->dir.entries)
		return -ENOMEM;
	for (const struct erofs_path_name *name = dir->names; name; name = name->next)
		if (is_alive(name))
			inode->dir.entries[inode->dir.count++] = (struct erofs_tree_entry){ name->inode, name->name };
	return 0;
}

int erofs_paths_finish(struct erofs_paths *paths)
{
	int err = list_entries(&paths->tree->arena, paths->root);

	/* Directories out of reach get their entries, too, and nobody will ever see them. */
	for (uint32_t i = 0; !err && i < paths->name_count; i++)
		if (is_alive(paths->names[i]) && is_directory(paths->names[i]))
			err = list_entries(&paths->tree->arena, paths->names[i]);
	return err;
}
