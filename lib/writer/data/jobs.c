/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/writer/data/jobs.h"
#include "lib/writer/data/long.h"

/* What the next job is. */

#define BATCH_BYTES ((size_t)512 * 1024)

/* ---- the next file --------------------------------------------------------------------------------------------------------- */

static int add_arrival(struct erofs_run *run, struct erofs_tree_inode *inode)
{
	struct erofs_data *data = run->data;
	uint32_t number = data->arrived;
	int err = erofs_pages_add(&data->places, number);

	if (!err)
		err = erofs_pages_add(&data->arrivals, number);
	if (err)
		return err;
	inode->number = number;
	*(const struct erofs_tree_inode **)erofs_pages_at(&data->arrivals, number) = inode;
	erofs_writer_place(data, inode)->content = EROFS_CONTENT_NONE;
	data->arrived++;
	return erofs_writer_plan_arrival(run->plan, inode);
}

/* The next file with data in `*inode`: 1; 0 if there is none. */
static int next_file(struct erofs_run *run, const struct erofs_tree_inode **inode)
{
	const struct erofs_tree *tree = run->plan->tree;
	struct erofs_tree_inode *arrived;
	int found;

	*inode = run->waiting;
	run->waiting = NULL;
	if (*inode)
		return 1;
	if (run->arrivals) {
		found = run->arrivals->next(tree->source, &arrived);
		if (found <= 0)
			return found;
		*inode = arrived;
		found = add_arrival(run, arrived);
		return found ? found : 1;
	}
	while (run->next < tree->inode_count) {
		*inode = tree->inodes[run->next++];
		if (S_ISREG((*inode)->mode) && (*inode)->size)
			return 1;
	}
	return 0;
}

/* The next candidate that has to be stored after all. */
static struct erofs_long_file *next_candidate(struct erofs_run *run)
{
	while (run->next < run->file_count) {
		struct erofs_long_file *file = erofs_writer_long_file(run, run->next++);

		if (file->is_candidate && !file->is_copy)
			return file;
	}
	return NULL;
}

/* The bytes of what arrives; other sources are asked by the job. Returns 1. */
static int read_arrival(struct erofs_run *run, uint8_t *buffer, size_t size)
{
	int err = run->arrivals ? run->arrivals->read(run->plan->tree->source, buffer, size) : 0;

	return err ? err : 1;
}

/* ---- segments of long files ------------------------------------------------------------------------------------------------ */

static bool is_long(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	const struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(run->plan, inode);

	return inode->size > run->segment ||
	       (inode_plan->layout == EROFS_LAYOUT_CHUNK_BASED && !inode_plan->in_chunks && !run->is_hashing_only);
}

/*
 * Behind a segment: where the next one starts. A hole whose chunks are not stored is stepped over, unless a digest wants its
 * zeros; in a sum they may be missing, because the chunk map tells of them.
 */
static uint64_t skip_holes(const struct erofs_run *run, struct erofs_long_file *file, uint64_t offset)
{
	const struct erofs_tree_inode *inode = file->inode;
	const struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(run->plan, inode);
	uint64_t chunk = UINT64_C(1) << inode_plan->chunkbits;
	uint64_t start;

	if (inode_plan->layout != EROFS_LAYOUT_CHUNK_BASED || run->is_hashing_only || offset >= inode->size ||
	    !inode->data)
		return offset;
	if (erofs_writer_chunk_has_data(&file->chunks, offset & ~(chunk - 1), offset + 1))
		return offset;
	if (inode_plan->wants_digest || run->arrivals)
		return offset;
	if (file->chunks.range == inode->data->count)
		return inode->size;
	start = inode->data->ranges[file->chunks.range].start & ~(chunk - 1);
	return start > offset ? start : offset;
}

