/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/writer/data/duplicates.h"
#include "lib/writer/data/place.h"

/* ---- contents -------------------------------------------------------------------------------------------------------------- */

/* A digest identifies the content in the UUID as well as a sum does. */
enum erofs_identity_kind erofs_writer_identity_kind(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	if (erofs_writer_inode_plan(run->plan, inode)->wants_digest)
		return EROFS_IDENTITY_DIGEST;
	return run->data->uuid_hasher ? EROFS_IDENTITY_SUM : EROFS_IDENTITY_NONE;
}

int erofs_writer_note(struct erofs_run *run, const struct erofs_tree_inode *inode,
		      const struct erofs_identity *identity)
{
	struct erofs_data *data = run->data;
	bool has_digest = erofs_writer_inode_plan(run->plan, inode)->wants_digest;
	int err = 0;

	if (has_digest)
		err = erofs_writer_dedup_note(&data->dedup, &erofs_writer_place(data, inode)->content,
					      identity->digest);
	if (err || !data->uuid_hasher)
		return err;
	if (has_digest)
		return erofs_hasher_append(data->uuid_hasher, identity->digest, erofs_digest_size(run->digest));
	return erofs_hasher_append(data->uuid_hasher, &identity->sum, sizeof(identity->sum));
}

/* ---- taking over ------------------------------------------------------------------------------------------------------------ */

const struct erofs_tree_inode *erofs_writer_file(const struct erofs_run *run, uint32_t number)
{
	if (run->arrivals)
		return *(const struct erofs_tree_inode **)erofs_pages_at(&run->data->arrivals, number);
	return run->plan->tree->inodes[number];
}

/* Whether the blocks of `have`, stored as planned, begin with those that `want` needs. */
static bool stored_alike(const struct erofs_plan *plan, const struct erofs_tree_inode *have,
			 const struct erofs_tree_inode *want)
{
	const struct erofs_inode_plan *a = erofs_writer_inode_plan(plan, have);
	const struct erofs_inode_plan *b = erofs_writer_inode_plan(plan, want);
	bool chunks = a->layout == EROFS_LAYOUT_CHUNK_BASED;

	if (chunks != (b->layout == EROFS_LAYOUT_CHUNK_BASED) || a->in_chunks != b->in_chunks)
		return false;
	if (chunks)
		return a->chunkbits == b->chunkbits && erofs_writer_chunk_same_map(have->data, want->data);
	return erofs_writer_planned_blocks(plan, have) >= erofs_writer_planned_blocks(plan, want);
}

static bool same_method(const struct erofs_plan *plan, const struct erofs_tree_inode *a,
			const struct erofs_tree_inode *b)
{
	return erofs_writer_inode_plan(plan, a)->method == erofs_writer_inode_plan(plan, b)->method;
}

/* The file whose data are those of this content, NULL if there is none. */
static const struct erofs_tree_inode *find_owner(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	uint32_t content = erofs_writer_place(run->data, inode)->content, owner;

	if (!run->plan->options->dedupe_files || content == EROFS_CONTENT_NONE)
		return NULL;
	owner = erofs_writer_dedup_owner(&run->data->dedup, content);
	return owner == EROFS_CONTENT_NONE || owner == inode->number ? NULL : erofs_writer_file(run, owner);
}

static void count_duplicate(struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	struct erofs_build_summary *summary = run->plan->summary;

	summary->shared_files++;
	summary->saved_bytes += erofs_writer_placed_span(run->plan, run->data, inode).size;
	if (erofs_writer_place(run->data, inode)->is_compressed) {
		summary->compressed_files++;
		summary->compressed_bytes += inode->size;
	}
	erofs_writer_tell(run, inode, "shares");
}

bool erofs_writer_take_over(struct erofs_run *run, const struct erofs_tree_inode *inode, bool compressed)
{
	const struct erofs_tree_inode *owner = find_owner(run, inode);
	struct erofs_place *place = erofs_writer_place(run->data, inode);
	const struct erofs_place *have;

	if (!owner)
		return false;
	have = erofs_writer_place(run->data, owner);
	if (have->is_compressed != compressed)
		return false;
	if (compressed) {
		if (!same_method(run->plan, owner, inode))
			return false;
		place->is_compressed = true;
		place->at = have->at;
		erofs_writer_tails_share(run->data->tails, erofs_writer_placed_tail_at(run->data, inode),
					 erofs_writer_placed_tail(run->plan, run->data, inode));
	} else if (have->is_chunked) {
		if (!erofs_writer_inode_plan(run->plan, inode)->in_chunks)
			return false;
		place->is_chunked = true;
		place->at = have->at;
	} else {
		if (!erofs_writer_planned_blocks(run->plan, inode) || !stored_alike(run->plan, owner, inode))
			return false;
		place->blkaddr = have->blkaddr;
	}
	count_duplicate(run, inode);
	return true;
}

/*
 * Where there is one method, work relies on a content that is there in extents, and no longer encodes it. A source whose extents
 * are taken over may have one that shrank where ours does not.
 */
static bool is_relied_on(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	const struct erofs_tree_inode *owner = find_owner(run, inode);

	return run->plan->methods.count == 1 && owner && erofs_writer_place(run->data, owner)->is_compressed;
}

