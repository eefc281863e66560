/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/areas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/walk.h>

#include "dump/room.h"
#include "dump/text.h"

#define AREAS_MAX  (1u << 24) /* maps that overlap could make them without end: what is behind has no name then */
#define IN_METABOX (UINT64_C(1) << 63)

static int add(struct areas *areas, uint64_t start, uint64_t size, enum area_kind kind, const struct erofs_inode *inode)
{
	int err;

	if (!size || areas->count == AREAS_MAX)
		return 0;
	err = dump_make_room(&areas->items, &areas->room, areas->count, sizeof(*areas->items));
	if (err)
		return err;
	areas->items[areas->count++] = (struct area){ .start = start,
						      .end = start + size,
						      .kind = kind,
						      .nid = inode ? inode->nid : 0,
						      .indexed = inode && (erofs_inode_is_compressed(inode) ||
									   inode->layout == EROFS_LAYOUT_CHUNK_BASED),
						      .path = areas->current };
	return 0;
}

static int add_shared(struct areas *areas, const struct erofs_inode *inode)
{
	struct erofs_xattr_iter *iter;
	struct erofs_xattr xattr;
	int err = erofs_xattr_open(&iter, areas->image, inode), found;

	if (err)
		return err;
	while (!err && (found = erofs_xattr_next(iter, &xattr)) > 0)
		if (xattr.shared)
			err = add(areas, xattr.entry_offset, xattr.value_offset + xattr.value_size - xattr.entry_offset,
				  AREA_SHARED_XATTR, NULL);
	erofs_xattr_close(iter);
	return err;
}

static int add_data(struct areas *areas, const struct erofs_inode *inode)
{
	bool directory = S_ISDIR(inode->mode);
	uint64_t offset = 0;
	struct erofs_extent extent;
	int err = 0, found = 1;

	if (!S_ISREG(inode->mode) && !S_ISLNK(inode->mode) && !directory)
		return 0;
	while (!err && areas->count < AREAS_MAX &&
	       (found = erofs_image_map(areas->image, &extent, inode, offset)) > 0) {
		bool inlined = extent.kind == EROFS_EXTENT_INLINE || extent.inlined;

		offset = extent.logical + extent.length;
		if (extent.kind == EROFS_EXTENT_HOLE || extent.kind == EROFS_EXTENT_FRAGMENT || extent.device)
			continue;
		err = add(areas, extent.physical, extent.plen,
			  directory ? AREA_DIRECTORY
			  : inlined ? AREA_TAIL
				    : AREA_DATA,
			  inode);
	}
	return err ? err : found < 0 ? found : 0;
}

static int add_inode(struct areas *areas, const struct erofs_inode *inode, const char *path)
{
	uint64_t at = erofs_image_inode_offset(areas->image, inode->nid), body = erofs_inode_body_size(inode);
	int err = dump_make_room(&areas->paths, &areas->path_room, areas->path_count, sizeof(*areas->paths));
	char *copy = err ? NULL : strdup(*path ? path : "/");

	if (!copy)
		return -ENOMEM;
	areas->paths[areas->path_count++] = copy;
	areas->current = copy;
	if (!(at & IN_METABOX)) {
		err = add(areas, at, body, AREA_INODE, inode);
		if (!err && inode->xattr_icount)
			err = add(areas, at + body, 12 + 4 * (inode->xattr_icount - UINT64_C(1)), AREA_XATTRS, inode);
	}
	if (!err && inode->xattr_icount)
		err = add_shared(areas, inode);
	return err ? err : add_data(areas, inode);
}

static void damage(void *ctx, int err, const char *path, const char *what)
{
	struct areas *areas = ctx;

	(void)path;
	(void)what;
	if (!areas->result)
		areas->result = err;
}

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	int err = entry->inode && entry->first ? add_inode(ctx, entry->inode, entry->path) : 0;

	if (err && err != -ENOMEM)
		damage(ctx, err, "", "");
	return err == -ENOMEM ? err : 0;
}

