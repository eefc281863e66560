/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/build/builder.h"
#include "lib/util/report.h"

/*
 * Layout: the place of everything behind the data, in memory only:
 *
 *	inode zone | shared xattrs | blocks of directories and long symlinks
 *
 * The zone begins with the root, whose nid has 16 bits. Inodes follow in the order of the tree, but one whose inline tail
 * would cross a block boundary leaves a gap, which smaller ones fill later.
 */

/* Gaps open at a time: enough to waste little, few enough that an inode stays near its neighbours. */
#define GAPS 64u

struct gap {
	uint64_t start;
	uint32_t size; /* 0: unused */
};

struct placer {
	uint32_t blksz;
	uint64_t end; /* of what is placed so far */
	struct gap gaps[GAPS];
	unsigned int oldest; /* gap to give up next */
};

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

static struct gap *best_gap(struct placer *placer, uint64_t size)
{
	struct gap *best = NULL;

	for (unsigned int i = 0; i < GAPS; i++)
		if (placer->gaps[i].size >= size && (!best || placer->gaps[i].size < best->size))
			best = &placer->gaps[i];
	return best;
}

/* Notes start..end-1 as free, cut at block boundaries. */
static void add_gaps(struct placer *placer, uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t boundary = align_up(start + 1, placer->blksz);
		uint64_t stop = boundary < end ? boundary : end;

		placer->gaps[placer->oldest++ % GAPS] = (struct gap){ start, (uint32_t)(stop - start) };
		start = stop;
	}
}

/* The part of a gap that is used is its front. */
static uint64_t take_from_gap(struct gap *gap, uint64_t size)
{
	uint64_t start = gap->start;
	uint64_t used = align_up(size, EROFS_NID_SLOT);

	gap->start += used;
	gap->size = gap->size > used ? gap->size - (uint32_t)used : 0;
	return start;
}

/*
 * The place for a body with a tail behind it. Gaps lie within one block, so there a tail never crosses a boundary. At the end
 * of the zone the body may: it is moved just so far that the tail starts with a block of its own.
 */
static uint64_t place(struct placer *placer, uint64_t body, uint32_t tail)
{
	struct gap *gap = best_gap(placer, body + tail);
	uint64_t start = align_up(placer->end, EROFS_NID_SLOT);
	uint64_t tail_at = start + body;

	if (gap)
		return take_from_gap(gap, body + tail);
	if (tail && tail_at % placer->blksz + tail > placer->blksz) {
		uint64_t boundary = align_up(tail_at, placer->blksz);
		uint64_t moved = align_up(boundary - body, EROFS_NID_SLOT);

		add_gaps(placer, start, moved);
		start = moved;
	}
	placer->end = start + body + tail;
	return start;
}

static int compare_positions(const void *a, const void *b, void *ctx)
{
	const struct inode_plan *plans = ctx;
	uint64_t x = plans[*(const uint32_t *)a].position;
	uint64_t y = plans[*(const uint32_t *)b].position;

	return (x > y) - (x < y);
}

static int place_inodes(struct erofs_builder *builder)
{
	const struct erofs_tree *tree = builder->tree;
	struct placer placer = { .blksz = builder->blksz };

	builder->by_position = calloc(tree->inode_count, sizeof(*builder->by_position));
	if (!builder->by_position)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree->inode_count; i++) {
		builder->plans[i].position = place(&placer, erofs_plan_body_size(builder, tree->inodes[i]),
						   erofs_plan_tail_size(builder, tree->inodes[i]));
		builder->by_position[i] = i;
	}
	builder->zone_size = align_up(placer.end, builder->blksz);
	qsort_r(builder->by_position, tree->inode_count, sizeof(*builder->by_position), compare_positions,
		builder->plans);
	return 0;
}

/* Blocks of directories and of symlinks too long to be inline lie behind all else, in the order of the tree. */
static void place_blocks(struct erofs_builder *builder, uint64_t at)
{
	for (uint32_t i = 0; i < builder->tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = builder->tree->inodes[i];
		uint64_t blocks = S_ISREG(inode->mode) ? 0 : erofs_plan_blocks(builder, inode);

		if (!blocks)
			continue;
		builder->plans[i].blkaddr = (uint32_t)(builder->meta_blkaddr + at / builder->blksz);
		at += blocks * builder->blksz;
	}
	builder->metadata_size = at;
}

int erofs_build_layout(struct erofs_builder *builder)
{
	int err = place_inodes(builder);

	if (err)
		return err;
	builder->meta_blkaddr = builder->next_block;
	builder->shared_xattrs_at = builder->zone_size;
	place_blocks(builder, align_up(builder->shared_xattrs_at + builder->xattrs.shared_zone.size, builder->blksz));
	if (builder->meta_blkaddr + builder->metadata_size / builder->blksz >= EROFS_NULL_BLOCK)
		return erofs_report(builder->diag, -EFBIG,
				    "the image grows beyond 2^32 blocks; larger blocks would help");
	return 0;
}
