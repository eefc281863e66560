/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/emit.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/writer/meta/metabox.h"
#include "lib/writer/meta/packed_inode.h"
#include "lib/writer/meta/parts.h"

/*
 * Emit: the metadata in the order of their places, in pieces that several threads make and write at once, each of a number of parts
 * (parts.h); of an image with a metabox, what lies outside of it.
 */

/* A piece ends with the part that brings it to this size. */
#define PIECE_SIZE ((uint64_t)256 * 1024)

struct slot {
	struct erofs_piece piece;
	uint64_t first, end; /* its parts */
};

struct emission {
	struct erofs_parts parts;
	struct slot *slots;
	unsigned int slot_count;
	uint64_t next; /* part */
};

/* ---- pieces, as jobs of the pool ------------------------------------------------------------------------------------- */

static int next_piece(void *ctx, unsigned int slot_number)
{
	struct emission *emission = ctx;
	struct slot *slot = &emission->slots[slot_number];
	uint64_t start = erofs_writer_part_start(&emission->parts, emission->next), end = start;
	int err;

	if (emission->next == emission->parts.end)
		return 0;
	if (erofs_cancel_requested(emission->parts.emitter.plan->options->cancel))
		return -ECANCELED;
	slot->first = emission->next;
	while (emission->next < emission->parts.end && end - start < PIECE_SIZE)
		end = erofs_writer_part_start(&emission->parts, ++emission->next);
	slot->end = emission->next;
	err = erofs_writer_row_begin(&slot->piece.row, start, end);
	for (uint64_t part = slot->first; !err && part < slot->end; part++)
		err = erofs_writer_part_tail(&emission->parts, &slot->piece, part, start, end);
	return err ? err : 1;
}

static int make_piece(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct emission *emission = ctx;
	struct slot *slot = &emission->slots[slot_number];
	int err = 0;

	(void)worker;
	for (uint64_t part = slot->first; !err && part < slot->end; part++)
		err = erofs_writer_part_emit(&emission->parts, &slot->piece, part);
	if (!err)
		erofs_writer_row_pad(&slot->piece.row, slot->piece.row.end);
	return err;
}

static int hash_piece(void *ctx, unsigned int slot_number)
{
	const struct emission *emission = ctx;
	const struct erofs_row *row = &emission->slots[slot_number].piece.row;
	struct erofs_hasher *hasher = emission->parts.emitter.data->uuid_hasher;

	return hasher ? erofs_hasher_append(hasher, row->bytes, (size_t)(row->end - row->start)) : 0;
}

static int write_piece(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct emission *emission = ctx;
	const struct erofs_row *row = &emission->slots[slot_number].piece.row;

	(void)worker;
	return erofs_output_write(emission->parts.emitter.data->output, row->bytes, (size_t)(row->end - row->start),
				  row->start);
}

static void release_emission(struct emission *emission)
{
	for (unsigned int i = 0; emission->slots && i < emission->slot_count; i++)
		erofs_writer_piece_release(&emission->slots[i].piece);
	free(emission->slots);
}

static int emit_metadata(struct emission *emission, struct erofs_pool *pool)
{
	static const struct erofs_pool_ops ops = {
		.next = next_piece,
		.work = make_piece,
		.commit = hash_piece,
		.finish = write_piece,
	};

	emission->slot_count = 2 * erofs_pool_width(pool);
	emission->slots = calloc(emission->slot_count, sizeof(*emission->slots));
	return emission->slots ? erofs_pool_run(pool, &ops, emission, emission->slot_count) : -ENOMEM;
}

static void report_progress(const struct erofs_plan *plan)
{
	struct erofs_build_progress progress = { .stage = EROFS_STAGE_EMIT,
						 .files = plan->files,
						 .files_total = plan->files,
						 .bytes = plan->file_bytes,
						 .bytes_total = plan->file_bytes };

	if (plan->options->progress)
		plan->options->progress(plan->options->progress_ctx, &progress);
}

int erofs_writer_emit(const struct erofs_plan *plan, const struct erofs_data *data, struct erofs_layout *layout,
		      struct erofs_pool *pool)
{
	erofs_auto(release_emission) struct emission emission = { .parts = erofs_writer_parts(plan, data, layout) };
	int err;

	emission.next = emission.parts.first;
	report_progress(plan);
	err = emit_metadata(&emission, pool);
	if (!err && layout->has_metabox)
		err = erofs_writer_emit_metabox(plan, data, layout, pool);
	if (!err)
		err = erofs_writer_emit_packed_inode(plan, data, layout);
	return err ? err : erofs_writer_emit_front(plan, data, layout, pool);
}
