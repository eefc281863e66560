/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/writer/data/press.h"

/*
 * Jobs of one segment each of a long file. Segments are read and compressed in any order; the digest goes over them in theirs,
 * by whoever comes by with the next one; commits are in order, so that a file's data follow each other on the device.
 */

int erofs_press_stream_new(struct press *press, struct press_stream **out, const struct erofs_tree_inode *inode)
{
	struct press_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->inode = inode;
	pthread_mutex_init(&stream->lock, NULL);
	pthread_cond_init(&stream->written, NULL);
	stream->ready = calloc(press->slot_count, sizeof(*stream->ready));
	*out = stream;
	if (stream->ready)
		return 0;
	erofs_press_stream_free(press, stream);
	return -ENOMEM;
}

/* What is needed only while segments are on their way. */
static void stop(struct press_stream *stream)
{
	free(stream->ready);
	stream->ready = NULL;
	erofs_buffer_release(&stream->extents);
	erofs_pack_hash_free(&stream->hash);
}

void erofs_press_stream_free(struct press *press, struct press_stream *stream)
{
	if (stream->is_open && !press->pack->streamed)
		press->pack->source->abandon(&stream->content);
	stop(stream);
	pthread_mutex_destroy(&stream->lock);
	pthread_cond_destroy(&stream->written);
	free(stream);
}

/* ---- the digest ------------------------------------------------------------------------------------------------------------ */

static size_t segment_length(const struct press *press, const struct press_stream *stream, uint64_t segment)
{
	uint64_t left = stream->inode->size - segment * press->segment;

	return left < press->segment ? (size_t)left : press->segment;
}

/* Takes in all segments that are ready and next in order; with the lock held. */
static int hash_ready(struct press *press, struct press_stream *stream)
{
	int err = 0;

	while (!err) {
		const uint8_t *ready = atomic_exchange(&stream->ready[stream->hashed % press->slot_count], NULL);

		if (!ready)
			break;
		err = erofs_pack_hash_append(press->pack, &stream->hash, stream->inode, ready,
					     segment_length(press, stream, stream->hashed));
		stream->hashed++;
	}
	return err;
}

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

static int open_stream(struct press *press, struct press_stream *stream, struct pack_worker *worker)
{
	struct pack *pack = press->pack;
	int err = 0;

	if (stream->is_open)
		return 0;
	if (!pack->streamed)
		err = pack->source->open(worker->reader, &stream->content, stream->inode);
	stream->is_open = !err;
	if (!err)
		err = erofs_pack_hash_new(&stream->hash, pack);
	return err ? err : erofs_pack_hash_begin(pack, &stream->hash, stream->inode);
}

static int read_segment(struct press *press, struct press_slot *slot, struct pack_worker *worker)
{
	struct press_stream *stream = slot->stream;
	int err;

	pthread_mutex_lock(&stream->lock);
	err = open_stream(press, stream, worker);
	pthread_mutex_unlock(&stream->lock);
	if (err || press->pack->streamed)
		return err;
	return press->pack->source->read(worker->reader, &stream->content, slot->in, slot->length,
					 slot->segment * press->segment);
}

static int hash_segment(struct press *press, struct press_slot *slot)
{
	struct press_stream *stream = slot->stream;
	int err;

	atomic_store(&stream->ready[slot->segment % press->slot_count], slot->in);
	/* Who is hashing takes this one, too; if he has just passed it by, the commit does. */
	if (pthread_mutex_trylock(&stream->lock))
		return 0;
	err = hash_ready(press, stream);
	pthread_mutex_unlock(&stream->lock);
	return err;
}

static bool is_flat_way(const struct press *press, const struct press_stream *stream)
{
	const struct erofs_builder *builder = press->pack->builder;

	return !builder->compress.ways[erofs_plan(builder, stream->inode->number)->way].encoded_max;
}

