/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Files that are stored as they are. Those of up to a segment are read whole, several to a batch, and written when their place
 * is known; longer ones and those with chunks are streams, which get their place on the strength of their size and first
 * segment and go through one segment's buffer.
 */

/* ---- batches ------------------------------------------------------------------------------------------------------------- */

struct pack_file {
	const struct erofs_tree_inode *inode;
	size_t at; /* in the slot's buffer */
	pack_sum sum;
	uint8_t digest[EROFS_DIGEST_MAX];
	bool shares; /* its blocks are there already */
};

struct pack_slot {
	uint8_t *buffer;
	struct pack_file files[PACK_BATCH_MAX];
	uint32_t count;
	bool is_stream;
	struct pack_segment segment; /* of a stream */
};

/* The run over all files. */
struct plain_run {
	struct pack *pack;
	struct pack_slot *slots;
	unsigned int slot_count;
	uint32_t next; /* inode number */
};

/* A batch's buffer mirrors the device: each file starts on a block of its own, padded with zeros. */
static size_t buffer_span(const struct erofs_builder *builder, uint64_t size)
{
	return ((size_t)size + builder->blksz - 1) & ~(size_t)(builder->blksz - 1);
}

static int read_file(struct pack *pack, struct pack_slot *slot, struct pack_file *file, struct pack_worker *worker)
{
	const struct erofs_tree_inode *inode = file->inode;
	uint8_t *data = slot->buffer + file->at;
	size_t size = (size_t)inode->size;
	struct erofs_content content;
	int err = pack->source->open(worker->reader, &content, inode);

	if (err)
		return err;
	err = pack->source->read(worker->reader, &content, data, size, 0);
	if (err) {
		pack->source->abandon(&content);
		return err;
	}
	err = pack->source->close(worker->reader, &content);
	/* An inline tail is taken from here; only a last block of its own needs the zeros. */
	if (!erofs_plan_tail_size(pack->builder, inode))
		memset(data + size, 0, buffer_span(pack->builder, size) - size);
	if (!err)
		err = erofs_pack_hash_begin(pack, &worker->hash, inode);
	if (!err)
		err = erofs_pack_hash_append(pack, &worker->hash, inode, data, size);
	return err ? err : erofs_pack_hash_end(pack, &worker->hash, inode, file->digest, &file->sum);
}

static int commit_file(struct pack *pack, struct pack_slot *slot, struct pack_file *file)
{
	struct erofs_builder *builder = pack->builder;
	struct inode_plan *plan = erofs_plan(builder, file->inode->number);
	uint32_t tail = erofs_plan_tail_size(builder, file->inode);
	int err = erofs_pack_note_content(pack, file->inode, file->digest, file->sum);

	if (err)
		return err;
	file->shares = erofs_pack_share(pack, file->inode);
	if (!file->shares)
		err = erofs_pack_allocate(pack, file->inode);
	if (err || !tail)
		return err;
	return erofs_tails_append(&builder->tails, &plan->tail_at, slot->buffer + file->at + file->inode->size - tail,
				  tail);
}

/* Files that are written got their blocks one behind the other, so one call writes them all. */
static int write_batch(struct pack *pack, struct pack_slot *slot)
{
	struct erofs_builder *builder = pack->builder;
	struct iovec vector[PACK_BATCH_MAX];
	uint64_t first = 0;
	size_t count = 0;

	for (uint32_t i = 0; i < slot->count; i++) {
		const struct pack_file *file = &slot->files[i];
		uint64_t blocks = erofs_plan_blocks(builder, file->inode);

		if (file->shares || !blocks)
			continue;
		if (!count)
			first = erofs_plan(builder, file->inode->number)->blkaddr;
		vector[count++] = (struct iovec){ slot->buffer + file->at, (size_t)blocks * builder->blksz };
	}
	return count ? erofs_output_writev(builder->output, vector, count, first * builder->blksz) : 0;
}

/* ---- slots ------------------------------------------------------------------------------------------------------------------ */

