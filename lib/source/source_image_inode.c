/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/inode.h>

#include "lib/source/source_holes.h"
#include "lib/source/source_image.h"
#include "lib/util/cleanup.h"

/* Attributes of one inode of an image, for the tree. */

#define NSEC_PER_SEC 1000000000u

static int report(const struct image_source *source, const struct image_layer *layer,
		  const struct erofs_tree_inode *inode, int err, const char *what)
{
	return erofs_tree_report(source->diag, err, inode, "%s cannot be read from '%s': %s", what, layer->path,
				 erofs_source_image_why(err));
}

static int set_target(struct image_source *source, const struct image_layer *layer, struct erofs_tree_inode *inode,
		      const struct erofs_inode *from)
{
	char target[EROFS_SYMLINK_MAX + 1];
	int64_t length;

	if (!from->size || from->size > EROFS_SYMLINK_MAX)
		return report(source, layer, inode, -EUCLEAN, "its target");
	length = erofs_image_read(layer->image, from, target, (size_t)from->size, 0);
	if (length < 0)
		return report(source, layer, inode, (int)length, "its target");
	if ((uint64_t)length != from->size || memchr(target, 0, (size_t)length))
		return report(source, layer, inode, -EUCLEAN, "its target");
	inode->size = from->size;
	inode->target = erofs_arena_copy(&source->tree->arena, target, (size_t)length);
	return inode->target ? 0 : -ENOMEM;
}

/* ---- holes ---------------------------------------------------------------------------------------------------------------- */

static int list_data(const struct image_layer *layer, const struct erofs_inode *from, struct erofs_buffer *ranges)
{
	struct erofs_extent extent;
	uint64_t at = 0;
	int err;

	while ((err = erofs_image_map(layer->image, &extent, from, at)) > 0) {
		at = extent.logical + extent.length;
		err = extent.kind == EROFS_EXTENT_HOLE ? 0 : erofs_source_holes_add_data(ranges, extent.logical, at);
		if (err)
			return err;
	}
	return err;
}

static int find_holes(struct image_source *source, const struct image_layer *layer, struct erofs_tree_inode *inode,
		      const struct erofs_inode *from)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer ranges = { 0 };
	int err;

	if (inode->size < EROFS_HOLE_LEAST || erofs_inode_is_compressed(from))
		return 0;
	err = list_data(layer, from, &ranges);
	if (err)
		return err == -ENOMEM ? err : report(source, layer, inode, err, "its map");
	return erofs_source_holes_set_map(inode, &ranges, &source->tree->arena);
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------ */

static int set_kind(struct image_source *source, const struct image_layer *layer, struct erofs_tree_inode *inode,
		    const struct erofs_inode *from)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		inode->size = from->size;
		if (source->takes_over)
			erofs_source_image_survey(source, inode, from);
		if (source->is_thin && inode->size)
			return erofs_source_image_thin_survey(source, layer, inode, from);
		return find_holes(source, layer, inode, from);
	case S_IFDIR:
		if (source->takes_over)
			erofs_source_image_survey_dir(source, layer, from);
		return 0;
	case S_IFLNK:
		return set_target(source, layer, inode, from);
	case S_IFCHR:
	case S_IFBLK:
		inode->rdev.major = erofs_rdev_major(from->u);
		inode->rdev.minor = erofs_rdev_minor(from->u);
		return 0;
	default:
		return 0;
	}
}

int erofs_source_image_fill_inode(struct image_source *source, struct image_layer *layer,
				  struct erofs_tree_inode *inode, const struct erofs_inode *from,
				  struct image_scratch *scratch)
{
	struct image_origin *origin = erofs_arena_alloc(&source->tree->arena, sizeof(*origin));
	int err;

	if (!origin)
		return -ENOMEM;
	if (from->mtime_nsec >= NSEC_PER_SEC)
		return report(source, layer, inode, -EUCLEAN, "its time");
	*origin = (struct image_origin){ .layer = layer, .nid = from->nid, .algorithm = -1 };
	inode->origin = origin;
	inode->mode = from->mode;
	inode->uid = from->uid;
	inode->gid = from->gid;
	inode->mtime = from->mtime;
	inode->mtime_nsec = from->mtime_nsec;
	err = set_kind(source, layer, inode, from);
	return err ? err : erofs_source_image_fill_xattrs(source, layer, inode, from, scratch);
}

int erofs_source_image_keep_entries(struct erofs_tree *tree, struct erofs_tree_inode *dir,
				    const struct erofs_buffer *entries)
{
	dir->dir.count = (uint32_t)(entries->size / sizeof(*dir->dir.entries));
	dir->dir.entries = NULL;
	if (!entries->size)
		return 0;
	dir->dir.entries = erofs_arena_alloc(&tree->arena, entries->size);
	if (!dir->dir.entries)
		return -ENOMEM;
	memcpy(dir->dir.entries, entries->data, entries->size);
	return 0;
}
