/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/chunks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/util/align.h"
#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"
#include "lib/util/report.h"
#include "lib/util/seed.h"
#include "lib/util/zeros.h"
#include "lib/writer/data/chunk_rows.h"
#include "lib/writer/data/duplicates.h"
#include "lib/writer/data/place.h"
#include "lib/writer/index/chunk_list.h"

/* ---- beginning and end ----------------------------------------------------------------------------------------------------- */

int erofs_writer_chunks_init(struct erofs_run *run)
{
	const struct erofs_plan *plan = run->plan;
	/* A sum for each granule of a segment, and each file may begin another one. */
	size_t count = (run->segment >> plan->options->blkszbits) + EROFS_BATCH_FILES;

	run->chunks.compared = erofs_data_buffer(EROFS_CHUNK_COMPARED);
	/* Sums decide nothing that is written, so that they may depend on chance; nobody can make them collide then. */
	run->chunks.seed = erofs_random_seed();
	for (unsigned int i = 0; i < run->job_count; i++) {
		run->jobs[i].sums = calloc(count, sizeof(*run->jobs[i].sums));
		if (!run->jobs[i].sums)
			return -ENOMEM;
	}
	return run->chunks.compared ? 0 : -ENOMEM;
}

void erofs_writer_chunks_release(struct erofs_chunks *chunks)
{
	free(chunks->compared);
	erofs_buffer_release(&chunks->runs);
	erofs_writer_chunk_table_release(&chunks->table);
}

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

/* Bytes of which the table knows a sum: those of all chunks where these have one size, else blocks. */
static size_t granule_of(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	if (run->plan->options->chunk_bytes)
		return (size_t)1 << erofs_writer_inode_plan(run->plan, inode)->chunkbits;
	return run->plan->blksz;
}

static uint64_t sum_of(const struct erofs_run *run, const uint8_t *bytes, size_t size)
{
	uint64_t sum;

	if (erofs_is_zero(bytes, size))
		return EROFS_CHUNK_SUM_ZERO;
	sum = XXH3_64bits_withSeed(bytes, size, run->chunks.seed);
	return sum == EROFS_CHUNK_SUM_ZERO ? ~sum : sum;
}

void erofs_writer_chunks_sum(struct erofs_run *run, struct erofs_job *job, const struct erofs_tree_inode *inode,
			     uint8_t *in, size_t size)
{
	size_t granule = granule_of(run, inode), padded = erofs_align_up(size, run->plan->blksz);

	memset(in + size, 0, padded - size);
	for (size_t at = 0; at < padded; at += granule)
		job->sums[job->sum_count++] = sum_of(run, in + at, padded - at < granule ? padded - at : granule);
}

/* ---- chunks ---------------------------------------------------------------------------------------------------------------- */

/* What a commit has in hand: some bytes of a file, whole blocks, with their sums; the first are those of a chunk. */
struct part {
	const struct erofs_tree_inode *inode;
	const uint8_t *in;
	const uint64_t *sums;
	size_t size;
	struct erofs_buffer *runs; /* of the file */
};

static size_t sums_of(const struct erofs_run *run, const struct part *part, size_t size)
{
	size_t granule = granule_of(run, part->inode);

	return (size + granule - 1) / granule;
}

static bool is_hole(const uint64_t *sums, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (sums[i] != EROFS_CHUNK_SUM_ZERO)
			return false;
	return true;
}

/* Stores bytes that are new, or have to follow others. */
static int put_new(struct erofs_run *run, const struct part *part)
{
	uint32_t blksz = run->plan->blksz;
	uint64_t start;
	int err = erofs_writer_place_bytes(run, part->inode, &start, part->size);

	if (!err)
		err = erofs_writer_chunk_rows_add(run, part->in, part->size, start);
	if (!err)
		err = erofs_writer_chunk_table_add(&run->chunks.table, part->sums, sums_of(run, part, part->size),
						   (uint32_t)(start / blksz),
						   (uint32_t)(granule_of(run, part->inode) / blksz));
	return err ? err : erofs_writer_runs_append(part->runs, (uint32_t)(start / blksz), part->size / blksz);
}