int erofs_press_stream_work(struct press *press, struct press_slot *slot, unsigned int worker)
{
	const struct erofs_builder *builder = press->pack->builder;
	struct press_stream *stream = slot->stream;
	int err = read_segment(press, slot, &press->pack->workers[worker]);

	if (!err)
		err = hash_segment(press, slot);
	if (err)
		return err;
	if (!slot->segment) {
		XXH128_hash_t sum = XXH3_128bits(slot->in, slot->length);

		stream->first = (pack_sum){ sum.low64, sum.high64 };
	}
	slot->result = (struct erofs_compressed){ .out = slot->out, .extents = &slot->extents };
	slot->result.room = erofs_compress_room(&builder->compress, slot->length);
	if (stream->content.encoded_end) {
		slot->result.room = press->out_room;
		err = erofs_press_copy(press, worker, &stream->content, slot->in, slot->segment * press->segment,
				       slot->length, &slot->result);
	} else if (is_flat_way(press, stream)) {
		/* A segment is a number of blocks, so that there is room for the zeros. */
		memset(slot->in + slot->length, 0, slot->result.room - slot->length);
		slot->result.out = slot->in;
		slot->result.size = slot->result.room;
	} else {
		err = erofs_compress(&press->tools[worker], erofs_plan(builder, stream->inode->number)->way, slot->in,
				     slot->length, &slot->result);
	}
	if (!err)
		erofs_pack_progress(press->pack, 0, press->again ? 0 : slot->length);
	return err;
}

/* ---- commit ---------------------------------------------------------------------------------------------------------------- */

static bool same_start(const void *ctx, uint32_t number, const void *key)
{
	const struct press_stream *a = ((const struct press *)ctx)->streams[number];
	const struct press_stream *b = key;

	return a->inode->size == b->inode->size && a->first.low == b->first.low && a->first.high == b->first.high;
}

/* Finds out whether the stream might be a copy, by its first segment. */
static int judge_start(struct press *press, struct press_stream *stream)
{
	const struct erofs_builder *builder = press->pack->builder;

	if (press->again || press->pack->streamed || !builder->options->dedupe_files ||
	    !erofs_plan(builder, stream->inode->number)->wants_digest)
		return 0;
	if (erofs_index_find(&press->first_segments, stream->first.low, same_start, press, stream) !=
	    EROFS_INDEX_NONE) {
		stream->candidate = true;
		return 0;
	}
	return erofs_index_add(&press->first_segments, stream->first.low, stream->number);
}

static int end_digest(struct press *press, struct press_stream *stream)
{
	struct pack *pack = press->pack;
	uint8_t digest[EROFS_DIGEST_MAX] = { 0 };
	int err = erofs_pack_hash_end(pack, &stream->hash, stream->inode, digest, &stream->sum);

	if (err)
		return err;
	if (stream->noted && memcmp(digest, stream->digest, erofs_digest_size(pack->digest)) != 0)
		return erofs_tree_report(pack->builder->diag, -EBUSY, stream->inode, "file changed while it was read");
	memcpy(stream->digest, digest, sizeof(digest));
	return 0;
}

/* Nothing shrank: the bytes on the device are those of a flat file, but for the end of its last block. */
static int make_flat(struct press *press, struct press_slot *slot)
{
	struct erofs_builder *builder = press->pack->builder;
	struct press_stream *stream = slot->stream;
	struct inode_plan *plan = erofs_plan(builder, stream->inode->number);

	slot->padding = -slot->result.size & (builder->blksz - 1);
	plan->layout = EROFS_LAYOUT_FLAT_PLAIN;
	plan->blkaddr = (uint32_t)(stream->start / builder->blksz);
	erofs_pack_tell(press->pack, stream->inode, "stored in");
	return erofs_pack_take_bytes(press->pack, stream->inode, slot->padding);
}

