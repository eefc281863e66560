/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/emit.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"
#include "lib/writer/meta/emit_inode.h"

/*
 * Emit: the metadata in the order of their places, in pieces that several threads make and write at once. They consist of parts: each
 * inode, the shared xattrs, the blocks of each inode that has some. Every inode is checked against the place that layout gave it.
 */

/* A piece ends with the part that brings it to this size. */
#define PIECE_SIZE ((uint64_t)256 * 1024)

struct slot {
	struct erofs_piece piece;
	uint64_t first, end; /* its parts */
};

struct emission {
	struct erofs_emitter emitter;
	struct slot *slots;
	unsigned int slot_count;
	uint64_t next; /* part */
};

/* ---- parts ------------------------------------------------------------------------------------------------------------ */

static uint64_t inode_count(const struct emission *emission)
{
	return emission->emitter.plan->tree->inode_count;
}

static uint64_t part_count(const struct emission *emission)
{
	return inode_count(emission) + 1 + emission->emitter.layout->with_blocks_count;
}

static const struct erofs_tree_inode *inode_of(const struct emission *emission, uint64_t part)
{
	const struct erofs_layout *layout = emission->emitter.layout;
	uint64_t count = inode_count(emission);
	uint32_t number = part < count ? layout->by_position[part] : layout->with_blocks[part - count - 1];

	return emission->emitter.plan->tree->inodes[number];
}

/* Where a part begins, and the one before it ends, with zeros at its end perhaps. */
static uint64_t start_of(const struct emission *emission, uint64_t part)
{
	const struct erofs_layout *layout = emission->emitter.layout;
	uint64_t start = emission->emitter.zone_start;

	if (part == part_count(emission))
		return start + layout->metadata_size;
	if (part == inode_count(emission))
		return start + layout->shared_xattrs_at;
	if (part < inode_count(emission))
		return start + layout->positions[layout->by_position[part]];
	return (uint64_t)layout->blkaddrs[inode_of(emission, part)->number] * layout->blksz;
}

static int emit_part(const struct emission *emission, struct erofs_piece *piece, uint64_t part)
{
	const struct erofs_buffer *shared = &emission->emitter.plan->xattrs.shared_zone;

	if (part < inode_count(emission))
		return erofs_writer_emit_inode(&emission->emitter, piece, inode_of(emission, part));
	if (part > inode_count(emission))
		return erofs_writer_emit_blocks(&emission->emitter, piece, inode_of(emission, part));
	erofs_writer_row_pad(&piece->row, start_of(emission, part));
	erofs_writer_row_append(&piece->row, shared->data, shared->size);
	return 0;
}

/* ---- pieces, as jobs of the pool ------------------------------------------------------------------------------------- */

static int next_piece(void *ctx, unsigned int slot_number)
{
	struct emission *emission = ctx;
	struct slot *slot = &emission->slots[slot_number];
	uint64_t start = start_of(emission, emission->next), end = start;
	int err;

	if (emission->next == part_count(emission))
		return 0;
	if (erofs_cancel_requested(emission->emitter.plan->options->cancel))
		return -ECANCELED;
	slot->first = emission->next;
	while (emission->next < part_count(emission) && end - start < PIECE_SIZE)
		end = start_of(emission, ++emission->next);
	slot->end = emission->next;
	err = erofs_writer_row_begin(&slot->piece.row, start, end);
	for (uint64_t part = slot->first; !err && part < slot->end && part < inode_count(emission); part++)
		err = erofs_writer_emit_file_tail(&emission->emitter, &slot->piece, inode_of(emission, part));
	return err ? err : 1;
}

static int make_piece(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct emission *emission = ctx;
	struct slot *slot = &emission->slots[slot_number];
	int err = 0;

	(void)worker;
	for (uint64_t part = slot->first; !err && part < slot->end; part++)
		err = emit_part(emission, &slot->piece, part);
	if (!err)
		erofs_writer_row_pad(&slot->piece.row, slot->piece.row.end);
	return err;
}

static int hash_piece(void *ctx, unsigned int slot_number)
{
	const struct emission *emission = ctx;
	const struct erofs_row *row = &emission->slots[slot_number].piece.row;
	struct erofs_hasher *hasher = emission->emitter.data->uuid_hasher;

	return hasher ? erofs_hasher_append(hasher, row->bytes, (size_t)(row->end - row->start)) : 0;
}

static int write_piece(void *ctx, unsigned int slot_number, unsigned int worker)
{
	const struct emission *emission = ctx;
	const struct erofs_row *row = &emission->slots[slot_number].piece.row;

	(void)worker;
	return erofs_output_write(emission->emitter.data->output, row->bytes, (size_t)(row->end - row->start),
				  row->start);
}

static void release_emission(struct emission *emission)
{
	for (unsigned int i = 0; emission->slots && i < emission->slot_count; i++) {
		erofs_writer_row_release(&emission->slots[i].piece.row);
		erofs_buffer_release(&emission->slots[i].piece.scratch);
	}
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

int erofs_writer_emit(const struct erofs_plan *plan, const struct erofs_data *data, const struct erofs_layout *layout,
		      struct erofs_pool *pool)
{
	erofs_auto(release_emission) struct emission emission = {
		.emitter = { .plan = plan,
			     .data = data,
			     .layout = layout,
			     .zone_start = layout->meta_blkaddr * plan->blksz },
	};
	int err;

	report_progress(plan);
	err = emit_metadata(&emission, pool);
	return err ? err : erofs_writer_emit_front(plan, data, layout, pool);
}
