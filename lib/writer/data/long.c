/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/writer/data/long.h"
#include "lib/writer/data/chunks.h"
#include "lib/writer/data/duplicates.h"
#include "lib/writer/data/place.h"
#include "lib/writer/data/repeats.h"
#include "lib/writer/data/reuse.h"
#include "lib/writer/data/store.h"

/*
 * Jobs of one segment each of a long file, but for their commits. Segments are read and encoded in any order; the identity is
 * made in theirs.
 */

/* ---- its life -------------------------------------------------------------------------------------------------------------- */

int erofs_writer_long_new(struct erofs_long_file **out, const struct erofs_tree_inode *inode)
{
	struct erofs_long_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->inode = inode;
	erofs_gate_init(&file->reading);
	erofs_gate_init(&file->writing);
	*out = file;
	return 0;
}

void erofs_writer_long_free(struct erofs_run *run, struct erofs_long_file *file)
{
	if (file->is_open)
		run->source->abandon(&file->content);
	erofs_writer_chain_release(&file->chain);
	erofs_buffer_release(&file->extents);
	erofs_gate_destroy(&file->reading);
	erofs_gate_destroy(&file->writing);
	free(file->tail);
	free(file);
}

int erofs_writer_long_begin(struct erofs_run *run, struct erofs_long_file *file)
{
	const struct erofs_tree_inode *inode = file->inode;
	int err = 0;

	if (run->is_second) {
		erofs_writer_chain_release(&file->chain);
		erofs_gate_destroy(&file->reading);
		erofs_gate_init(&file->reading);
	}
	file->next_segment = file->next_offset = 0;
	file->holes = file->chunks = (struct erofs_chunk_cursor){ .map = inode->data };
	if (!run->arrivals) {
		err = run->source->open(run->reader, &file->content, inode);
		file->is_open = !err;
	}
	return err ? err
		   : erofs_writer_chain_init(&file->chain, run->job_count, run->digest,
					     erofs_writer_identity_kind(run, inode));
}

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

/* What the source has as holes comes as zeros without asking it. */
static int read_segment(struct erofs_run *run, struct erofs_job *job, unsigned int worker)
{
	if (run->arrivals)
		return 0;
	if (job->has_data) {
		job->is_zero = false;
		return run->source->read(run->workers[worker].reader, &job->file->content, job->in, job->length,
					 job->offset);
	}
	if (!job->is_zero)
		memset(job->in, 0, run->segment);
	job->is_zero = true;
	return 0;
}

static int reuse_segment(struct erofs_run *run, struct erofs_job *job, unsigned int worker)
{
	job->result.room = run->out_room;
	return erofs_writer_reuse(run, worker, &job->file->content, job->in, job->offset, job->length, &job->result);
}

/* The same with the extents of other files, behind what it became without. */
static int encode_around(struct erofs_run *run, struct erofs_job *job, unsigned int worker)
{
	job->around_at = job->extents.size;
	job->around.out = job->out + job->result.size + job->result.tail_size;
	job->around.room = job->result.room;
	job->around.ends_file = job->is_last;
	job->around.may_have_zeros = true;
	return erofs_writer_encode_around(run, worker, job->file->inode, job->in, job->offset, job->length,
					  &job->around);
}

static int encode_segment(struct erofs_run *run, struct erofs_job *job, unsigned int worker)
{
	int err;

	job->result.room = erofs_writer_encode_room(&run->plan->methods, job->length);
	job->result.ends_file = job->is_last;
	job->result.may_have_zeros = erofs_writer_may_have_zeros(run->plan->options);
	/* Half of a file may be other segments, whose index is a full one then, too. */
	job->result.zeros_pay_for = run->plan->options->full_index ? 0 : 2 * run->segment;
	err = erofs_writer_encode(&run->workers[worker].encode,
				  erofs_writer_inode_plan(run->plan, job->file->inode)->method, job->in, job->length, 0,
				  &job->result);
	return err || !job->result.shrunk ? err : encode_around(run, job, worker);
}

int erofs_writer_long_work(struct erofs_run *run, struct erofs_job *job, unsigned int worker)
{
	struct erofs_long_file *file = job->file;
	int err = read_segment(run, job, worker);

	if (!err)
		err = erofs_writer_chain_offer(&file->chain, job->segment, job->in, job->length);
	if (err)
		return err;
	if (!job->segment)
		file->first = erofs_writer_sum(job->in, job->length);
	job->result = job->around = (struct erofs_encoded){ .out = job->out, .extents = &job->extents };
	if (run->is_hashing_only)
		return 0;
	if (erofs_writer_is_in_chunks(run, file->inode)) {
		erofs_writer_chunks_sum(run, job, file->inode, job->in, job->length);
		return 0;
	}
	if (file->content.encoded_end)
		return reuse_segment(run, job, worker);
	if (erofs_writer_is_whole_fragment(run, file))
		return job->is_last ? erofs_writer_encoded_note(&job->result, file->inode->size, 0, EROFS_FORM_FRAGMENT)
				    : 0;
	if (erofs_writer_method(run->plan, file->inode)->encoded_max)
		return encode_segment(run, job, worker);
	job->result.size = erofs_writer_store_size(run, job);
	return 0;
}

/* ---- finish ---------------------------------------------------------------------------------------------------------------- */

static int write_segment(struct erofs_run *run, struct erofs_job *job)
{
	static const uint8_t zeros[4096];
	struct iovec vector[2] = { { job->result.out, job->result.size },
				   { (void *)(uintptr_t)zeros, job->padding } };
	int err;

	if (!erofs_gate_enter(&job->file->writing))
		return 0;
	err = erofs_writer_is_stored(run, job->file) ? erofs_writer_store(run, job)
						     : erofs_output_writev(run->data->output, vector, 2, job->start);
	erofs_gate_leave(&job->file->writing);
	return err;
}

/* All of the file has been read: it has to be what it was when it was scanned. */
static int close_file(struct erofs_run *run, struct erofs_long_file *file, unsigned int worker)
{
	if (!file->is_open)
		return 0;
	file->is_open = false;
	return run->source->close(run->workers[worker].reader, &file->content);
}

int erofs_writer_long_finish(struct erofs_run *run, struct erofs_job *job, unsigned int worker)
{
	struct erofs_long_file *file = job->file;
	int err = job->is_dropped || !job->result.size ? 0 : write_segment(run, job);
	/* A candidate is closed by the last one that had begun to read it. */
	bool abandoned = erofs_gate_leave(&file->reading);

	if (!err && !job->is_dropped && job->is_last)
		return close_file(run, file, worker);
	if (abandoned && file->is_open) {
		file->is_open = false;
		run->source->abandon(&file->content);
	}
	return err;
}
