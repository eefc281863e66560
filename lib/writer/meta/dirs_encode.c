/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/dirs_encode.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/format/format_dirent.h"
#include "lib/util/align.h"
#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"
#include "lib/writer/data/encode.h"
#include "lib/writer/data/shift.h"
#include "lib/writer/meta/dirs.h"

/*
 * A directory's data name places that follow from the layout, and the layout needs the sizes of all indexes. So an index of a directory has
 * a size that follows from that of the data alone: clusters have an entry for each block anyway, extents get records of the general
 * form. Whether a directory shrinks is tried before, with guessed places, on its first segment.
 *
 *	next    chooses a directory and a segment of it
 *	work    makes the segment's blocks and encodes them
 *	commit  decides (before the layout), or hashes and places
 *	finish  writes
 */

struct slot {
	const struct erofs_tree_inode *dir;
	struct erofs_dir_cursor from;
	uint64_t at, bytes; /* the segment, of the directory's data */
	struct erofs_buffer data;
	struct erofs_encoded encoded;
	struct erofs_buffer extents;
	size_t out_room; /* of encoded.out */
	uint64_t start;	 /* byte on the device */
};

struct dirs_run {
	const struct erofs_plan *plan;
	struct erofs_data *data;
	struct erofs_layout *layout; /* NULL: it does not exist yet */
	const struct erofs_methods *methods;
	struct slot *slots;
	unsigned int slot_count, width;
	struct erofs_encode_tools *tools; /* by worker */
	/* next */
	uint32_t number; /* of the inode to look at */
	struct erofs_dir_cursor cursor;
	uint64_t at; /* where in the directory's data that is; 0: at none */
	/* commit */
	struct erofs_zone zone;
	struct erofs_buffer extents;
	struct erofs_extent_list list;
	uint64_t owed; /* bytes that have to stay empty behind the directory */
};

static const struct erofs_method *method_of(const struct dirs_run *run)
{
	return &run->methods->items[0];
}

/* ---- next ------------------------------------------------------------------------------------------------------------------ */

static bool is_wanted(const struct dirs_run *run, const struct erofs_tree_inode *inode)
{
	if (!S_ISDIR(inode->mode))
		return false;
	return run->layout ? erofs_writer_place(run->data, inode)->is_compressed
			   : erofs_writer_planned_blocks(run->plan, inode) > 0;
}

static int next_segment(void *ctx, unsigned int slot_number)
{
	struct dirs_run *run = ctx;
	struct slot *slot = &run->slots[slot_number];
	const struct erofs_tree *tree = run->plan->tree;

	if (erofs_cancel_requested(run->plan->options->cancel))
		return -ECANCELED;
	while (run->number < tree->inode_count && !is_wanted(run, tree->inodes[run->number]))
		run->number++;
	if (run->number == tree->inode_count)
		return 0;
	slot->dir = tree->inodes[run->number];
	if (!run->at)
		run->cursor = erofs_writer_dir_begin(slot->dir, run->plan->options->dot_omitted);
	slot->from = run->cursor;
	slot->at = run->at;
	slot->bytes = erofs_writer_dir_skip(&run->cursor, run->plan->blksz, erofs_writer_methods_segment(run->methods));
	run->at += slot->bytes;
	if (!run->layout || run->at == erofs_writer_data_size(run->plan, slot->dir)) {
		run->number++;
		run->at = 0;
	}
	return 1;
}

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

static uint64_t nid_of(const void *ctx, const struct erofs_tree_inode *inode)
{
	return erofs_writer_nid(ctx, inode->number);
}

/* Bytes from an inode to the next one: a small file's, with a fingerprint. */
#define GUESSED_INODE 256u

/* Looks like the nids to come, and packs like them. */
static uint64_t guessed_nid(const void *ctx, const struct erofs_tree_inode *inode)
{
	uint64_t nid = (uint64_t)inode->number * (GUESSED_INODE / EROFS_NID_SLOT);

	return erofs_writer_may_have_metabox(ctx) ? EROFS_NID_IN_METABOX | nid : nid;
}

static int make_room(struct slot *slot, size_t room)
{
	if (slot->out_room < room) {
		free(slot->encoded.out);
		slot->encoded.out = erofs_data_buffer(room);
		slot->out_room = slot->encoded.out ? room : 0;
	}
	slot->encoded.room = slot->out_room;
	slot->encoded.extents = &slot->extents;
	slot->extents.size = 0;
	erofs_writer_encoded_reset(&slot->encoded);
	return slot->encoded.out ? 0 : -ENOMEM;
}