void erofs_writer_own(struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	const struct erofs_place *place = erofs_writer_place(run->data, inode);

	if (!place->is_compressed && is_relied_on(run, inode))
		return;
	if (run->plan->options->dedupe_files && place->content != EROFS_CONTENT_NONE &&
	    (place->is_compressed || erofs_writer_planned_blocks(run->plan, inode)))
		erofs_writer_dedup_own(&run->data->dedup, place->content, inode->number, place->is_compressed);
}

/* ---- candidates ------------------------------------------------------------------------------------------------------------- */

/* Keeps what the segment has of the file's inline tail, which is all of it: segments are a number of blocks. */
static int keep_tail(struct erofs_run *run, struct erofs_long_file *file, const uint8_t *segment_end)
{
	uint32_t size = erofs_writer_planned_tail(run->plan, file->inode);

	if (!size)
		return 0;
	file->tail = malloc(size);
	if (!file->tail)
		return -ENOMEM;
	memcpy(file->tail, segment_end - size, size);
	return 0;
}

static int read_candidate(struct erofs_run *run, struct erofs_long_file *file, unsigned int worker)
{
	struct erofs_run_worker *tools = &run->workers[worker];
	uint8_t *buffer = run->jobs[worker].in;
	int err = erofs_writer_hash_begin(&tools->hash, EROFS_IDENTITY_DIGEST);

	run->jobs[worker].is_zero = false;
	for (uint64_t at = 0; !err && at < file->inode->size; at += run->segment) {
		uint64_t left = file->inode->size - at;
		size_t length = left < run->segment ? (size_t)left : run->segment;

		if (erofs_writer_is_cancelled(run->plan))
			return -ECANCELED;
		err = run->source->read(tools->reader, &file->content, buffer, length, at);
		if (!err)
			err = erofs_writer_hash_append(&tools->hash, buffer, length);
		if (!err && left == length)
			err = keep_tail(run, file, buffer + length);
		if (!err)
			erofs_progress_add(&run->progress.count, 0, length);
	}
	return err ? err : erofs_writer_hash_end(&tools->hash, &file->identity);
}

static int digest_candidate(void *ctx, unsigned int item, unsigned int worker)
{
	struct erofs_run *run = ctx;
	struct erofs_long_file *file = erofs_writer_long_file(run, item);
	int err;

	if (!file->is_candidate)
		return 0;
	err = run->source->open(run->workers[worker].reader, &file->content, file->inode);
	if (err)
		return err;
	err = read_candidate(run, file, worker);
	if (err) {
		run->source->abandon(&file->content);
		return err;
	}
	erofs_progress_add(&run->progress.count, 1, 0);
	return run->source->close(run->workers[worker].reader, &file->content);
}

/* Whether the candidate is a duplicate of an earlier file; if it is none, later ones may be duplicates of it. */
static void judge_candidate(struct erofs_run *run, struct erofs_long_file *file)
{
	const struct erofs_tree_inode *owner = find_owner(run, file->inode);
	uint32_t content = erofs_writer_place(run->data, file->inode)->content;

	file->is_copy = owner && erofs_writer_planned_blocks(run->plan, file->inode) &&
			same_method(run->plan, owner, file->inode) && stored_alike(run->plan, owner, file->inode);
	if (file->is_copy)
		file->original = owner->number;
	else
		erofs_writer_dedup_own(&run->data->dedup, content, file->inode->number, false);
}

static int note_candidates(struct erofs_run *run)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < run->file_count; i++) {
		struct erofs_long_file *file = erofs_writer_long_file(run, i);

		if (!file->is_candidate)
			continue;
		err = erofs_writer_note(run, file->inode, &file->identity);
		file->is_noted = true;
		if (!err)
			judge_candidate(run, file);
	}
	return err;
}

static int share_candidate(struct erofs_run *run, const struct erofs_long_file *file)
{
	const struct erofs_tree_inode *original = erofs_writer_file(run, file->original);
	bool compressed = erofs_writer_place(run->data, original)->is_compressed;

	/* Later ones that are stored by another method may have become the owner since. */
	erofs_writer_own(run, original);
	if (erofs_writer_take_over(run, file->inode, compressed))
		return erofs_writer_append_tail(run, file->inode, file->tail);
	return erofs_tree_report(run->plan->diag, -EIO, file->inode, "its duplicate was not stored in the same way");
}

static int note_in_order(struct erofs_run *run)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < run->file_count; i++) {
		struct erofs_long_file *file = erofs_writer_long_file(run, i);

		if (file->is_candidate)
			continue;
		err = erofs_writer_note(run, file->inode, &file->identity);
		if (!err && !find_owner(run, file->inode))
			erofs_writer_own(run, file->inode);
	}
	return err;
}

static bool has_candidates(const struct erofs_run *run)
{
	for (uint32_t i = 0; i < run->file_count; i++)
		if (erofs_writer_long_file(run, i)->is_candidate)
			return true;
	return false;
}

int erofs_writer_settle_candidates(struct erofs_run *run, const struct erofs_pool_ops *ops)
{
	int err = run->takes_turns ? note_in_order(run) : 0;

	if (err || !has_candidates(run))
		return err;
	err = erofs_pool_each(run->pool, digest_candidate, run, run->file_count);
	if (!err)
		err = note_candidates(run);
	run->is_second = true;
	run->next = 0;
	if (!err)
		err = erofs_pool_run(run->pool, ops, run, run->job_count);
	for (uint32_t i = 0; !err && i < run->file_count; i++)
		if (erofs_writer_long_file(run, i)->is_copy)
			err = share_candidate(run, erofs_writer_long_file(run, i));
	return err;
}