/* The next segment of a file: 1, or 0 if it needs no more of them. */
static int next_segment(struct erofs_run *run, struct erofs_job *job, struct erofs_long_file *file)
{
	uint64_t size = file->inode->size, left = size - file->next_offset;

	if (file->next_offset >= size || !erofs_gate_enter(&file->reading))
		return 0;
	job->count = 0;
	job->file = file;
	job->segment = file->next_segment++;
	job->offset = file->next_offset;
	job->length = left < run->segment ? (size_t)left : run->segment;
	job->has_data =
		!file->holes.map || erofs_writer_chunk_has_data(&file->holes, job->offset, job->offset + job->length);
	job->chunks = file->chunks;
	file->next_offset = skip_holes(run, file, job->offset + job->length);
	job->span = file->next_offset - job->offset;
	job->is_last = file->next_offset >= size;
	return read_arrival(run, job->in, job->length);
}

static void close_turn(struct erofs_run *run, unsigned int turn)
{
	run->open_count--;
	for (unsigned int i = turn; i < run->open_count; i++)
		run->open[i] = run->open[i + 1];
}

/* The next segment of one of the long files that are open: 1, or 0 if there is none. */
static int next_turn(struct erofs_run *run, struct erofs_job *job)
{
	while (run->open_count) {
		unsigned int turn = run->turn % run->open_count;
		int found = next_segment(run, job, run->open[turn]);

		run->turn = turn + 1;
		if (found)
			return found;
		close_turn(run, turn);
	}
	return 0;
}

static int add_long(struct erofs_run *run, struct erofs_long_file **out, const struct erofs_tree_inode *inode)
{
	int err = erofs_pages_add(&run->files, run->file_count);

	if (!err)
		err = erofs_writer_long_new(out, inode);
	if (err)
		return err;
	(*out)->number = run->file_count;
	*(struct erofs_long_file **)erofs_pages_at(&run->files, run->file_count++) = *out;
	return 0;
}

static int open_long(struct erofs_run *run, struct erofs_job *job, struct erofs_long_file *file)
{
	int err = erofs_writer_long_begin(run, file);

	if (err)
		return err;
	run->open[run->open_count++] = file;
	return next_segment(run, job, file);
}

/* ---- jobs ------------------------------------------------------------------------------------------------------------------ */

/* The next files: as many as make a batch, or the first segment of a long one. */
static int next_batch(struct erofs_run *run, struct erofs_job *job)
{
	const struct erofs_tree_inode *inode;
	struct erofs_long_file *file;
	size_t used = 0;
	int found;

	job->count = 0;
	job->is_zero = false;
	while ((found = next_file(run, &inode)) > 0) {
		bool whole = !is_long(run, inode);
		size_t span = whole ? erofs_writer_encode_room(&run->plan->methods, (size_t)inode->size) : run->segment;

		if (job->count == EROFS_BATCH_FILES || (job->count && used + span > BATCH_BYTES)) {
			run->waiting = inode;
			return 1;
		}
		if (!whole) {
			found = add_long(run, &file, inode);
			return found ? found : open_long(run, job, file);
		}
		found = read_arrival(run, job->in + used, (size_t)inode->size);
		if (found < 0)
			return found;
		job->files[job->count++] = (struct erofs_small_file){ .inode = inode, .at = used };
		used += span;
	}
	return found < 0 ? found : job->count > 0;
}

static int next_new(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file;

	if (!run->is_second)
		return next_batch(run, job);
	file = next_candidate(run);
	return file ? open_long(run, job, file) : 0;
}

int erofs_writer_next_job(struct erofs_run *run, struct erofs_job *job)
{
	bool full = run->open_count == run->open_most;
	int found;

	if (erofs_writer_is_cancelled(run->plan))
		return -ECANCELED;
	/* Something new comes when each open file had its turn, and what is left of them at the end. */
	if (full || (run->open_count && run->turn < run->open_count)) {
		found = next_turn(run, job);
		if (found)
			return found;
	}
	run->turn = 0;
	found = next_new(run, job);
	return found ? found : next_turn(run, job);
}
