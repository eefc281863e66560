/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/tree/tree_paths_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/inode.h>

#include "lib/util/array.h"
#include "lib/util/cleanup.h"
#include "lib/util/seed.h"

/* ---- finding ------------------------------------------------------------------------------------------------------------ */

/* The next component of a path that leads nowhere else: 1, 0 at the end, or what is wrong with it. */
static int next_component(struct erofs_path_component *out, const char **path)
{
	bool more = erofs_path_take_component(out, path);

	if (erofs_path_leads_up(out))
		return -EINVAL;
	return out->length > EROFS_NAME_MAX ? -ENAMETOOLONG : more;
}

/* The name at a path, alive: 0 or -ENOENT and the like. `last`: that which it leads to if it is a symbolic link. */
static int find_name(struct erofs_paths *paths, struct erofs_path_name **out, const char *path, bool last)
{
	struct erofs_path_name *at = paths->root;
	struct erofs_path_component component;
	int more = erofs_tree_path_follow(paths, &path, last);

	if (more)
		return more;

	while ((more = next_component(&component, &path)) > 0) {
		const struct erofs_path_key key = { at, component };

		if (!erofs_path_is_directory(at))
			return -ENOTDIR;
		at = erofs_tree_path_look_up(paths, &key);
		if (!at || !erofs_path_is_alive(at))
			return -ENOENT;
	}
	*out = at;
	return more;
}

int erofs_tree_paths_find(struct erofs_paths *paths, struct erofs_tree_inode **out, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path, false);

	if (!err)
		*out = name->inode;
	return err;
}

/* ---- making names ------------------------------------------------------------------------------------------------------- */

/* The record of a name, made if there is none; without an inode if nothing stands there. */
static struct erofs_path_name *take_name(struct erofs_paths *paths, struct erofs_path_name *dir,
					 const struct erofs_path_component *component)
{
	const struct erofs_path_key key = { dir, *component };
	struct erofs_path_name *name = erofs_tree_path_look_up(paths, &key);

	if (!name) {
		name = erofs_tree_path_new_name(paths, &key);
		if (!name)
			return NULL;
		name->dir = dir;
		name->next = dir->names;
		dir->names = name;
	}
	if (!erofs_path_is_alive(name)) {
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

	if (name->inode && !erofs_path_is_directory(name) && name->layer == paths->layer)
		return -ENOTDIR;
	if (!name->inode || !erofs_path_is_directory(name))
		err = make_inode(paths, name, S_IFDIR | 0755);
	name->layer = paths->layer;
	return err;
}

/* The record that a path ends with; the directories above it are there then. */
static int reach(struct erofs_paths *paths, struct erofs_path_name **out, const char *path)
{
	struct erofs_path_name *at = paths->root;
	struct erofs_path_component component;
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

/* The path as erofs_tree_path_follow() has it. Nothing is to be changed for one that is not good. */
static int settle_path(struct erofs_paths *paths, const char **settled)
{
	struct erofs_path_component component;
	const char *path;
	int more = erofs_tree_path_follow(paths, settled, false);

	if (more)
		return more;
	path = *settled;
	while ((more = next_component(&component, &path)) > 0)
		;
	return more;
}

/* A directory that a member describes anew: what it was called and what is in it stays. */
static void reset_directory(struct erofs_tree_inode *inode, uint16_t mode)
{
	*inode = (struct erofs_tree_inode){ .mode = mode, .parent = inode->parent, .name = inode->name };
}

int erofs_tree_paths_put(struct erofs_paths *paths, struct erofs_tree_inode **out, const char *path, uint16_t mode)
{
	struct erofs_path_name *name;
	int err = settle_path(paths, &path);

	if (!err)
		err = reach(paths, &name, path);
	if (err)
		return err;
	if (name == paths->root && !S_ISDIR(mode))
		return -EISDIR;
	if (name->inode && erofs_path_is_directory(name) && S_ISDIR(mode))
		reset_directory(name->inode, mode);
	else
		err = make_inode(paths, name, mode);
	name->layer = paths->layer;
	paths->has_links |= S_ISLNK(mode);
	*out = name->inode;
	return err;
}

int erofs_tree_paths_resolve(struct erofs_paths *paths, const char **path)
{
	return erofs_tree_path_follow(paths, path, false);
}

int erofs_tree_paths_link(struct erofs_paths *paths, const char *path, struct erofs_tree_inode *inode)
{
	struct erofs_path_name *name;
	int err = settle_path(paths, &path);

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

int erofs_tree_paths_remove(struct erofs_paths *paths, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path, false);

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
			if (!erofs_path_is_alive(name))
				continue;
			if (name->layer != paths->layer)
				set_inode(name, NULL);
			else if (erofs_path_is_directory(name))
				err = erofs_buffer_append(&stack, &name, sizeof(name));
		}
	}
	return err;
}

