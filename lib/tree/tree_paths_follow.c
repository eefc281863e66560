/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/inode.h>

#include "lib/tree/tree_paths_names.h"

#define LINKS_MOST 40u /* as Linux has it */

/*
 * Archives and layers go through symbolic links that they, or layers below, have made: what unpacks them resolves each path
 * below its root, and so it is done here. A target that is absolute begins at the root, and nothing is above that.
 */
struct following {
	struct erofs_paths *paths;
	struct erofs_buffer *out;	  /* the path so far: each component behind a slash */
	const struct erofs_path_name *at; /* where it leads, as far as there is something */
	size_t missing;			  /* components behind that */
	const char *rest[LINKS_MOST + 1]; /* of the path, and of the targets on the way, the last one first */
	unsigned int depth;		  /* targets in `rest` */
	unsigned int links;		  /* followed so far */
};

static void leave(struct following *following)
{
	struct erofs_buffer *out = following->out;

	if (!out->size)
		return;
	while (out->data[--out->size] != '/')
		;
	if (following->missing)
		following->missing--;
	else
		following->at = following->at->dir;
}

static int enter(struct following *following, const struct erofs_path_component *component,
		 const struct erofs_path_name *name)
{
	int err = erofs_buffer_append(following->out, "/", 1);

	if (name)
		following->at = name;
	else
		following->missing++;
	return err ? err : erofs_buffer_append(following->out, component->start, component->length);
}

static int follow_link(struct following *following, const struct erofs_path_name *link)
{
	const char *target = link->inode->target;

	if (++following->links > LINKS_MOST)
		return -ELOOP;
	if (target[0] == '/') {
		following->out->size = following->missing = 0;
		following->at = following->paths->root;
	}
	following->rest[++following->depth] = target;
	return 0;
}

static const struct erofs_path_name *find_child(const struct following *following,
						const struct erofs_path_component *component)
{
	const struct erofs_path_key key = { following->at, *component };
	const struct erofs_path_name *name;

	if (following->missing || !erofs_path_is_directory(following->at))
		return NULL;
	name = erofs_tree_path_look_up(following->paths, &key);
	return name && erofs_path_is_alive(name) ? name : NULL;
}

static int step(struct following *following, const struct erofs_path_component *component, bool follow)
{
	const struct erofs_path_name *name;

	if (component->length > EROFS_NAME_MAX)
		return -ENAMETOOLONG;
	if (erofs_path_leads_up(component)) {
		/* Of a target; the path itself has no business to leave anything. */
		if (!following->depth)
			return -EINVAL;
		leave(following);
		return 0;
	}
	name = find_child(following, component);
	if (name && follow && S_ISLNK(name->inode->mode) && name->inode->target)
		return follow_link(following, name);
	return enter(following, component, name);
}

int erofs_tree_path_follow(struct erofs_paths *paths, const char **path, bool last)
{
	struct following following = { .paths = paths, .out = &paths->followed, .at = paths->root, .rest = { *path } };
	struct erofs_path_component component, next;
	int err = 0;

	if (!paths->has_links)
		return 0;
	paths->followed.size = 0;
	while (!err) {
		const char *behind;

		if (!erofs_path_take_component(&component, &following.rest[following.depth])) {
			if (!following.depth)
				break;
			following.depth--;
			continue;
		}
		behind = following.rest[0];
		err = step(&following, &component,
			   last || following.depth || erofs_path_take_component(&next, &behind));
	}
	if (!err)
		err = erofs_buffer_append(&paths->followed, "", 1);
	if (!err && following.links)
		*path = (const char *)paths->followed.data;
	return err;
}
