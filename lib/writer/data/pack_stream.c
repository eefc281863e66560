/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/writer/plan/chunk_plan.h"
#include "lib/writer/data/pack.h"
#include "lib/util/cleanup.h"

/*
 * A stream's size is known, so its blocks can be taken before it has been read, unless it might be a copy of an earlier one.
 * That is only thinkable if size and first segment are the same: such candidates wait until all digests are known, then are
 * hashed without being stored, and stored in a second reading only if they were no copies after all.
 */

/* ---- reading ------------------------------------------------------------------------------------------------------------- */

static size_t segment_length(const struct erofs_tree_inode *inode, uint64_t offset)
{
	return inode->size - offset < PACK_SEGMENT ? (size_t)(inode->size - offset) : PACK_SEGMENT;
}

/* Reads a segment; what the source has as holes comes as zeros without asking it. */
static int read_segment(struct pack *pack, struct pack_segment *segment, uint8_t *buffer, size_t length,
			uint64_t offset, struct pack_worker *worker)
{
	if (!segment->holes.map || erofs_chunk_has_data(&segment->holes, offset, offset + length)) {
		segment->is_zero = false;
		return pack->source->read(worker->reader, &segment->content, buffer, length, offset);
	}
	if (!segment->is_zero)
		memset(buffer, 0, PACK_SEGMENT);
	segment->is_zero = true;
	return 0;
}

static int open_stream(struct pack *pack, struct pack_segment *segment, struct pack_worker *worker)
{
	int err = pack->source->open(worker->reader, &segment->content, segment->stream->inode);

	segment->is_open = !err;
	segment->is_zero = false;
	segment->holes = (struct erofs_chunk_cursor){ .map = segment->stream->inode->data };
	return err;
}

/* Closes the file; a file that changed is an error, but the first error is the one that counts. */
static int close_stream(struct pack *pack, struct pack_segment *segment, struct pack_worker *worker, int err)
{
	segment->is_open = false;
	if (!err)
		return pack->source->close(worker->reader, &segment->content);
	pack->source->abandon(&segment->content);
	return err;
}

/* ---- writing -------------------------------------------------------------------------------------------------------------- */

/* Where in its row of stored chunks a stream stands. */
struct stream_writer {
	struct pack *pack;
	struct pack_stream *stream;
	struct erofs_chunk_cursor chunks;
	uint64_t at; /* byte offset on the device for the next stored byte */
};

static int write_blocks(struct stream_writer *writer, const uint8_t *data, size_t size)
{
	struct erofs_builder *builder = writer->pack->builder;
	size_t padding = -size & (builder->blksz - 1);
	static const uint8_t zeros[4096];
	struct iovec vector[2] = { { (void *)(uintptr_t)data, size }, { (void *)(uintptr_t)zeros, padding } };
	int err = erofs_output_writev(builder->output, vector, 2, writer->at);

	writer->at += size + padding;
	return err;
}

/* Writes those parts of a segment that belong to stored chunks. */
static int write_chunks(struct stream_writer *writer, const uint8_t *data, size_t size, uint64_t offset)
{
	const struct erofs_builder *builder = writer->pack->builder;
	uint64_t chunk = UINT64_C(1) << erofs_plan(builder, writer->stream->inode->number)->chunkbits;
	int err = 0;

	while (!err && size) {
		uint64_t start = offset & ~(chunk - 1);
		uint64_t left = start + chunk - offset;
		size_t length = left < size ? (size_t)left : size;

		if (erofs_chunk_has_data(&writer->chunks, start, start + chunk))
			err = write_blocks(writer, data, length);
		data += length;
		offset += length;
		size -= length;
	}
	return err;
}

/* Stores what a segment has of whole blocks. */
static int write_segment(struct stream_writer *writer, const uint8_t *data, size_t length, uint64_t offset)
{
	const struct erofs_builder *builder = writer->pack->builder;

	if (erofs_plan(builder, writer->stream->inode->number)->layout == EROFS_LAYOUT_CHUNK_BASED)
		return write_chunks(writer, data, length, offset);
	return length ? write_blocks(writer, data, length) : 0;
}

/* ---- all of a stream ----------------------------------------------------------------------------------------------------- */

static int keep_tail(struct pack_stream *stream, const uint8_t *tail, size_t size)
{
	if (!size)
		return 0;
	if (!stream->tail)
		stream->tail = malloc(size);
	if (!stream->tail)
		return -ENOMEM;
	memcpy(stream->tail, tail, size);
	return 0;
}

/*
 * Behind a segment: where the next one starts. A hole whose chunks are not stored is stepped over, unless a digest wants its
 * zeros; in a sum they may be missing, because the chunk map tells of them.
 */