static int settle_layout(struct press *press, struct press_slot *slot)
{
	struct erofs_builder *builder = press->pack->builder;
	struct press_stream *stream = slot->stream;
	uint8_t way = erofs_plan(builder, stream->inode->number)->way;
	uint32_t unit = builder->compress.ways[way].unit;
	struct erofs_extent_list list = {
		.start = stream->start / unit,
		.plen = stream->size / unit,
		.count = stream->count,
		.gaps = stream->gaps,
		.compression = way,
		.uneven = stream->uneven,
	};

	if (!stream->shrunk)
		return make_flat(press, slot);
	return erofs_press_own(press, stream->inode, &list, &stream->extents);
}

/*
 * A file of a stream whose content is there already, as is known now that all of it is in the image, too: gives the room back,
 * of which it was the last user. Nobody may still be writing there when the next one begins.
 */
static bool withdraw(struct press *press, struct press_slot *slot)
{
	struct erofs_builder *builder = press->pack->builder;
	struct press_stream *stream = slot->stream;

	if (!erofs_press_share_any(press, stream->inode))
		return false;
	pthread_mutex_lock(&stream->lock);
	stream->withdrawn = true;
	while (stream->writing)
		pthread_cond_wait(&stream->written, &stream->lock);
	pthread_mutex_unlock(&stream->lock);
	builder->next_byte = stream->start;
	builder->is_stale = true;
	return true;
}

static int note_content(struct press *press, struct press_stream *stream)
{
	struct erofs_builder *builder = press->pack->builder;
	uint32_t *owner;
	int err;

	if (stream->noted)
		return 0;
	err = erofs_pack_note_content(press->pack, stream->inode, stream->digest, stream->sum);
	if (err || erofs_plan(builder, stream->inode->number)->content == EROFS_CONTENT_NONE)
		return err;
	owner = erofs_contents_owner(&builder->contents, erofs_plan(builder, stream->inode->number)->content);
	if (*owner == EROFS_CONTENT_NONE)
		*owner = stream->inode->number;
	return 0;
}

static int end_stream(struct press *press, struct press_slot *slot)
{
	struct press_stream *stream = slot->stream;
	int err = end_digest(press, stream);

	if (!err)
		err = note_content(press, stream);
	if (!err && !(press->pack->streamed && withdraw(press, slot)))
		err = settle_layout(press, slot);
	stop(stream);
	if (!err && !press->again)
		erofs_pack_progress(press->pack, 1, 0);
	return err;
}

static bool is_last(const struct press *press, const struct press_slot *slot)
{
	return slot->segment * press->segment + slot->length == slot->stream->inode->size;
}

static int add_gap(struct press_stream *stream, uint32_t size)
{
	struct erofs_list_extent gap = { .plen = size, .form = EROFS_FORM_GAP };

	stream->gaps++;
	stream->size += size;
	return erofs_extents_append(&stream->extents, &gap);
}

/* What was taken over has to be all of the file, piece by piece, as it was for the digest. */
static int cover(struct press *press, struct press_slot *slot)
{
	struct press_stream *stream = slot->stream;
	bool fits = !slot->result.count || slot->result.start == stream->covered;

	if (!stream->content.encoded_end)
		return 0;
	if (slot->result.count)
		stream->covered = slot->result.end;
	if (fits && (!is_last(press, slot) || stream->covered == stream->inode->size))
		return 0;
	return erofs_press_report_gap(press, stream->inode);
}

static int place_segment(struct press *press, struct press_slot *slot)
{
	struct erofs_builder *builder = press->pack->builder;
	struct press_stream *stream = slot->stream;
	int err = slot->segment ? 0 : erofs_pack_align(press->pack);
	uint32_t shift;

	if (!err)
		err = erofs_press_shift(press, stream->inode, &slot->extents, slot->result.count, &shift);
	if (!err && shift && slot->segment)
		err = add_gap(stream, shift);
	if (err)
		return err;
	slot->start = builder->next_byte;
	if (!slot->segment)
		stream->start = slot->start;
	stream->size += slot->result.size;
	stream->count += slot->result.count;
	stream->shrunk |= slot->result.shrunk;
	stream->uneven |= slot->result.uneven;
	err = erofs_pack_take_bytes(press->pack, stream->inode, slot->result.size);
	return err ? err : erofs_buffer_append(&stream->extents, slot->extents.data, slot->extents.size);
}

