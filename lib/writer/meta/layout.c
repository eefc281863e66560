/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/writer/meta/layout.h"
#include "lib/writer/data/gaps.h"
#include "lib/util/align.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Layout: the place of everything behind the data, in memory only:
 *
 *	inode zone | shared xattrs | blocks of directories and long symlinks | encoded directories | packed inode
 *
 * or, with a metabox, in which inodes and shared xattrs are laid out in the same way:
 *
 *	blocks of directories and long symlinks | encoded directories | the metabox' data, encoded | its inode | packed inode
 *
 * The zone begins with the root, whose nid has 16 bits and is that of the zone's first slot. Inodes follow in the order of the tree,
 * but for deviations: an inline tail must not cross a block boundary, so where the next inode would waste the rest of a block, one of the next few
 * that fills it better goes first; and what remains free all the same is filled by later ones that fit.
 *
 * Linux 5.10 (measured) looks for the target of a symlink in the block where its inode begins, and refuses one whose xattrs
 * reach into the next: symlinks with a tail do not cross a block boundary at all. Linux 6.18 (measured) does not read the tail of a
 * compressed file that begins with a block, where blocks are smaller than pages: it begins a little behind.
 */

/* Inodes to choose from: few, so that each stays near its neighbours, and enough to fill blocks. */
#define LOOK_AHEAD 32u

struct waiting {
	uint32_t number; /* of the inode */
	uint32_t tail;
	uint64_t body;
	bool whole;  /* body and tail in one block */
	bool packed; /* the tail is the last extent of a compressed file */
};

struct placer {
	struct erofs_layout *layout;
	uint32_t blksz;
	uint64_t end;			  /* of what is placed so far */
	struct waiting queue[LOOK_AHEAD]; /* in the order of the tree */
	unsigned int count;
	struct erofs_gaps gaps;
};

/* Whether an inode at `start` keeps its tail within one block. Its body may cross into the block of the tail. */
static bool fits(const struct placer *placer, const struct waiting *inode, uint64_t start)
{
	if (inode->whole)
		return start % placer->blksz + inode->body + inode->tail <= placer->blksz;
	if (inode->packed && (start + inode->body) % placer->blksz == 0)
		return false;
	return (start + inode->body) % placer->blksz + inode->tail <= placer->blksz;
}

/* The waiting inode to place at `start`: the first if it fits, else the one that fills the block best, else the first. */
static unsigned int choose(const struct placer *placer, uint64_t start)
{
	unsigned int best = 0;
	uint64_t most = 0;

	if (fits(placer, &placer->queue[0], start))
		return 0;
	for (unsigned int i = 1; i < placer->count; i++) {
		uint64_t size = placer->queue[i].body + placer->queue[i].tail;

		if (size > most && fits(placer, &placer->queue[i], start)) {
			most = size;
			best = i;
		}
	}
	return best;
}

/* Where nothing fits, an inode moves just so far that its tail starts with a block of its own, or all of it does. */
static uint64_t next_place(const struct placer *placer, const struct waiting *inode, uint64_t start)
{
	if (inode->whole)
		return erofs_align_up(start, placer->blksz);
	start = erofs_align_up(erofs_align_up(start + inode->body, placer->blksz) - inode->body, EROFS_NID_SLOT);
	return fits(placer, inode, start) ? start : start + EROFS_NID_SLOT;
}

/* Gives one of the waiting inodes its place at the end of the zone. */
static int place_one(struct placer *placer)
{
	uint64_t start = erofs_align_up(placer->end, EROFS_NID_SLOT);
	unsigned int chosen = choose(placer, start);
	struct waiting inode = placer->queue[chosen];

	if (!fits(placer, &inode, start)) {
		uint64_t moved = next_place(placer, &inode, start);

		if (erofs_writer_gaps_add(&placer->gaps, start, moved, placer->blksz))
			return -ENOMEM;
		start = moved;
	}
	placer->layout->positions[inode.number] = start;
	placer->end = start + inode.body + inode.tail;
	placer->count--;
	memmove(&placer->queue[chosen], &placer->queue[chosen + 1],
		(placer->count - chosen) * sizeof(placer->queue[0]));
	return 0;
}

