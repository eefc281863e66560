/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/diff.h"

#define PIECE ((size_t)1 << 20)

/* One of the two files. */
struct reading {
	const struct diff_side *side;
	const struct diff_entry *entry;
	struct erofs_inode inode;
	uint8_t *piece;
};

static int begin(struct reading *reading, const struct diff_side *side, const struct diff_entry *entry)
{
	int err;

	reading->side = side;
	reading->entry = entry;
	err = erofs_image_inode(side->image, &reading->inode, entry->nid);
	if (err)
		return diff_error(side->diag, err, side->name, entry->path, "cannot read its inode");
	reading->piece = malloc(PIECE);
	return reading->piece ? 0 : diff_error(side->diag, -ENOMEM, side->name, entry->path, "");
}

/* Bytes from `offset` on that are a hole: a file of terabytes without data should take no hours. */
static uint64_t hole_at(const struct reading *reading, uint64_t offset)
{
	struct erofs_extent extent;

	if (erofs_image_map(reading->side->image, &extent, &reading->inode, offset) <= 0 ||
	    extent.kind != EROFS_EXTENT_HOLE)
		return 0;
	return extent.logical + extent.length - offset;
}

static int read_piece(struct reading *reading, size_t size, uint64_t offset)
{
	int64_t count = erofs_image_read(reading->side->image, &reading->inode, reading->piece, size, offset);

	if (count == (int64_t)size)
		return 0;
	return diff_error(reading->side->diag, count < 0 ? (int)count : -EUCLEAN, reading->side->name,
			  reading->entry->path, "cannot read it");
}

static int compare(struct reading *a, struct reading *b, uint64_t size)
{
	uint64_t offset = 0;

	while (offset < size) {
		uint64_t left = size - offset, hole = hole_at(a, offset), other = hole ? hole_at(b, offset) : 0;
		size_t wanted = left < PIECE ? (size_t)left : PIECE;
		int err;

		if (other) {
			offset += hole < other ? hole : other;
			continue;
		}
		err = read_piece(a, wanted, offset);
		if (!err)
			err = read_piece(b, wanted, offset);
		if (err)
			return err;
		if (memcmp(a->piece, b->piece, wanted) != 0)
			return 0;
		offset += wanted;
	}
	return 1;
}

int diff_same_contents(const struct diff *diff, const struct diff_entry *a, const struct diff_entry *b)
{
	struct reading left = { 0 }, right = { 0 };
	int err = begin(&left, &diff->a, a);

	if (!err)
		err = begin(&right, &diff->b, b);
	if (!err)
		err = compare(&left, &right, a->size);
	free(left.piece);
	free(right.piece);
	return err;
}

int diff_same_targets(const struct diff *diff, const struct diff_entry *a, const struct diff_entry *b)
{
	return a->size == b->size ? diff_same_contents(diff, a, b) : 0;
}