static uint64_t next_offset(const struct pack *pack, const struct pack_segment *segment, uint64_t offset)
{
	const struct erofs_tree_inode *inode = segment->stream->inode;
	const struct inode_plan *plan = erofs_plan(pack->builder, inode->number);
	uint64_t chunk = UINT64_C(1) << plan->chunkbits;
	struct erofs_chunk_cursor holes = segment->holes;
	uint64_t start;

	if (plan->layout != EROFS_LAYOUT_CHUNK_BASED || plan->wants_digest || offset >= inode->size ||
	    erofs_chunk_has_data(&holes, offset & ~(chunk - 1), offset + 1))
		return offset;
	if (holes.range == holes.map->count)
		return inode->size;
	start = holes.map->ranges[holes.range].start & ~(chunk - 1);
	return start > offset ? start : offset;
}

/* Reads, hashes and (if `store`) writes the file. `in_hand` bytes of its first segment are in the buffer already. */
static int carry_through(struct pack *pack, struct pack_segment *segment, uint8_t *buffer, size_t in_hand, bool store,
			 struct pack_worker *worker)
{
	struct pack_stream *stream = segment->stream;
	const struct erofs_tree_inode *inode = stream->inode;
	struct stream_writer writer = {
		.pack = pack,
		.stream = stream,
		.chunks = { .map = inode->data },
		.at = (uint64_t)erofs_plan(pack->builder, inode->number)->blkaddr * pack->builder->blksz,
	};
	int err = erofs_pack_hash_begin(pack, &worker->hash, inode);

	for (uint64_t offset = 0; !err && offset < inode->size;) {
		size_t length = segment_length(inode, offset);
		size_t tail = offset + length == inode->size ? erofs_plan_tail_size(pack->builder, inode) : 0;
		uint64_t next;

		if (erofs_build_cancelled(pack->builder))
			return -ECANCELED;
		if (offset || !in_hand)
			err = read_segment(pack, segment, buffer, length, offset, worker);
		if (!err)
			err = erofs_pack_hash_append(pack, &worker->hash, inode, buffer, length);
		if (!err && store)
			err = write_segment(&writer, buffer, length - tail, offset);
		if (!err)
			err = keep_tail(stream, buffer + length - tail, tail);
		next = next_offset(pack, segment, offset + length);
		/* A candidate that is stored after all was counted when it was hashed. */
		if (!store || !stream->candidate)
			erofs_pack_progress(pack, 0, next - offset);
		offset = next;
	}
	return err ? err : erofs_pack_hash_end(pack, &worker->hash, inode, stream->digest, &stream->sum);
}

/* ---- steps of a slot ------------------------------------------------------------------------------------------------------ */

int erofs_pack_stream_work(struct pack *pack, struct pack_segment *segment, uint8_t *buffer, struct pack_worker *worker)
{
	const struct erofs_tree_inode *inode = segment->stream->inode;
	XXH128_hash_t hash;
	int err = open_stream(pack, segment, worker);

	if (err)
		return err;
	segment->length = segment_length(inode, 0);
	err = read_segment(pack, segment, buffer, segment->length, 0, worker);
	if (err)
		return close_stream(pack, segment, worker, err);
	hash = XXH3_128bits(buffer, segment->length);
	segment->stream->first = (pack_sum){ hash.low64, hash.high64 };
	return 0;
}

static bool same_start(const void *ctx, uint32_t number, const void *key)
{
	const struct pack_stream *a = &((const struct pack *)ctx)->streams[number];
	const struct pack_stream *b = key;

	return a->inode->size == b->inode->size && a->first.low == b->first.low && a->first.high == b->first.high;
}

int erofs_pack_stream_commit(struct pack *pack, struct pack_segment *segment)
{
	struct pack_stream *stream = segment->stream;

	if (pack->builder->options->dedupe_files && erofs_plan(pack->builder, stream->inode->number)->wants_digest) {
		uint32_t earlier = erofs_index_find(&pack->first_segments, stream->first.low, same_start, pack, stream);

		stream->candidate = earlier != EROFS_INDEX_NONE;
		if (stream->candidate)
			return 0;
		if (erofs_index_add(&pack->first_segments, stream->first.low, (uint32_t)(stream - pack->streams)))
			return -ENOMEM;
	}
	return erofs_pack_allocate(pack, stream->inode);
}

int erofs_pack_stream_finish(struct pack *pack, struct pack_segment *segment, uint8_t *buffer,
			     struct pack_worker *worker)
{
	bool candidate = segment->stream->candidate;
	int err = candidate ? 0 : carry_through(pack, segment, buffer, segment->length, true, worker);

	err = close_stream(pack, segment, worker, err);
	if (!err && !candidate)
		erofs_pack_progress(pack, 1, 0);
	return err;
}