/* The next inode of the tree: into a gap, or to those that wait. */
static int take_in(struct placer *placer, const struct waiting *inode)
{
	int taken = erofs_writer_gaps_take(&placer->gaps, &placer->layout->positions[inode->number],
					   inode->body + inode->tail);

	if (taken)
		return taken < 0 ? taken : 0;
	placer->queue[placer->count++] = *inode;
	return placer->count == LOOK_AHEAD ? place_one(placer) : 0;
}

static int compare_positions(const void *a, const void *b, void *ctx)
{
	const uint64_t *positions = ctx;
	uint64_t x = positions[*(const uint32_t *)a], y = positions[*(const uint32_t *)b];

	return (x > y) - (x < y);
}

static void release_placer(struct placer *placer)
{
	erofs_writer_gaps_release(&placer->gaps);
}

static bool is_compressed(const struct erofs_plan *plan, const struct erofs_data *data,
			  const struct erofs_tree_inode *inode)
{
	enum erofs_data_layout layout = erofs_writer_placed_layout(plan, data, inode);

	return layout == EROFS_LAYOUT_COMPRESSED_FULL || layout == EROFS_LAYOUT_COMPRESSED_COMPACT;
}

static int place_inode(struct placer *placer, const struct erofs_plan *plan, const struct erofs_data *data,
		       const struct erofs_tree_inode *inode)
{
	struct waiting waiting = {
		.number = inode->number,
		.tail = erofs_writer_placed_tail(plan, data, inode),
		.body = erofs_writer_placed_body(plan, data, inode),
	};

	waiting.whole = waiting.tail && S_ISLNK(inode->mode);
	waiting.packed = waiting.tail && is_compressed(plan, data, inode);
	return take_in(placer, &waiting);
}

static int place_waiting(struct placer *placer)
{
	int err = 0;

	while (!err && placer->count)
		err = place_one(placer);
	return err;
}

/* Pieces of a metabox with directories alone are few and dense: what goes through a tree reads all of them, and hardly more. */
static int place_directories(struct placer *placer, const struct erofs_plan *plan, const struct erofs_data *data)
{
	const struct erofs_tree *tree = plan->tree;
	int err = 0;

	for (uint32_t i = 0; !err && i < tree->inode_count; i++)
		if (S_ISDIR(tree->inodes[i]->mode))
			err = place_inode(placer, plan, data, tree->inodes[i]);
	if (!err)
		err = place_waiting(placer);
	/* What is free among them stays so. */
	erofs_writer_gaps_release(&placer->gaps);
	erofs_writer_gaps_init(&placer->gaps);
	return err;
}

static int place_inodes(struct erofs_layout *layout, const struct erofs_plan *plan, const struct erofs_data *data)
{
	const struct erofs_tree *tree = plan->tree;
	erofs_auto(release_placer) struct placer placer = { .layout = layout, .blksz = plan->blksz };
	bool directories_first = erofs_writer_may_have_metabox(plan);
	int err = 0;

	erofs_writer_gaps_init(&placer.gaps);
	if (directories_first)
		err = place_directories(&placer, plan, data);
	for (uint32_t i = 0; !err && i < tree->inode_count; i++) {
		if (!directories_first || !S_ISDIR(tree->inodes[i]->mode))
			err = place_inode(&placer, plan, data, tree->inodes[i]);
		layout->by_position[i] = i;
	}
	if (!err)
		err = place_waiting(&placer);
	/* The first to wait, it fits where the zone begins, whatever else would. */
	assert(err || layout->positions[0] == 0);
	layout->zone_size = erofs_align_up(placer.end, plan->blksz);
	qsort_r(layout->by_position, tree->inode_count, sizeof(*layout->by_position), compare_positions,
		layout->positions);
	return err;
}