static int make_segment(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct dirs_run *run = ctx;
	struct slot *slot = &run->slots[slot_number];
	size_t room = erofs_writer_encode_room(run->methods, (size_t)slot->bytes);
	int err = make_room(slot, room);

	slot->data.size = 0;
	if (!err)
		err = erofs_writer_dir_encode_blocks(&slot->data, &slot->from, run->plan->blksz, slot->bytes,
						     run->layout ? nid_of : guessed_nid,
						     run->layout ? (const void *)run->layout : run->plan);
	if (!err)
		err = erofs_writer_encode(&run->tools[worker], 0, slot->data.data, slot->data.size, 0, &slot->encoded);
	/* Clusters that shrink nothing may be one too many. */
	if (err || !slot->encoded.full)
		return err;
	err = make_room(slot, room);
	return err ? err
		   : erofs_writer_encode_store(&run->tools[worker], 0, slot->data.data, slot->data.size, 0,
					       &slot->encoded);
}

/* ---- commit, before the layout ---------------------------------------------------------------------------------------------- */

/* A list from which the size of the index follows, whatever will be in it. */
static struct erofs_extent_list list_ahead(const struct dirs_run *run, uint64_t size)
{
	uint32_t extent = method_of(run)->extent_bytes;
	bool is_extents = method_of(run)->unit == 1;

	return (struct erofs_extent_list){
		.count = is_extents ? (size + extent - 1) / extent : 0,
		.uneven = is_extents,
	};
}

/* What the directory takes as it is, or its first segment. */
static uint64_t flat_size(const struct dirs_run *run, const struct slot *slot)
{
	uint64_t whole = erofs_writer_planned_blocks(run->plan, slot->dir) * run->plan->blksz +
			 erofs_writer_planned_tail(run->plan, slot->dir);

	return slot->bytes == erofs_writer_data_size(run->plan, slot->dir) ? whole : slot->bytes;
}

static int choose(void *ctx, unsigned int slot_number)
{
	struct dirs_run *run = ctx;
	const struct slot *slot = &run->slots[slot_number];
	struct erofs_place *place = erofs_writer_place(run->data, slot->dir);
	uint64_t size = erofs_writer_data_size(run->plan, slot->dir), at;
	struct erofs_extent_list list = list_ahead(run, size);
	struct erofs_zindex zindex = { .methods = run->methods, .lists = &run->data->extent_lists, .file_size = size };
	int err = erofs_writer_extent_lists_add(&run->data->extent_lists, &at, &list, &run->extents);

	if (err)
		return err;
	zindex.list = at;
	/* Of a directory of several segments, the index is a small part of any. */
	if (slot->encoded.size + erofs_writer_zindex_size(&zindex, 0) >= flat_size(run, slot)) {
		run->data->extent_lists.size = at;
		return 0;
	}
	place->at = at;
	place->is_compressed = true;
	run->data->has_encoded_dirs = true;
	run->data->has_compressed |= run->methods == &run->plan->methods;
	return 0;
}

/* ---- commit, behind the layout ---------------------------------------------------------------------------------------------- */

static int report_place(const struct dirs_run *run, int err)
{
	return err == -EFBIG || err == -ERANGE ? erofs_writer_layout_report_size(run->plan) : err;
}

/* Room that stays empty in front of extents that cannot begin where those before them end. */
static int leave_gap(struct dirs_run *run, const struct slot *slot)
{
	struct erofs_list_extent gap = { .form = EROFS_FORM_GAP };
	int err;

	gap.plen = erofs_writer_find_shift(method_of(run), &slot->extents, slot->encoded.count, run->zone.end);
	/* Encoded here, they may begin with a page. */
	assert(gap.plen < EROFS_MARK_PAGE);
	err = gap.plen ? erofs_writer_zone_pad(&run->zone, gap.plen) : 0;
	if (err || !gap.plen || !slot->at)
		return err;
	run->list.gaps++;
	run->list.plen += gap.plen;
	return erofs_writer_extents_append(&run->extents, &gap);
}

/* What the segment's extents take less than they have to take, so that readers trust them. */
static uint64_t count_owed(const struct dirs_run *run, const struct slot *slot)
{
	struct erofs_extent_cursor cursor = { .at = slot->extents.data, .left = slot->encoded.count };
	struct erofs_list_extent extent;
	uint64_t owed = 0;

	while (erofs_writer_extents_next(&cursor, &extent)) {
		uint64_t least = extent.length / EROFS_DIRECTORY_RATIO_MAX;
		uint64_t taken = (uint64_t)extent.plen * method_of(run)->unit;

		owed += least > taken ? least - taken : 0;
	}
	return owed;
}

/* The last segment of a directory is placed: its list takes the place of the one that was made before. */
static int end_list(struct dirs_run *run, const struct slot *slot)
{
	uint64_t at;
	int err = erofs_writer_extent_lists_add(&run->data->extent_lists, &at, &run->list, &run->extents);

	if (err)
		return err;
	erofs_writer_place(run->data, slot->dir)->at = at;
	return report_place(run, erofs_writer_zone_pad(&run->zone, erofs_align_up(run->owed, method_of(run)->unit)));
}

