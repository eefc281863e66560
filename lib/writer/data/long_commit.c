/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/writer/data/long.h"
#include "lib/writer/data/chunks.h"
#include "lib/writer/data/duplicates.h"
#include "lib/writer/data/place.h"
#include "lib/writer/data/repeats.h"
#include "lib/writer/data/reuse.h"
#include "lib/writer/data/shift.h"
#include "lib/writer/data/store.h"

/* Commits of long files: those of one file are in the order of its segments, so that its data follow each other. */

/* ---- the first segment ----------------------------------------------------------------------------------------------------- */

static bool same_start(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_long_file *a = erofs_writer_long_file(ctx, number);
	const struct erofs_long_file *b = key;

	return a->inode->size == b->inode->size && a->first.low == b->first.low && a->first.high == b->first.high;
}

/* Finds out whether the file might be a duplicate, by its first segment. Arrivals are stored anyway, and perhaps withdrawn. */
static int judge_start(struct erofs_run *run, struct erofs_long_file *file)
{
	if (run->is_second || run->arrivals || run->is_hashing_only || !run->plan->options->dedupe_files ||
	    erofs_writer_is_in_chunks(run, file->inode) ||
	    !erofs_writer_inode_plan(run->plan, file->inode)->wants_digest)
		return 0;
	if (erofs_index_find(&run->first_segments, file->first.low, same_start, run, file) == EROFS_INDEX_NONE)
		return erofs_index_add(&run->first_segments, file->first.low, file->number);
	file->is_candidate = true;
	erofs_gate_close(&file->reading);
	return 0;
}

/* ---- places ---------------------------------------------------------------------------------------------------------------- */

/* What was taken over has to be all of the file, extent by extent, as it was for the digest. */
static int cover(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	bool fits = !job->result.count || job->result.start == file->covered;

	if (!file->content.encoded_end)
		return 0;
	if (job->result.count)
		file->covered = job->result.end;
	if (fits && (!job->is_last || file->covered == file->inode->size))
		return 0;
	return erofs_writer_report_gap(run, file->inode);
}

static int add_gap(struct erofs_long_file *file, uint32_t size)
{
	struct erofs_list_extent gap = { .plen = size, .form = EROFS_FORM_GAP };

	file->gaps++;
	file->size += size;
	return erofs_writer_extents_append(&file->extents, &gap);
}

/* With extents of other files, if they are there and that is better: then these take the place of those that the work has made. */
static int choose_extents(struct erofs_run *run, struct erofs_job *job)
{
	const struct erofs_choice choice = {
		.inode = job->file->inode,
		.offset = job->offset,
		.length = job->length,
		.plain = &job->result,
		.around = &job->around,
		.around_extents = { .data = job->extents.data + job->around_at,
				    .size = job->extents.size - job->around_at },
	};
	struct erofs_chosen chosen;
	int better;

	if (!job->around.count)
		return 0;
	better = erofs_writer_choose_around(run, &choice, &chosen);
	job->extents.size = job->around_at;
	if (better <= 0)
		return better;
	job->result = job->around;
	job->result.count = chosen.count;
	/* By itself it has shrunk: no company makes it one of those that are stored as they are. */
	job->result.shrunk = true;
	job->result.has_zeros = chosen.has_zeros;
	job->file->has_shared |= chosen.has_shared;
	job->extents.size = 0;
	return erofs_buffer_append(&job->extents, run->resolved.data, run->resolved.size);
}

static int add_extents(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	int err =
		erofs_writer_note_extents(run, file->inode, job->offset, job->start, &job->extents, job->result.count);

	if (!job->segment)
		file->start = job->start;
	file->count += job->result.count;
	file->shrunk |= job->result.shrunk;
	file->uneven |= job->result.uneven;
	file->has_zeros |= job->result.has_zeros;
	return err ? err : erofs_buffer_append(&file->extents, job->extents.data, job->extents.size);
}

static int place_encoded(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	int err = job->segment ? 0 : erofs_writer_zone_align(&run->data->zone);
	uint32_t shift;

	if (!err)
		err = cover(run, job);
	if (!err)
		err = choose_extents(run, job);
	if (!err && erofs_writer_is_whole_fragment(run, file))
		err = erofs_writer_place_whole(run, job);
	if (!err)
		err = erofs_writer_shift(run, file->inode, &job->extents, job->result.count, &shift);
	if (!err && shift && job->segment)
		err = add_gap(file, shift);
	if (!err)
		err = erofs_writer_place_bytes(run, file->inode, &job->start, job->result.size);
	return err ? err : add_extents(run, job);
}

/* A stored file's size is known, so that the first segment takes the blocks of all. */
static int place_stored(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	int err = job->segment ? 0 : erofs_writer_place_stored(run, file->inode);

	if (!job->segment)
		file->start = (uint64_t)erofs_writer_place(run->data, file->inode)->blkaddr * run->plan->blksz;
	job->start = file->start + file->size;
	return err;
}

static int place_segment(struct erofs_run *run, struct erofs_job *job)
{
	int err = 0;

	if (erofs_writer_is_in_chunks(run, job->file->inode))
		return erofs_writer_chunks_segment(run, job);
	if (!run->is_hashing_only)
		err = erofs_writer_is_stored(run, job->file) ? place_stored(run, job) : place_encoded(run, job);
	job->file->size += job->result.size;
	return err;
}