/* Blocks of directories and of symlinks too long to be inline lie behind all else, in the order of the tree. */
static void place_blocks(struct erofs_layout *layout, const struct erofs_plan *plan, const struct erofs_data *data,
			 uint64_t at)
{
	for (uint32_t i = 0; i < plan->tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = plan->tree->inodes[i];
		uint64_t blocks = S_ISREG(inode->mode) ? 0 : erofs_writer_placed_blocks(plan, data, inode);

		if (!blocks)
			continue;
		layout->blkaddrs[i] = (uint32_t)(layout->meta_blkaddr + at / plan->blksz);
		layout->with_blocks[layout->with_blocks_count++] = i;
		at += blocks * plan->blksz;
	}
	layout->metadata_size = at;
	layout->stored_end = layout->encoded_end = layout->meta_blkaddr * plan->blksz + at;
}

int erofs_writer_layout_report_size(const struct erofs_plan *plan)
{
	return erofs_report(plan->diag, -EFBIG, "the image grows beyond 2^32 blocks; larger blocks would help");
}

int erofs_writer_layout_extend(struct erofs_layout *layout, const struct erofs_plan *plan, uint64_t size)
{
	uint64_t unit = (uint64_t)plan->blksz * (plan->options->align_blocks ? plan->options->align_blocks : 1);
	uint64_t end;

	layout->metadata_size += size;
	end = layout->meta_blkaddr * plan->blksz + layout->metadata_size;
	layout->image_size = erofs_align_up(end, unit);
	return layout->image_size / plan->blksz < EROFS_NULL_BLOCK ? 0 : erofs_writer_layout_report_size(plan);
}

/* A single block of metadata gets no smaller. */
static bool wants_metabox(const struct erofs_layout *layout, const struct erofs_plan *plan,
			  const struct erofs_data *data)
{
	if (!erofs_writer_may_have_metabox(plan))
		return false;
	return plan->options->metabox == EROFS_METABOX_ALWAYS || data->has_encoded_dirs ||
	       layout->zone_size + plan->xattrs.shared_zone.size > plan->blksz;
}

/* Inodes and shared xattrs are placed; decides where that is. */
static void place_all(struct erofs_layout *layout, const struct erofs_plan *plan, const struct erofs_data *data)
{
	uint64_t size;

	layout->shared_xattrs_at = layout->zone_size;
	size = erofs_align_up(layout->zone_size + plan->xattrs.shared_zone.size, plan->blksz);
	layout->has_metabox = wants_metabox(layout, plan, data);
	layout->metabox_size = layout->has_metabox ? size : 0;
	place_blocks(layout, plan, data, layout->has_metabox ? 0 : size);
}

void erofs_writer_layout_release(struct erofs_layout *layout)
{
	free(layout->positions);
	free(layout->blkaddrs);
	free(layout->by_position);
	free(layout->with_blocks);
}

int erofs_writer_lay_out(struct erofs_layout *layout, const struct erofs_plan *plan, const struct erofs_data *data)
{
	uint32_t count = plan->tree->inode_count;
	int err;

	layout->blksz = plan->blksz;
	layout->positions = calloc(count, sizeof(*layout->positions));
	layout->blkaddrs = calloc(count, sizeof(*layout->blkaddrs));
	layout->by_position = calloc(count, sizeof(*layout->by_position));
	layout->with_blocks = calloc(count, sizeof(*layout->with_blocks));
	if (!layout->positions || !layout->blkaddrs || !layout->by_position || !layout->with_blocks)
		return -ENOMEM;
	err = place_inodes(layout, plan, data);
	if (err)
		return err;
	layout->meta_blkaddr = (plan->options->data_device ? plan->data_start : data->zone.end) / plan->blksz;
	/* The superblock lies in front. */
	assert(layout->meta_blkaddr);
	place_all(layout, plan, data);
	return erofs_writer_layout_extend(layout, plan, 0);
}