static int next_job(void *ctx, unsigned int number)
{
	struct plain_run *run = ctx;
	struct erofs_builder *builder = run->pack->builder;
	struct pack_slot *slot = &run->slots[number];
	size_t used = 0;

	if (erofs_build_cancelled(builder))
		return -ECANCELED;
	slot->count = 0;
	slot->is_stream = false;
	for (; run->next < builder->tree->inode_count; run->next++) {
		const struct erofs_tree_inode *inode = builder->tree->inodes[run->next];
		size_t span;

		if (!S_ISREG(inode->mode) || !inode->size)
			continue;
		if (erofs_pack_is_stream(builder, inode)) {
			if (slot->count)
				return 1;
			run->next++;
			slot->is_stream = true;
			slot->segment =
				(struct pack_segment){ .stream = &run->pack->streams[run->pack->stream_count++] };
			slot->segment.stream->inode = inode;
			return 1;
		}
		span = buffer_span(builder, inode->size);
		if (slot->count == PACK_BATCH_MAX || used + span > PACK_SEGMENT)
			return 1;
		slot->files[slot->count++] = (struct pack_file){ .inode = inode, .at = used };
		used += span;
	}
	return slot->count > 0;
}

static int work(void *ctx, unsigned int number, unsigned int worker)
{
	struct plain_run *run = ctx;
	struct pack_slot *slot = &run->slots[number];
	uint64_t bytes = 0;
	int err = 0;

	if (slot->is_stream)
		return erofs_pack_stream_work(run->pack, &slot->segment, slot->buffer, &run->pack->workers[worker]);
	for (uint32_t i = 0; !err && i < slot->count; i++) {
		err = read_file(run->pack, slot, &slot->files[i], &run->pack->workers[worker]);
		bytes += slot->files[i].inode->size;
	}
	if (!err)
		erofs_pack_progress(run->pack, slot->count, bytes);
	return err;
}

static int commit(void *ctx, unsigned int number)
{
	struct plain_run *run = ctx;
	struct pack_slot *slot = &run->slots[number];
	int err = 0;

	if (slot->is_stream)
		return erofs_pack_stream_commit(run->pack, &slot->segment);
	for (uint32_t i = 0; !err && i < slot->count; i++)
		err = commit_file(run->pack, slot, &slot->files[i]);
	return err;
}

static int finish(void *ctx, unsigned int number, unsigned int worker)
{
	struct plain_run *run = ctx;
	struct pack_slot *slot = &run->slots[number];

	if (slot->is_stream)
		return erofs_pack_stream_finish(run->pack, &slot->segment, slot->buffer, &run->pack->workers[worker]);
	return write_batch(run->pack, slot);
}

/* ---- all of them -------------------------------------------------------------------------------------------------------------- */

static void release_run(struct plain_run *run)
{
	struct pack *pack = run->pack;

	for (unsigned int i = 0; run->slots && i < run->slot_count; i++) {
		if (run->slots[i].segment.is_open)
			pack->source->abandon(&run->slots[i].segment.content);
		free(run->slots[i].buffer);
	}
	free(run->slots);
	for (uint32_t i = 0; i < pack->stream_count; i++)
		free(pack->streams[i].tail);
	free(pack->streams);
	erofs_index_release(&pack->first_segments);
}

static size_t count_streams(const struct erofs_builder *builder)
{
	size_t count = 0;

	for (uint32_t i = 0; i < builder->tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = builder->tree->inodes[i];

		count += S_ISREG(inode->mode) && inode->size && erofs_pack_is_stream(builder, inode);
	}
	return count;
}

static int init_run(struct plain_run *run)
{
	struct pack *pack = run->pack;
	int err = 0;

	pack->streams = calloc(count_streams(pack->builder) + 1, sizeof(*pack->streams));
	/* One slot in every worker's hands, and as many whose bytes wait for their turn. */
	run->slot_count = 2 * erofs_pool_width(pack->builder->pool) + 1;
	run->slots = calloc(run->slot_count, sizeof(*run->slots));
	if (!pack->streams || !run->slots)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < run->slot_count; i++) {
		run->slots[i].buffer = malloc(PACK_SEGMENT);
		err = run->slots[i].buffer ? 0 : -ENOMEM;
	}
	return err;
}

int erofs_pack_plain(struct pack *pack)
{
	static const struct erofs_pool_ops ops = { .next = next_job, .work = work, .commit = commit, .finish = finish };
	erofs_auto(release_run) struct plain_run run = { .pack = pack };
	int err = init_run(&run);

	if (!err)
		err = erofs_pool_run(pack->builder->pool, &ops, &run, run.slot_count);
	return err ? err : erofs_pack_settle_streams(pack);
}
