/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/writer/data/small.h"
#include "lib/writer/data/chunks.h"
#include "lib/writer/data/duplicates.h"
#include "lib/writer/data/place.h"
#include "lib/writer/data/repeats.h"
#include "lib/writer/data/reuse.h"
#include "lib/writer/data/shift.h"

/* Jobs of small files: each is read whole, and several of them are written at once. */

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

static void note_encoded(struct erofs_job *job, struct erofs_small_file *file, const struct erofs_encoded *result)
{
	file->out_size = result->size;
	file->tail_size = result->tail_size;
	file->fragment_size = result->fragment_size;
	file->extents_size = job->extents.size - file->extents_at;
	file->extent_count = result->count;
	file->uneven = result->uneven;
	file->has_zeros = result->has_zeros;
}

/* What the source has encoded goes over as it is. */
static int reuse_file(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file,
		      struct erofs_content *content, unsigned int worker)
{
	struct erofs_encoded result = { .out = job->out + file->out_at, .extents = &job->extents };
	int err;

	result.room = run->out_room - file->out_at;
	err = erofs_writer_reuse(run, worker, content, job->in + file->at, 0, (size_t)file->inode->size, &result);
	if (err)
		return err;
	if (result.start || result.end != file->inode->size)
		return erofs_writer_report_gap(run, file->inode);
	note_encoded(job, file, &result);
	return 0;
}

static int read_file(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file, unsigned int worker)
{
	void *reader = run->workers[worker].reader;
	struct erofs_content content;
	int err = run->source->open(reader, &content, file->inode);

	if (err)
		return err;
	err = run->source->read(reader, &content, job->in + file->at, (size_t)file->inode->size, 0);
	if (!err && content.encoded_end)
		err = reuse_file(run, job, file, &content, worker);
	if (!err)
		return run->source->close(reader, &content);
	run->source->abandon(&content);
	return err;
}

static int hash_file(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file,
		     struct erofs_file_hash *hash)
{
	int err = erofs_writer_hash_begin(hash, erofs_writer_identity_kind(run, file->inode));

	if (!err)
		err = erofs_writer_hash_append(hash, job->in + file->at, (size_t)file->inode->size);
	return err ? err : erofs_writer_hash_end(hash, &file->identity);
}

/*
 * How many encoded bytes still make the image smaller than the stored file would. Depends on nothing but the size, so that
 * equal files are compressed or stored in every image: not on whether this one's tail happens to fit behind its inode.
 */
static size_t worthwhile(const struct erofs_plan *plan, uint64_t size)
{
	uint64_t stored = plan->options->inline_data ? size : erofs_writer_encode_room(&plan->methods, (size_t)size);
	uint64_t index = erofs_writer_index_estimate(&plan->methods, size);

	return stored > index && size > erofs_writer_inline_most(plan) ? (size_t)(stored - index - 1) : 0;
}

/*
 * Whether the data of a file with the same content are there, and encoded. Asked only where there is one method, so that the
 * answer cannot change any more.
 */
static bool is_known(struct erofs_run *run, const struct erofs_small_file *file)
{
	const struct erofs_plan *plan = run->plan;

	return plan->options->dedupe_files && erofs_writer_inode_plan(plan, file->inode)->wants_digest &&
	       plan->methods.count == 1 && erofs_writer_method(plan, file->inode)->encoded_max &&
	       erofs_writer_dedup_has_compressed(&run->data->dedup, file->identity.digest);
}

/* The same bytes with the extents of other files, behind what they became without. */
static int encode_around(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file,
			 unsigned int worker)
{
	struct erofs_small_around *around = &file->around;
	size_t size = (size_t)file->inode->size;

	int err;

	around->extents_at = job->extents.size;
	around->result = (struct erofs_encoded){
		.out = job->out + file->out_at + file->out_size + file->tail_size,
		.room = worthwhile(run->plan, size),
		.extents = &job->extents,
		.ends_file = true,
		.may_have_zeros = true,
	};
	err = erofs_writer_encode_around(run, worker, file->inode, job->in + file->at, 0, size, &around->result);

	around->extents_size = job->extents.size - around->extents_at;
	return err;
}