/* Inodes that no directory names. */
static int add_hidden(struct areas *areas)
{
	struct erofs_inode inode;
	int err = erofs_image_packed_inode(areas->image, &inode);

	if (!err)
		err = add_inode(areas, &inode, "(the packed file)");
	if (err && err != -ENODATA)
		damage(areas, err, "", "");
	if (err == -ENOMEM)
		return err;
	err = erofs_image_metabox_inode(areas->image, &inode);
	if (!err)
		err = add_inode(areas, &inode, "(the metabox)");
	return err == -ENOMEM ? err : 0;
}

static int by_start(const void *a, const void *b)
{
	const struct area *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

int areas_collect(struct areas *out, const struct erofs_image *image)
{
	static const struct erofs_walk_ops ops = { .visit = visit, .damage = damage };
	const struct erofs_superblock *sb = erofs_image_superblock(image);
	struct erofs_inode root;
	int err;

	*out = (struct areas){ .image = image, .end = erofs_image_device_size(image) };
	err = add(out, 0, EROFS_SUPERBLOCK_OFFSET, AREA_START, NULL);
	if (!err)
		err = add(out, EROFS_SUPERBLOCK_OFFSET, EROFS_SUPERBLOCK_SIZE + 16u * sb->sb_extslots, AREA_SUPERBLOCK,
			  NULL);
	if (!err)
		err = add_hidden(out);
	if (!err && !erofs_image_inode(image, &root, sb->root_nid))
		err = erofs_walk(image, &root, "/", &ops, out);
	if (out->count)
		qsort(out->items, out->count, sizeof(*out->items), by_start);
	return err == -ENOMEM ? err : 0;
}

void areas_release(struct areas *areas)
{
	for (size_t i = 0; i < areas->path_count; i++)
		free(areas->paths[i]);
	free(areas->paths);
	free(areas->items);
}

/* How many areas begin at or in front of `offset`. */
static size_t count_before(const struct areas *areas, uint64_t offset)
{
	size_t low = 0, high = areas->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (areas->items[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct area areas_find(const struct areas *areas, uint64_t offset)
{
	size_t at = count_before(areas, offset);
	uint64_t next = at < areas->count ? areas->items[at].start : areas->end;
	struct area found = { .start = offset, .end = next > offset ? next : UINT64_MAX, .kind = AREA_PADDING };

	/* A few, because areas that begin further in front hardly reach over those behind them. */
	for (size_t i = at; i > 0 && at - i < 8; i--) {
		const struct area *area = &areas->items[i - 1];

		if (area->end > offset) {
			found = *area;
			found.start = offset;
			return found;
		}
		if (i == at && area->indexed && (area->kind == AREA_INODE || area->kind == AREA_XATTRS)) {
			found.kind = AREA_INDEX;
			found.path = area->path;
			found.nid = area->nid;
			return found;
		}
	}
	return found;
}

const char *areas_word(enum area_kind kind)
{
	static const char *const words[AREA_KINDS] = {
		[AREA_START] = "bytes in front of the superblock",
		[AREA_SUPERBLOCK] = "superblock",
		[AREA_DATA] = "data",
		[AREA_DIRECTORY] = "directory block",
		[AREA_INODE] = "inode",
		[AREA_XATTRS] = "xattrs",
		[AREA_SHARED_XATTR] = "shared xattr",
		[AREA_INDEX] = "index",
		[AREA_TAIL] = "inline tail",
		[AREA_PADDING] = "padding or a table",
	};

	return words[kind];
}

char *areas_describe(const struct area *area)
{
	char *path = area->path ? text_quote(area->path, strlen(area->path)) : NULL, *text;

	if (asprintf(&text, "%s%s%s", areas_word(area->kind), path ? " of " : "", path ? path : "") < 0)
		text = NULL;
	free(path);
	return text;
}
