/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/writer/builder.h"
#include "lib/util/cleanup.h"

/*
 * When a streamed source has ended, its files have data in the image under the numbers of their coming; the tree numbers them
 * anew, and does not hold those that a later member replaced. Their data, unless others share them, are wiped.
 */

struct place {
	uint64_t start, size; /* bytes on the device */
};

static struct place place_of(const struct erofs_builder *builder, const struct inode_plan *plan)
{
	struct place place = { .start = (uint64_t)plan->blkaddr * builder->blksz };
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	uint32_t unit;

	if (!erofs_plan_is_compressed(plan)) {
		place.size = (plan->inode->size / builder->blksz +
			      (plan->layout == EROFS_LAYOUT_FLAT_PLAIN && plan->inode->size % builder->blksz)) *
			     builder->blksz;
		return place;
	}
	erofs_extent_lists_open(&builder->extent_lists, plan->list_at, &list, &cursor);
	unit = builder->compress.ways[list.compression].unit;
	return (struct place){ list.start * unit, list.plen * unit };
}

static bool is_in_tree(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	return inode->number < builder->tree->inode_count && builder->tree->inodes[inode->number] == inode;
}

/* ---- what is left over ------------------------------------------------------------------------------------------------------ */

static bool same_start(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_builder *builder = ctx;

	return place_of(builder, erofs_plan(builder, number)).start == *(const uint64_t *)key;
}

static int wipe(struct erofs_builder *builder, const struct place *place)
{
	static const uint8_t zeros[64 * 1024];
	int err = 0;

	for (uint64_t done = 0; !err && done < place->size;) {
		uint64_t left = place->size - done;
		size_t size = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);

		err = erofs_output_write(builder->output, zeros, size, place->start + done);
		done += size;
	}
	builder->summary->abandoned_bytes += place->size;
	return err;
}

/* Wipes the data of files that are not in the tree. The index knows where those that are begin. */
static int wipe_abandoned(struct erofs_builder *builder, struct erofs_index *live)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < builder->arrived; i++) {
		const struct inode_plan *plan = erofs_plan(builder, i);
		struct place place = place_of(builder, plan);

		if (is_in_tree(builder, plan->inode) || !place.size ||
		    erofs_index_find(live, place.start, same_start, builder, &place.start) != EROFS_INDEX_NONE)
			continue;
		err = wipe(builder, &place);
		/* Its copies need not be wiped again. */
		if (!err)
			err = erofs_index_add(live, place.start, i);
	}
	return err;
}

static int find_abandoned(struct erofs_builder *builder)
{
	erofs_auto(erofs_index_release) struct erofs_index live = { 0 };
	uint32_t abandoned = 0;
	int err = 0;

	for (uint32_t i = 0; i < builder->arrived; i++)
		abandoned += !is_in_tree(builder, erofs_plan(builder, i)->inode);
	if (!abandoned)
		return 0;
	builder->summary->abandoned_files = abandoned;
	for (uint32_t i = 0; !err && i < builder->arrived; i++) {
		const struct inode_plan *plan = erofs_plan(builder, i);
		struct place place = place_of(builder, plan);

		/* Where a file of zeros has no data, another one's begin. */
		if (is_in_tree(builder, plan->inode) && place.size)
			err = erofs_index_add(&live, place.start, i);
	}
	return err ? err : wipe_abandoned(builder, &live);
}

/* ---- those that stay ---------------------------------------------------------------------------------------------------------- */

int erofs_build_adopt(struct erofs_builder *builder)
{
	struct erofs_builder before = { .plan_pages = builder->plan_pages,
					.plan_page_count = builder->plan_page_count };
	int err = builder->options->data_outside ? 0 : find_abandoned(builder);

	if (err)
		return err;
	err = erofs_plans_init(builder, builder->tree->inode_count, true);
	for (uint32_t i = 0; !err && i < builder->arrived; i++) {
		const struct inode_plan *plan = erofs_plan(&before, i);

		if (is_in_tree(builder, plan->inode))
			*erofs_plan(builder, plan->inode->number) = *plan;
	}
	erofs_plans_release(&before);
	return err;
}