static int put_chunk(struct erofs_run *run, const struct part *part, struct erofs_chunk_gain *gain)
{
	uint32_t blksz = run->plan->blksz, block;
	size_t count = sums_of(run, part, part->size);
	int same;

	if (is_hole(part->sums, count)) {
		gain->holes += part->size;
		return erofs_writer_runs_append(part->runs, EROFS_NULL_BLOCK, part->size / blksz);
	}
	block = erofs_writer_chunk_table_find(&run->chunks.table, part->sums, count,
					      (uint32_t)(granule_of(run, part->inode) / blksz));
	same = block == EROFS_NULL_BLOCK ? 0 : erofs_writer_chunk_rows_same(run, part->in, part->size, block);
	if (same <= 0)
		return same < 0 ? same : put_new(run, part);
	gain->runs += block != gain->next;
	gain->next = block + (uint32_t)(part->size / blksz);
	gain->bytes += part->size;
	return erofs_writer_runs_append(part->runs, block, part->size / blksz);
}

/* Chunk by chunk; the last one may be shorter. */
static int put_chunks(struct erofs_run *run, const struct part *part, struct erofs_chunk_gain *gain)
{
	size_t chunk = (size_t)1 << erofs_writer_inode_plan(run->plan, part->inode)->chunkbits;
	int err = 0;

	for (size_t at = 0; !err && at < part->size; at += chunk) {
		struct part one = *part;

		one.in += at;
		one.sums += sums_of(run, part, at);
		one.size = part->size - at < chunk ? part->size - at : chunk;
		err = put_chunk(run, &one, gain);
	}
	return err;
}

/* ---- flat, or in chunks ---------------------------------------------------------------------------------------------------- */

static uint32_t tail_of(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	return erofs_writer_planned_tail(run->plan, inode);
}

/* Bytes that the file costs as one in chunks and not as a flat one: its map, and a block instead of an inline tail. */
static uint64_t cost_of_chunks(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	uint8_t chunkbits = erofs_writer_inode_plan(run->plan, inode)->chunkbits;
	uint32_t tail = tail_of(run, inode);

	return erofs_writer_chunk_map_size(run->plan, inode, 0, chunkbits) + (tail ? run->plan->blksz - tail : 0);
}

/*
 * Puts bytes of a file that may be flat, of which all before them were. `*in_chunks`: it no longer is. Where it does not pay, what was put
 * is taken back, and all is put as it is.
 */
static int put_if_worth(struct erofs_run *run, const struct part *part, struct erofs_chunk_gain *gain, bool *in_chunks)
{
	uint32_t known = run->chunks.table.count;
	uint64_t end = run->data->zone.end;
	size_t runs = part->runs->size;
	struct erofs_chunk_run last = { 0 };
	struct erofs_chunk_gain here = { 0 };
	int err;

	if (runs)
		memcpy(&last, part->runs->data + runs - sizeof(last), sizeof(last));
	err = put_chunks(run, part, &here);
	*in_chunks = here.bytes + here.holes > cost_of_chunks(run, part->inode);
	if (err || !(here.bytes + here.holes))
		return err;
	if (*in_chunks) {
		*gain = here;
		return 0;
	}
	part->runs->size = runs;
	if (runs)
		memcpy(part->runs->data + runs - sizeof(last), &last, sizeof(last));
	erofs_writer_chunk_table_cut(&run->chunks.table, known);
	erofs_writer_chunk_rows_cut(run, end);
	erofs_writer_zone_give_back(&run->data->zone, end);
	return put_new(run, part);
}

static void count_gain(struct erofs_run *run, const struct erofs_chunk_gain *gain)
{
	run->plan->summary->repeats += gain->runs;
	run->plan->summary->repeat_bytes += gain->bytes;
}

/* All of the file is put: notes where. */
static int place_file(struct erofs_run *run, const struct erofs_tree_inode *inode, const struct erofs_buffer *runs,
		      bool in_chunks)
{
	struct erofs_place *place = erofs_writer_place(run->data, inode);
	const struct erofs_chunk_run *first = (const void *)runs->data;
	uint64_t at;
	int err;

	if (!in_chunks) {
		place->blkaddr = runs->size ? first->block : 0;
		erofs_writer_tell(run, inode, "stored in");
		return 0;
	}
	err = erofs_writer_chunk_lists_add(
		&run->data->chunk_lists, &at, runs,
		erofs_writer_runs_chunkbits(runs, inode->size, run->plan->options->blkszbits));
	if (err)
		return err;
	place->at = at;
	place->is_chunked = true;
	run->data->has_chunks = true;
	erofs_writer_tell(run, inode, "stored in");
	return 0;
}

static int append_tail(struct erofs_run *run, const struct erofs_tree_inode *inode, const uint8_t *tail)
{
	return erofs_writer_place(run->data, inode)->is_chunked ? 0 : erofs_writer_append_tail(run, inode, tail);
}