static int encode_file(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file,
		       unsigned int worker)
{
	struct erofs_encode_tools *tools = &run->workers[worker].encode;
	size_t size = (size_t)file->inode->size;
	struct erofs_encoded result = { .extents = &job->extents,
					.ends_file = true,
					.may_have_zeros = erofs_writer_may_have_zeros(run->plan->options) };
	int err;

	result.zeros_pay_for = run->plan->options->full_index ? 0 : size;
	/* Where nothing is encoded, there is no room to encode into. */
	if (!erofs_writer_method(run->plan, file->inode)->encoded_max)
		return 0;
	result.out = job->out + file->out_at;
	result.room = worthwhile(run->plan, size);
	if (!result.room && !erofs_writer_is_fragment(&run->plan->methods, erofs_writer_method(run->plan, file->inode), size))
		return 0;
	err = erofs_writer_encode(tools, erofs_writer_inode_plan(run->plan, file->inode)->method, job->in + file->at,
				  size, 0, &result);
	if (err)
		return err;
	if (result.full || !result.shrunk) {
		job->extents.size = file->extents_at;
		return 0;
	}
	note_encoded(job, file, &result);
	return encode_around(run, job, file, worker);
}

/* A last block of its own is padded with zeros; an inline tail is taken from where it is. */
static void pad_stored(const struct erofs_run *run, struct erofs_job *job, const struct erofs_small_file *file)
{
	size_t size = (size_t)file->inode->size;

	if (!erofs_writer_planned_tail(run->plan, file->inode))
		memset(job->in + file->at + size, 0, erofs_writer_encode_room(&run->plan->methods, size) - size);
}

static int work_file(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file, unsigned int worker)
{
	struct erofs_run_worker *tools = &run->workers[worker];
	int err = run->arrivals ? 0 : read_file(run, job, file, worker);

	if (!err)
		err = hash_file(run, job, file, &tools->hash);
	if (err || file->extent_count || run->is_hashing_only)
		return err;
	if (erofs_writer_is_in_chunks(run, file->inode)) {
		file->sums_at = job->sum_count;
		erofs_writer_chunks_sum(run, job, file->inode, job->in + file->at, (size_t)file->inode->size);
		return 0;
	}
	file->is_known = is_known(run, file);
	if (!file->is_known)
		err = encode_file(run, job, file, worker);
	if (!file->is_known && !file->extent_count)
		pad_stored(run, job, file);
	return err;
}

int erofs_writer_small_work(struct erofs_run *run, struct erofs_job *job, unsigned int worker)
{
	size_t out_at = 0;
	uint64_t bytes = 0;
	int err = 0;

	for (uint32_t i = 0; !err && i < job->count; i++) {
		struct erofs_small_file *file = &job->files[i];

		file->out_at = out_at;
		file->extents_at = job->extents.size;
		file->around.result.count = 0;
		err = work_file(run, job, file, worker);
		out_at += file->out_size + file->tail_size;
		if (file->around.result.count)
			out_at += file->around.result.size + file->around.result.tail_size;
		bytes += file->inode->size;
	}
	if (!err)
		erofs_progress_add(&run->progress.count, job->count, bytes);
	return err;
}

/* ---- commit ---------------------------------------------------------------------------------------------------------------- */

/* What is smaller than a block may go into what is left of one; the rest goes to the end of the data. */
static int place_encoded(struct erofs_run *run, struct erofs_small_file *file, const struct erofs_buffer *extents)
{
	struct erofs_zone *zone = &run->data->zone;
	uint32_t shift;
	int err, taken = 0;

	if (file->out_size && file->out_size <= zone->blksz)
		taken = erofs_writer_zone_take_gap(zone, &file->start, file->out_size);
	if (taken)
		return taken < 0 ? taken : 0;
	err = erofs_writer_shift(run, file->inode, extents, file->extent_count, &shift);
	return err ? err : erofs_writer_place_bytes(run, file->inode, &file->start, file->out_size);
}

/* With extents of other files, if they are there and that is better: then these take the place of those that the work has made. */
static int choose_extents(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file,
			  struct erofs_buffer *extents)
{
	const struct erofs_encoded *around = &file->around.result;
	const struct erofs_encoded plain = {
		.size = file->out_size,
		.tail_size = file->tail_size,
		.fragment_size = file->fragment_size,
		.shrunk = true,
	};
	const struct erofs_choice choice = {
		.inode = file->inode,
		.length = (size_t)file->inode->size,
		.plain = &plain,
		.around = around,
		.around_extents = { .data = job->extents.data + file->around.extents_at,
				    .size = file->around.extents_size },
	};
	struct erofs_chosen chosen;
	int better = erofs_writer_choose_around(run, &choice, &chosen);

	*extents = (struct erofs_buffer){ .data = job->extents.data + file->extents_at, .size = file->extents_size };
	if (better <= 0)
		return better;
	file->out_at = (size_t)(around->out - job->out);
	file->out_size = around->size;
	file->tail_size = around->tail_size;
	file->fragment_size = around->fragment_size;
	file->uneven = around->uneven;
	file->extent_count = chosen.count;
	file->has_shared = chosen.has_shared;
	file->has_zeros = chosen.has_zeros;
	*extents = run->resolved;
	return 0;
}