int erofs_press_stream_commit(struct press *press, struct press_slot *slot)
{
	struct press_stream *stream = slot->stream;
	int err = slot->segment ? 0 : judge_start(press, stream);

	slot->padding = 0;
	slot->dropped = stream->candidate && !press->again;
	/* All segments up to here have been read; somebody may still be hashing this one. */
	pthread_mutex_lock(&stream->lock);
	if (!err)
		err = hash_ready(press, stream);
	pthread_mutex_unlock(&stream->lock);
	if (err || slot->dropped)
		return err;
	err = cover(press, slot);
	if (!err)
		err = place_segment(press, slot);
	if (err || !is_last(press, slot))
		return err;
	pthread_mutex_lock(&press->committing);
	err = end_stream(press, slot);
	pthread_mutex_unlock(&press->committing);
	return err;
}

/* ---- finish ---------------------------------------------------------------------------------------------------------------- */

static int write_segment(struct press *press, struct press_slot *slot)
{
	static const uint8_t zeros[4096];
	struct iovec vector[2] = { { slot->result.out, slot->result.size },
				   { (void *)(uintptr_t)zeros, slot->padding } };
	struct press_stream *stream = slot->stream;
	bool withdrawn;
	int err;

	pthread_mutex_lock(&stream->lock);
	withdrawn = stream->withdrawn;
	stream->writing += !withdrawn;
	pthread_mutex_unlock(&stream->lock);
	if (withdrawn)
		return 0;
	err = erofs_output_writev(press->pack->builder->output, vector, 2, slot->start);
	pthread_mutex_lock(&stream->lock);
	if (!--stream->writing)
		pthread_cond_broadcast(&stream->written);
	pthread_mutex_unlock(&stream->lock);
	return err;
}

int erofs_press_stream_finish(struct press *press, struct press_slot *slot, unsigned int worker)
{
	struct press_stream *stream = slot->stream;
	int err = slot->dropped || !slot->result.size ? 0 : write_segment(press, slot);

	/* Every segment has been read: the file has to be what it was when it was scanned. */
	if (!err && !slot->dropped && is_last(press, slot)) {
		stream->is_open = false;
		if (!press->pack->streamed)
			err = press->pack->source->close(press->pack->workers[worker].reader, &stream->content);
	}
	return err;
}

/* ---- candidates ------------------------------------------------------------------------------------------------------------- */

int erofs_press_stream_digest(struct press *press, struct press_stream *stream, uint8_t *buffer, unsigned int worker)
{
	struct pack *pack = press->pack;
	int err = 0;

	/* What was begun before it was known for a candidate. */
	if (stream->is_open)
		pack->source->abandon(&stream->content);
	stream->is_open = false;
	erofs_pack_hash_free(&stream->hash);
	stream->hashed = 0;
	for (unsigned int i = 0; i < press->slot_count; i++)
		atomic_store(&stream->ready[i], NULL);
	err = open_stream(press, stream, &pack->workers[worker]);
	for (uint64_t segment = 0; !err && segment * press->segment < stream->inode->size; segment++) {
		size_t length = segment_length(press, stream, segment);

		if (erofs_build_cancelled(pack->builder))
			return -ECANCELED;
		err = pack->source->read(pack->workers[worker].reader, &stream->content, buffer, length,
					 segment * press->segment);
		if (!err)
			err = erofs_pack_hash_append(pack, &stream->hash, stream->inode, buffer, length);
	}
	if (!err)
		err = erofs_pack_hash_end(pack, &stream->hash, stream->inode, stream->digest, &stream->sum);
	if (!err) {
		stream->is_open = false;
		err = pack->source->close(pack->workers[worker].reader, &stream->content);
	}
	erofs_pack_hash_free(&stream->hash);
	return err;
}
