/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX 40u
#define PATH_MOST 65536u /* bytes, of what was found and of what is still to be found */

struct resolving {
	const struct erofs_image *image;
	struct erofs_inode *at; /* what `real` names */
	char *real;		/* "" for the root */
	char *rest;		/* what is to be found below it */
	unsigned int links;
	bool follow_last;
};

/* One directory up; the root is its own parent. `real` has no links, so its text says where that is. */
static int go_up(struct resolving *walk)
{
	char *slash = strrchr(walk->real, '/');

	if (slash)
		*slash = 0;
	return erofs_image_lookup(walk->image, walk->at, walk->real);
}

/* `target`, and then what stands behind the link. */
static int go_through(struct resolving *walk, const struct erofs_inode *link, const char *behind)
{
	char target[EROFS_SYMLINK_MAX + 1];
	int64_t size = erofs_image_read(walk->image, link, target, EROFS_SYMLINK_MAX, 0);
	size_t left = strlen(behind);
	char *rest;

	if (size < 0)
		return (int)size;
	target[size] = 0;
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (!size || strlen(target) != (size_t)size)
		return -ENOENT;
	if ((size_t)size + left + 2 > PATH_MOST)
		return -ENAMETOOLONG;
	rest = malloc((size_t)size + left + 1);
	if (!rest)
		return -ENOMEM;
	memcpy(rest, target, (size_t)size);
	memcpy(rest + size, behind, left + 1);
	free(walk->rest);
	walk->rest = rest;
	if (*target != '/')
		return 0;
	*walk->real = 0;
	return erofs_image_lookup(walk->image, walk->at, "/");
}

static int go_down(struct resolving *walk, const char *name, size_t length)
{
	const char *behind = name + length;
	struct erofs_inode inode;
	size_t used = strlen(walk->real);
	uint64_t nid;
	int err = erofs_image_lookup_at(walk->image, &nid, walk->at, name, length);

	if (!err)
		err = erofs_image_inode(walk->image, &inode, nid);
	if (err)
		return err;
	if (S_ISLNK(inode.mode) && (*behind || walk->follow_last))
		return go_through(walk, &inode, behind);
	if (used + length + 2 > PATH_MOST)
		return -ENAMETOOLONG;
	walk->real[used] = '/';
	memcpy(walk->real + used + 1, name, length);
	walk->real[used + 1 + length] = 0;
	*walk->at = inode;
	memmove(walk->rest, behind, strlen(behind) + 1);
	return 0;
}

static int resolve(struct resolving *walk)
{
	int err = erofs_image_lookup(walk->image, walk->at, "/");

	while (!err && *walk->rest) {
		char *name = walk->rest + strspn(walk->rest, "/");
		size_t length = strcspn(name, "/");

		/* Also for what stands in front of a slash at the end. */
		if (!S_ISDIR(walk->at->mode))
			return -ENOTDIR;
		if (length && !(length == 1 && *name == '.') && !(length == 2 && !memcmp(name, "..", 2))) {
			err = go_down(walk, name, length);
			continue;
		}
		if (length == 2)
			err = go_up(walk);
		memmove(walk->rest, name + length, strlen(name + length) + 1);
	}
	return err;
}

int tool_resolve_path(const struct erofs_image *image, struct erofs_inode *out, char **real, const char *path,
		      bool follow_last)
{
	struct resolving walk = { .image = image, .at = out, .follow_last = follow_last };
	int err = -ENAMETOOLONG;

	*real = NULL;
	if (strlen(path) < PATH_MOST) {
		walk.real = calloc(1, PATH_MOST + 2);
		walk.rest = strdup(path);
		err = walk.real && walk.rest ? resolve(&walk) : -ENOMEM;
	}
	free(walk.rest);
	if (err) {
		free(walk.real);
		return err;
	}
	if (!*walk.real)
		strcpy(walk.real, "/");
	*real = walk.real;
	return 0;
}