int erofs_tree_paths_whiteout(struct erofs_paths *paths, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path, false);

	/* Whether there was anything to hide is of no interest. */
	if (err == -ENOENT || err == -ENOTDIR)
		return 0;
	if (err)
		return err;
	if (name != paths->root && name->layer != paths->layer) {
		set_inode(name, NULL);
		return 0;
	}
	return erofs_path_is_directory(name) ? hide_lower(paths, name) : 0;
}

int erofs_tree_paths_clear(struct erofs_paths *paths, const char *path)
{
	struct erofs_path_name *name;
	int err = find_name(paths, &name, path, true);

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	return erofs_path_is_directory(name) ? hide_lower(paths, name) : -ENOTDIR;
}

/* ---- beginning and end -------------------------------------------------------------------------------------------------------- */

int erofs_tree_paths_init(struct erofs_paths *paths, struct erofs_tree *tree)
{
	*paths = (struct erofs_paths){ .tree = tree, .layer = 1, .seed = erofs_random_seed() };
	paths->root = erofs_arena_alloc(&paths->arena, sizeof(*paths->root));
	if (!paths->root)
		return -ENOMEM;
	tree->root->mode = S_IFDIR | 0755;
	paths->root->inode = tree->root;
	paths->root->name = "";
	return 0;
}

void erofs_tree_paths_release(struct erofs_paths *paths)
{
	erofs_arena_release(&paths->arena);
	erofs_index_release(&paths->index);
	free(paths->names);
	erofs_buffer_release(&paths->followed);
	*paths = (struct erofs_paths){ 0 };
}

void erofs_tree_paths_next_layer(struct erofs_paths *paths)
{
	paths->layer++;
}

static int list_entries(struct erofs_arena *arena, const struct erofs_path_name *dir)
{
	struct erofs_tree_inode *inode = dir->inode;
	uint32_t count = 0;

	for (const struct erofs_path_name *name = dir->names; name; name = name->next)
		count += erofs_path_is_alive(name);
	inode->dir.entries = count ? erofs_arena_alloc(arena, count * sizeof(*inode->dir.entries)) : NULL;
	if (count && !inode->dir.entries)
		return -ENOMEM;
	for (const struct erofs_path_name *name = dir->names; name; name = name->next)
		if (erofs_path_is_alive(name))
			inode->dir.entries[inode->dir.count++] = (struct erofs_tree_entry){ name->inode, name->name };
	return 0;
}

int erofs_tree_paths_finish(struct erofs_paths *paths)
{
	int err = list_entries(&paths->tree->arena, paths->root);

	/* Directories out of reach get their entries, too, and nobody will ever see them. */
	for (uint32_t i = 0; !err && i < paths->name_count; i++)
		if (erofs_path_is_alive(paths->names[i]) && erofs_path_is_directory(paths->names[i]))
			err = list_entries(&paths->tree->arena, paths->names[i]);
	return err;
}
