/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/metabox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"
#include "lib/writer/data/encode.h"
#include "lib/writer/data/shift.h"
#include "lib/writer/meta/metabox_inode.h"
#include "lib/writer/meta/parts.h"

/*
 * The metabox' data are encoded like those of a long file, but nothing ever holds all of them: a job of the pool makes and encodes
 * a range of them, which begins and ends with a piece.
 *
 *	next    chooses the range, and puts the inline tails of files in it
 *	work    makes the parts (parts.h) that the range has any bytes of, and encodes the range
 *	commit  hashes, and hands out places on the device, in the order of the ranges
 *	finish  writes
 *
 * A part that crosses the end of a range is made twice. A tail is not: it crosses no block, and so no piece.
 */

/* A range ends with the last piece that is whole when this size is reached. */
#define RANGE_SIZE ((uint64_t)256 * 1024)

struct slot {
	struct erofs_piece piece; /* all of its parts */
	uint64_t first, end;	  /* parts */
	uint64_t from, to;	  /* the range, bytes of the metabox */
	struct erofs_encoded encoded;
	struct erofs_buffer extents;
	size_t out_room; /* of encoded.out */
	uint64_t start;	 /* byte on the device */
};

struct metabox {
	struct erofs_parts parts;
	struct slot *slots;
	unsigned int slot_count, width;
	struct erofs_encode_tools *tools; /* by worker */
	/* next */
	uint64_t part, from;
	/* commit */
	struct erofs_zone zone;
	struct erofs_buffer extents;
	struct erofs_extent_list list;
};

static const struct erofs_plan *plan_of(const struct metabox *metabox)
{
	return metabox->parts.emitter.plan;
}

/* ---- next ------------------------------------------------------------------------------------------------------------------ */

/* Chooses parts and range; what is left of the last part goes to the next range, too. */
static void choose_range(struct metabox *metabox, struct slot *slot)
{
	uint64_t piece = erofs_writer_metabox_piece(plan_of(metabox)), part = metabox->part;
	uint64_t wanted = piece > RANGE_SIZE ? piece : RANGE_SIZE;
	uint64_t end = metabox->from;

	slot->from = metabox->from;
	slot->first = part;
	while (part < metabox->parts.end && end - slot->from < wanted)
		end = erofs_writer_part_start(&metabox->parts, ++part);
	slot->end = part;
	slot->to = part == metabox->parts.end ? end : end - end % piece;
	metabox->part = slot->to == end ? part : part - 1;
	metabox->from = slot->to;
}

static int make_room(struct slot *slot, size_t room)
{
	if (slot->out_room >= room)
		return 0;
	free(slot->encoded.out);
	slot->encoded.out = erofs_data_buffer(room);
	slot->out_room = slot->encoded.out ? room : 0;
	return slot->encoded.out ? 0 : -ENOMEM;
}

static int next_range(void *ctx, unsigned int slot_number)
{
	struct metabox *metabox = ctx;
	struct slot *slot = &metabox->slots[slot_number];
	int err;

	if (metabox->from == metabox->parts.end_at)
		return 0;
	if (erofs_cancel_requested(plan_of(metabox)->options->cancel))
		return -ECANCELED;
	choose_range(metabox, slot);
	err = erofs_writer_row_begin(&slot->piece.row, erofs_writer_part_start(&metabox->parts, slot->first),
				     erofs_writer_part_start(&metabox->parts, slot->end));
	if (!err)
		err = make_room(slot,
				erofs_writer_encode_room(&plan_of(metabox)->metabox, (size_t)(slot->to - slot->from)));
	for (uint64_t part = slot->first; !err && part < slot->end; part++)
		err = erofs_writer_part_tail(&metabox->parts, &slot->piece, part, slot->from, slot->to);
	return err ? err : 1;
}

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

static int make_range(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct metabox *metabox = ctx;
	struct slot *slot = &metabox->slots[slot_number];
	struct erofs_row *row = &slot->piece.row;
	int err = 0;

	for (uint64_t part = slot->first; !err && part < slot->end; part++)
		err = erofs_writer_part_emit(&metabox->parts, &slot->piece, part);
	if (err)
		return err;
	erofs_writer_row_pad(row, row->end);
	slot->extents.size = 0;
	slot->encoded.extents = &slot->extents;
	slot->encoded.room = slot->out_room;
	erofs_writer_encoded_reset(&slot->encoded);
	return erofs_writer_encode(&metabox->tools[worker], 0, erofs_writer_row_at(row, slot->from),
				   (size_t)(slot->to - slot->from), 0, &slot->encoded);
}

/* ---- commit ---------------------------------------------------------------------------------------------------------------- */