static bool must_be_in_chunks(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	return erofs_writer_inode_plan(run->plan, inode)->layout == EROFS_LAYOUT_CHUNK_BASED;
}

/* Without the inline tail, but with the block that it becomes if the file turns out to be in chunks. */
static int put_flat(struct erofs_run *run, struct part *part, struct erofs_chunk_gain *gain, bool has_tail,
		    bool *in_chunks)
{
	size_t size = part->size;
	struct part tail = *part;
	int err;

	part->size -= has_tail ? run->plan->blksz : 0;
	err = part->size ? put_if_worth(run, part, gain, in_chunks) : 0;
	if (err || !*in_chunks || !has_tail)
		return err;
	tail.in += part->size;
	tail.sums += sums_of(run, part, part->size);
	tail.size = size - part->size;
	return put_chunks(run, &tail, gain);
}

static int put_part(struct erofs_run *run, struct part *part, struct erofs_chunk_gain *gain, bool has_tail,
		    bool *in_chunks)
{
	if (*in_chunks)
		return put_chunks(run, part, gain);
	return put_flat(run, part, gain, has_tail, in_chunks);
}

/* ---- commits --------------------------------------------------------------------------------------------------------------- */

int erofs_writer_chunks_small(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file)
{
	const struct erofs_tree_inode *inode = file->inode;
	uint32_t tail = tail_of(run, inode);
	struct erofs_chunk_gain gain = { .next = EROFS_NULL_BLOCK };
	bool in_chunks = must_be_in_chunks(run, inode);
	struct part part = {
		.inode = inode,
		.in = job->in + file->at,
		.sums = job->sums + file->sums_at,
		.size = erofs_align_up(inode->size, run->plan->blksz),
		.runs = &run->chunks.runs,
	};
	int err = 0;

	if (!erofs_writer_take_over(run, inode, false)) {
		run->chunks.runs.size = 0;
		err = erofs_writer_zone_align(&run->data->zone);
		if (!err)
			err = put_part(run, &part, &gain, tail, &in_chunks);
		if (!err)
			err = place_file(run, inode, &run->chunks.runs, in_chunks);
		if (!err)
			erofs_writer_own(run, inode);
		count_gain(run, &gain);
	}
	return err ? err : append_tail(run, inode, part.in + inode->size - tail);
}

static int begin_file(struct erofs_run *run, struct erofs_long_file *file)
{
	int err = erofs_writer_zone_align(&run->data->zone);

	file->start = run->data->zone.end;
	file->known_before = run->chunks.table.count;
	file->in_chunks = must_be_in_chunks(run, file->inode);
	return err;
}

/* What next has stepped over. */
static int put_hole(struct erofs_run *run, struct erofs_long_file *file, uint64_t end)
{
	uint64_t bytes = erofs_align_up(end, run->plan->blksz) - file->covered;

	if (end <= file->covered)
		return 0;
	file->covered = end;
	return erofs_writer_runs_append(&file->extents, EROFS_NULL_BLOCK, bytes / run->plan->blksz);
}

int erofs_writer_chunks_segment(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	struct part part = {
		.inode = file->inode,
		.in = job->in,
		.sums = job->sums,
		.size = erofs_align_up(job->length, run->plan->blksz),
		.runs = &file->extents,
	};
	int err = job->segment ? 0 : begin_file(run, file);

	if (!err)
		err = put_hole(run, file, job->offset);
	if (!err)
		err = put_part(run, &part, &file->gain, job->is_last && tail_of(run, file->inode), &file->in_chunks);
	file->covered = job->offset + job->length;
	if (!err && job->is_last)
		err = put_hole(run, file, file->inode->size);
	return err;
}

/* A file that is there already, which is known only now: it gives back what it took. */
static void withdraw(struct erofs_run *run, struct erofs_long_file *file)
{
	erofs_writer_chunk_table_cut(&run->chunks.table, file->known_before);
	erofs_writer_chunk_rows_cut(run, file->start);
	erofs_writer_zone_give_back(&run->data->zone, file->start);
}

int erofs_writer_chunks_end(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	uint32_t tail = tail_of(run, file->inode);
	int err = 0;

	if (erofs_writer_take_over(run, file->inode, false)) {
		withdraw(run, file);
	} else {
		err = place_file(run, file->inode, &file->extents, file->in_chunks);
		if (!err)
			erofs_writer_own(run, file->inode);
		count_gain(run, &file->gain);
	}
	return err ? err : append_tail(run, file->inode, job->in + job->length - tail);
}