/* ---- candidates ----------------------------------------------------------------------------------------------------------- */

struct candidates {
	struct pack *pack;
	uint32_t *numbers; /* of streams */
	uint32_t count;
	uint8_t *buffers; /* a segment for each worker */
};

static int read_candidate(struct candidates *candidates, struct pack_stream *stream, bool store, unsigned int worker)
{
	struct pack *pack = candidates->pack;
	struct pack_segment segment = { .stream = stream };
	int err = open_stream(pack, &segment, &pack->workers[worker]);

	if (err)
		return err;
	err = carry_through(pack, &segment, candidates->buffers + worker * PACK_SEGMENT, 0, store,
			    &pack->workers[worker]);
	return close_stream(pack, &segment, &pack->workers[worker], err);
}

static int hash_candidate(void *ctx, unsigned int item, unsigned int worker)
{
	struct candidates *candidates = ctx;
	struct pack_stream *stream = &candidates->pack->streams[candidates->numbers[item]];
	int err = read_candidate(candidates, stream, false, worker);

	if (!err)
		erofs_pack_progress(candidates->pack, 1, 0);
	return err;
}

/* What is stored must be what was hashed when the decision fell. */
static int store_candidate(void *ctx, unsigned int item, unsigned int worker)
{
	struct candidates *candidates = ctx;
	struct pack *pack = candidates->pack;
	struct pack_stream *stream = &pack->streams[candidates->numbers[item]];
	uint8_t before[EROFS_DIGEST_MAX];
	int err;

	if (stream->shares)
		return 0;
	memcpy(before, stream->digest, sizeof(before));
	err = read_candidate(candidates, stream, true, worker);
	if (!err && memcmp(before, stream->digest, erofs_digest_size(pack->digest)) != 0)
		err = erofs_tree_report(pack->builder->diag, -EBUSY, stream->inode, "file changed while it was read");
	return err;
}

static int place_candidate(struct pack *pack, struct pack_stream *stream)
{
	int err = erofs_pack_note_content(pack, stream->inode, stream->digest, stream->sum);

	if (err)
		return err;
	stream->shares = erofs_pack_share(pack, stream->inode);
	return stream->shares ? 0 : erofs_pack_allocate(pack, stream->inode);
}

static int settle_candidates(struct candidates *candidates)
{
	struct pack *pack = candidates->pack;
	struct erofs_pool *pool = pack->builder->pool;
	int err;

	if (!candidates->count)
		return 0;
	candidates->buffers = malloc(erofs_pool_width(pool) * PACK_SEGMENT);
	if (!candidates->buffers)
		return -ENOMEM;
	err = erofs_pool_each(pool, hash_candidate, candidates, candidates->count);
	for (uint32_t i = 0; !err && i < candidates->count; i++)
		err = place_candidate(pack, &pack->streams[candidates->numbers[i]]);
	return err ? err : erofs_pool_each(pool, store_candidate, candidates, candidates->count);
}

/* A stream that has its place is there to be shared, unless a file of the same content is already. */
static int own_content(struct pack *pack, struct pack_stream *stream)
{
	struct erofs_builder *builder = pack->builder;
	int err = erofs_pack_note_content(pack, stream->inode, stream->digest, stream->sum);
	uint32_t content = erofs_plan(builder, stream->inode->number)->content;

	if (!err && content != EROFS_CONTENT_NONE &&
	    *erofs_contents_owner(&builder->contents, content) == EROFS_CONTENT_NONE)
		*erofs_contents_owner(&builder->contents, content) = stream->inode->number;
	return err;
}

static void release_candidates(struct candidates *candidates)
{
	free(candidates->numbers);
	free(candidates->buffers);
}

static int append_tail(struct pack *pack, struct pack_stream *stream)
{
	struct erofs_builder *builder = pack->builder;
	uint32_t size = erofs_plan_tail_size(builder, stream->inode);

	return size ? erofs_tails_append(&builder->tails, &erofs_plan(builder, stream->inode->number)->tail_at,
					 stream->tail, size)
		    : 0;
}

int erofs_pack_settle_streams(struct pack *pack)
{
	erofs_auto(release_candidates) struct candidates candidates = { .pack = pack };
	int err = 0;

	candidates.numbers = calloc(pack->stream_count + 1, sizeof(*candidates.numbers));
	if (!candidates.numbers)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i < pack->stream_count; i++) {
		struct pack_stream *stream = &pack->streams[i];

		if (stream->candidate)
			candidates.numbers[candidates.count++] = i;
		else
			err = own_content(pack, stream);
	}
	if (!err)
		err = settle_candidates(&candidates);
	for (uint32_t i = 0; !err && i < pack->stream_count; i++)
		err = append_tail(pack, &pack->streams[i]);
	return err;
}