static int hash_range(const struct metabox *metabox, const struct slot *slot)
{
	struct erofs_hasher *hasher = metabox->parts.emitter.data->uuid_hasher;

	return hasher ? erofs_hasher_append(hasher, erofs_writer_row_at(&slot->piece.row, slot->from),
					    (size_t)(slot->to - slot->from))
		      : 0;
}

static int report_place(const struct metabox *metabox, int err)
{
	return err == -EFBIG || err == -ERANGE ? erofs_writer_layout_report_size(plan_of(metabox)) : err;
}

/* Room that stays empty in front of extents that cannot begin where those before them end. */
static int leave_gap(struct metabox *metabox, const struct slot *slot)
{
	const struct erofs_method *method = &plan_of(metabox)->metabox.items[0];
	struct erofs_list_extent gap = { .form = EROFS_FORM_GAP };
	int err;

	gap.plen = erofs_writer_find_shift(method, &slot->extents, slot->encoded.count, metabox->zone.end);
	/* Encoded here, they may begin with a page. */
	assert(gap.plen < EROFS_MARK_PAGE);
	err = gap.plen ? erofs_writer_zone_pad(&metabox->zone, gap.plen) : 0;
	if (err || !gap.plen || !slot->from)
		return err;
	metabox->list.gaps++;
	metabox->list.plen += gap.plen;
	return erofs_writer_extents_append(&metabox->extents, &gap);
}

static int place_range(void *ctx, unsigned int slot_number)
{
	struct metabox *metabox = ctx;
	struct slot *slot = &metabox->slots[slot_number];
	int err = hash_range(metabox, slot);

	if (!err)
		err = leave_gap(metabox, slot);
	if (!err)
		err = erofs_writer_zone_take(&metabox->zone, &slot->start, slot->encoded.size);
	if (err)
		return report_place(metabox, err);
	if (!slot->from)
		metabox->list.start = slot->start;
	metabox->list.count += slot->encoded.count;
	metabox->list.plen += slot->encoded.size;
	return erofs_buffer_append(&metabox->extents, slot->extents.data, slot->extents.size);
}

/* ---- finish ---------------------------------------------------------------------------------------------------------------- */

static int write_range(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct metabox *metabox = ctx;
	const struct slot *slot = &metabox->slots[slot_number];

	(void)worker;
	return erofs_output_write(metabox->parts.emitter.data->output, slot->encoded.out, slot->encoded.size,
				  slot->start);
}

/* ---- the run --------------------------------------------------------------------------------------------------------------- */

static void release_metabox(struct metabox *metabox)
{
	for (unsigned int i = 0; metabox->slots && i < metabox->slot_count; i++) {
		erofs_writer_piece_release(&metabox->slots[i].piece);
		erofs_buffer_release(&metabox->slots[i].extents);
		free(metabox->slots[i].encoded.out);
	}
	free(metabox->slots);
	for (unsigned int i = 0; metabox->tools && i < metabox->width; i++)
		erofs_writer_encode_tools_release(&metabox->tools[i]);
	free(metabox->tools);
	erofs_buffer_release(&metabox->extents);
	erofs_writer_zone_release(&metabox->zone);
}

static int init_metabox(struct metabox *metabox, struct erofs_pool *pool)
{
	int err = 0;

	erofs_writer_zone_init_behind(&metabox->zone, &metabox->parts.emitter.data->zone,
				      metabox->parts.emitter.layout->encoded_end);
	metabox->width = erofs_pool_width(pool);
	metabox->slot_count = 2 * metabox->width;
	metabox->slots = calloc(metabox->slot_count, sizeof(*metabox->slots));
	metabox->tools = calloc(metabox->width, sizeof(*metabox->tools));
	if (!metabox->slots || !metabox->tools)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < metabox->width; i++)
		err = erofs_writer_encode_tools_init(&metabox->tools[i], &plan_of(metabox)->metabox);
	return err;
}

int erofs_writer_emit_metabox(const struct erofs_plan *plan, const struct erofs_data *data, struct erofs_layout *layout,
			      struct erofs_pool *pool)
{
	static const struct erofs_pool_ops ops = {
		.next = next_range,
		.work = make_range,
		.commit = place_range,
		.finish = write_range,
	};
	erofs_auto(release_metabox) struct metabox metabox = { .parts =
								       erofs_writer_metabox_parts(plan, data, layout) };
	int err = init_metabox(&metabox, pool);

	if (!err)
		err = erofs_pool_run(pool, &ops, &metabox, metabox.slot_count);
	if (err)
		return err;
	plan->summary->metabox_bytes = layout->metabox_size;
	plan->summary->metabox_encoded_bytes = metabox.list.plen;
	plan->summary->metabox_pieces = metabox.list.count;
	return erofs_writer_emit_metabox_inode(plan, data, layout, &metabox.list, &metabox.extents, metabox.zone.end);
}