/* ---- the last segment ------------------------------------------------------------------------------------------------------ */

static int end_identity(struct erofs_run *run, struct erofs_long_file *file)
{
	struct erofs_identity identity = { .digest = { 0 } };
	int err = erofs_writer_chain_end(&file->chain, &identity);

	if (err)
		return err;
	if (file->is_noted && memcmp(identity.digest, file->identity.digest, erofs_digest_size(run->digest)) != 0)
		return erofs_tree_report(run->plan->diag, -EBUSY, file->inode, "file changed while it was read");
	file->identity = identity;
	return 0;
}

/* Nothing shrank: the bytes on the device are those of a stored file, but for the end of its last block and a packed tail. */
static int make_stored(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	uint64_t start;
	int err = erofs_writer_place_bytes(run, file->inode, &start, job->result.tail_size);

	if (err)
		return err;
	job->result.size += job->result.tail_size;
	job->padding = -job->result.size & (run->plan->blksz - 1);
	erofs_writer_place(run->data, file->inode)->blkaddr = (uint32_t)(file->start / run->plan->blksz);
	erofs_writer_tell(run, file->inode, "stored in");
	return erofs_writer_place_bytes(run, file->inode, &start, job->padding);
}

static int settle_layout(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	uint8_t method = erofs_writer_inode_plan(run->plan, file->inode)->method;
	uint32_t unit = run->plan->methods.items[method].unit;
	struct erofs_extent_list list = {
		.start = file->start / unit,
		.plen = file->size / unit,
		.count = file->count,
		.gaps = file->gaps,
		.method = method,
		.uneven = file->uneven,
		.has_shared = file->has_shared,
		.has_zeros = file->has_zeros,
		.tail_size = (uint32_t)job->result.tail_size,
	};
	int err;

	if (erofs_writer_is_stored(run, file))
		return 0;
	if (!file->shrunk)
		return make_stored(run, job);
	if (erofs_writer_is_whole_fragment(run, file)) {
		list.has_fragment = true;
		list.fragment = file->fragment;
	}
	err = erofs_writer_place_fragment(run, file->inode, &list, job->in + job->length - job->result.fragment_size,
					  job->result.fragment_size);
	if (err)
		return err;
	return erofs_writer_place_extents(run, file->inode, &list, &file->extents, job->result.out + job->result.size);
}

/*
 * A file that arrived, and whose content is there already, as is known now that all of it is in the image, too: gives the room
 * back, of which it was the last user. Nobody may still be writing there when the next one begins.
 */
static bool withdraw(struct erofs_run *run, struct erofs_long_file *file)
{
	if (!erofs_writer_take_over(run, file->inode, false) && !erofs_writer_take_over(run, file->inode, true))
		return false;
	erofs_gate_close_and_wait(&file->writing);
	erofs_writer_zone_give_back(&run->data->zone, file->start);
	return true;
}

/* Notes the content, and lets later files be duplicates of this one. */
static int end_content(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	uint32_t content = EROFS_CONTENT_NONE;
	int err = 0;

	if (!file->is_noted && !(run->takes_turns && !run->is_second))
		err = erofs_writer_note(run, file->inode, &file->identity);
	if (err || run->is_hashing_only || (run->arrivals && withdraw(run, file)))
		return err;
	err = settle_layout(run, job);
	content = erofs_writer_place(run->data, file->inode)->content;
	if (!err && content != EROFS_CONTENT_NONE &&
	    (run->arrivals || erofs_writer_dedup_owner(&run->data->dedup, content) == EROFS_CONTENT_NONE))
		erofs_writer_own(run, file->inode);
	return err;
}

static int end_in_chunks(struct erofs_run *run, struct erofs_job *job)
{
	int err = erofs_writer_note(run, job->file->inode, &job->file->identity);

	return err ? err : erofs_writer_chunks_end(run, job);
}

static int end_file(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	uint32_t tail = erofs_writer_planned_tail(run->plan, file->inode);
	int err = end_identity(run, file);

	if (!err && erofs_writer_is_in_chunks(run, file->inode))
		err = end_in_chunks(run, job);
	else if (!err)
		err = end_content(run, job);
	if (!err && !run->is_hashing_only && !erofs_writer_is_in_chunks(run, file->inode) && !erofs_writer_place(run->data, file->inode)->is_compressed)
		err = erofs_writer_append_tail(run, file->inode, job->in + job->length - tail);
	erofs_writer_chain_release(&file->chain);
	erofs_buffer_release(&file->extents);
	if (!err && !run->is_second)
		erofs_progress_add(&run->progress.count, 1, 0);
	return err;
}

int erofs_writer_long_commit(struct erofs_run *run, struct erofs_job *job)
{
	struct erofs_long_file *file = job->file;
	int err = job->segment ? 0 : judge_start(run, file);

	job->padding = 0;
	job->is_dropped = file->is_candidate && !run->is_second;
	/* All segments up to this one have been read; a thread may still be hashing it. */
	if (!err)
		err = erofs_writer_chain_drain(&file->chain);
	if (err || job->is_dropped)
		return err;
	if (!run->is_second)
		erofs_progress_add(&run->progress.count, 0, job->span);
	err = place_segment(run, job);
	return err || !job->is_last ? err : end_file(run, job);
}