static int place_segment(void *ctx, unsigned int slot_number)
{
	struct dirs_run *run = ctx;
	struct slot *slot = &run->slots[slot_number];
	uint32_t unit = method_of(run)->unit;
	struct erofs_hasher *hasher = run->data->uuid_hasher;
	int err = hasher ? erofs_hasher_append(hasher, slot->data.data, slot->data.size) : 0;

	if (!slot->at) {
		run->list = (struct erofs_extent_list){ .uneven = unit == 1 };
		run->extents.size = 0;
		run->owed = 0;
	}
	if (!err)
		err = leave_gap(run, slot);
	if (!err)
		err = erofs_writer_zone_take(&run->zone, &slot->start, slot->encoded.size);
	if (err)
		return report_place(run, err);
	if (!slot->at)
		run->list.start = slot->start / unit;
	run->owed += count_owed(run, slot);
	run->list.count += slot->encoded.count;
	run->list.plen += slot->encoded.size / unit;
	err = erofs_buffer_append(&run->extents, slot->extents.data, slot->extents.size);
	if (err || slot->at + slot->bytes < erofs_writer_data_size(run->plan, slot->dir))
		return err;
	return end_list(run, slot);
}

/* ---- finish ---------------------------------------------------------------------------------------------------------------- */

static int write_segment(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct dirs_run *run = ctx;
	const struct slot *slot = &run->slots[slot_number];

	(void)worker;
	return erofs_output_write(run->data->output, slot->encoded.out, slot->encoded.size, slot->start);
}

/* ---- the run --------------------------------------------------------------------------------------------------------------- */

static void release_run(struct dirs_run *run)
{
	for (unsigned int i = 0; run->slots && i < run->slot_count; i++) {
		erofs_buffer_release(&run->slots[i].data);
		erofs_buffer_release(&run->slots[i].extents);
		free(run->slots[i].encoded.out);
	}
	free(run->slots);
	for (unsigned int i = 0; run->tools && i < run->width; i++)
		erofs_writer_encode_tools_release(&run->tools[i]);
	free(run->tools);
	erofs_buffer_release(&run->extents);
	erofs_writer_zone_release(&run->zone);
}

static int init_run(struct dirs_run *run, struct erofs_pool *pool)
{
	int err = 0;

	run->width = erofs_pool_width(pool);
	run->slot_count = 2 * run->width;
	run->slots = calloc(run->slot_count, sizeof(*run->slots));
	run->tools = calloc(run->width, sizeof(*run->tools));
	if (!run->slots || !run->tools)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < run->width; i++)
		err = erofs_writer_encode_tools_init(&run->tools[i], run->methods);
	return err;
}

int erofs_writer_choose_encoded_dirs(const struct erofs_plan *plan, struct erofs_data *data, struct erofs_pool *pool)
{
	static const struct erofs_pool_ops ops = { .next = next_segment, .work = make_segment, .commit = choose };
	erofs_auto(release_run) struct dirs_run run = {
		.plan = plan,
		.data = data,
		.methods = erofs_writer_dir_methods(plan),
	};
	int err;

	if (!erofs_writer_may_encode_dirs(plan))
		return 0;
	err = init_run(&run, pool);
	return err ? err : erofs_pool_run(pool, &ops, &run, run.slot_count);
}

/* Behind them lies the metabox, byte behind byte, or what begins with a block. */
static int end_zone(const struct dirs_run *run)
{
	struct erofs_layout *layout = run->layout;
	uint64_t end = run->zone.end, aligned = erofs_align_up(end, run->plan->blksz);
	int err;

	if (layout->has_metabox) {
		layout->encoded_end = end;
		return 0;
	}
	err = erofs_writer_layout_extend(layout, run->plan, aligned - layout->encoded_end);
	layout->encoded_end = aligned;
	return err ? err : erofs_output_write_zeros(run->data->output, aligned - end, end);
}

int erofs_writer_emit_encoded_dirs(const struct erofs_plan *plan, struct erofs_data *data, struct erofs_layout *layout,
				   struct erofs_pool *pool)
{
	static const struct erofs_pool_ops ops = {
		.next = next_segment,
		.work = make_segment,
		.commit = place_segment,
		.finish = write_segment,
	};
	erofs_auto(release_run) struct dirs_run run = {
		.plan = plan,
		.data = data,
		.layout = layout,
		.methods = erofs_writer_dir_methods(plan),
	};
	int err;

	if (!data->has_encoded_dirs)
		return 0;
	erofs_writer_zone_init_behind(&run.zone, &data->zone, layout->encoded_end);
	err = init_run(&run, pool);
	if (!err)
		err = erofs_pool_run(pool, &ops, &run, run.slot_count);
	return err ? err : end_zone(&run);
}