/* Where the data are, for the repeats of later files. */
static int note_placed(struct erofs_run *run, const struct erofs_small_file *file, const struct erofs_buffer *extents)
{
	return erofs_writer_note_extents(run, file->inode, 0, file->start, extents, file->extent_count);
}

static int place_file(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file)
{
	uint8_t method = erofs_writer_inode_plan(run->plan, file->inode)->method;
	uint32_t unit = run->plan->methods.items[method].unit;
	struct erofs_buffer extents;
	int err = choose_extents(run, job, file, &extents);
	struct erofs_extent_list list = {
		.plen = file->out_size / unit,
		.count = file->extent_count,
		.method = method,
		.uneven = file->uneven,
		.tail_size = (uint32_t)file->tail_size,
		.has_shared = file->has_shared,
		.has_zeros = file->has_zeros,
	};

	if (!err)
		err = place_encoded(run, file, &extents);
	if (!err)
		err = note_placed(run, file, &extents);
	list.start = file->start / unit;
	if (!err)
		err = erofs_writer_place_fragment(run, file->inode, &list,
						  job->in + file->at + file->inode->size - file->fragment_size,
						  file->fragment_size);
	if (!err)
		err = erofs_writer_place_extents(run, file->inode, &list, &extents,
						 job->out + file->out_at + file->out_size);
	return err;
}

static int commit_encoded(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file)
{
	int err;

	file->is_duplicate = erofs_writer_take_over(run, file->inode, true);
	if (file->is_duplicate)
		return 0;
	if (file->is_known)
		return erofs_tree_report(run->plan->diag, -EIO, file->inode, "its duplicate is there no longer");
	err = place_file(run, job, file);
	if (!err)
		erofs_writer_own(run, file->inode);
	return err;
}

static int commit_stored(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file)
{
	uint32_t tail = erofs_writer_planned_tail(run->plan, file->inode);
	int err = 0;

	file->is_duplicate = erofs_writer_take_over(run, file->inode, false);
	if (!file->is_duplicate) {
		err = erofs_writer_place_stored(run, file->inode);
		if (!err)
			erofs_writer_own(run, file->inode);
	}
	file->start = (uint64_t)erofs_writer_place(run->data, file->inode)->blkaddr * run->plan->blksz;
	return err ? err : erofs_writer_append_tail(run, file->inode, job->in + file->at + file->inode->size - tail);
}

static int commit_file(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file)
{
	if (erofs_writer_is_in_chunks(run, file->inode))
		return erofs_writer_chunks_small(run, job, file);
	return file->is_known || file->extent_count ? commit_encoded(run, job, file) : commit_stored(run, job, file);
}

int erofs_writer_small_commit(struct erofs_run *run, struct erofs_job *job)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < job->count; i++) {
		struct erofs_small_file *file = &job->files[i];

		err = erofs_writer_note(run, file->inode, &file->identity);
		if (err || run->is_hashing_only)
			continue;
		err = commit_file(run, job, file);
	}
	return err;
}

/* ---- finish ---------------------------------------------------------------------------------------------------------------- */

/* Bytes that follow each other on the device. */
struct row {
	struct iovec vector[EROFS_BATCH_FILES];
	size_t count;
	uint64_t start, end;
};

static int write_row(const struct erofs_run *run, struct row *row)
{
	int err = row->count ? erofs_output_writev(run->data->output, row->vector, row->count, row->start) : 0;

	row->count = 0;
	return err;
}

static int add_to_row(const struct erofs_run *run, struct row *row, uint8_t *data, size_t size, uint64_t start)
{
	int err = start == row->end ? 0 : write_row(run, row);

	if (!row->count)
		row->start = start;
	row->vector[row->count++] = (struct iovec){ data, size };
	row->end = start + size;
	return err;
}

int erofs_writer_small_finish(struct erofs_run *run, struct erofs_job *job)
{
	struct row row = { .count = 0 };
	int err = 0;

	if (run->is_hashing_only)
		return 0;
	for (uint32_t i = 0; !err && i < job->count; i++) {
		struct erofs_small_file *file = &job->files[i];
		size_t stored =
			(size_t)erofs_writer_placed_blocks(run->plan, run->data, file->inode) * run->plan->blksz;

		if (file->is_duplicate || erofs_writer_is_in_chunks(run, file->inode))
			continue;
		if (file->out_size)
			err = add_to_row(run, &row, job->out + file->out_at, file->out_size, file->start);
		else if (stored)
			err = add_to_row(run, &row, job->in + file->at, stored, file->start);
	}
	return err ? err : write_row(run, &row);
}
