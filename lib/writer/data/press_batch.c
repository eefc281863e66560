/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/writer/data/press.h"

/* Jobs of whole files. */

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

static void note_result(struct press_slot *slot, struct press_file *file, const struct erofs_compressed *result)
{
	file->out_size = result->size;
	file->extents_size = slot->extents.size - file->extents_at;
	file->extent_count = result->count;
	file->uneven = result->uneven;
}

/* What the source has encoded goes over as it is. */
static int copy_file(struct press *press, struct press_slot *slot, struct press_file *file,
		     struct erofs_content *content, unsigned int worker)
{
	struct erofs_compressed result = { .out = slot->out + file->out_at, .extents = &slot->extents };
	int err;

	result.room = press->out_room - file->out_at;
	err = erofs_press_copy(press, worker, content, slot->in + file->at, 0, (size_t)file->inode->size, &result);
	if (err)
		return err;
	if (result.start || result.end != file->inode->size)
		return erofs_press_report_gap(press, file->inode);
	note_result(slot, file, &result);
	return 0;
}

static int read_file(struct press *press, struct press_slot *slot, struct press_file *file, unsigned int worker)
{
	struct pack *pack = press->pack;
	void *reader = pack->workers[worker].reader;
	struct erofs_content content;
	int err = pack->source->open(reader, &content, file->inode);

	if (err)
		return err;
	err = pack->source->read(reader, &content, slot->in + file->at, (size_t)file->inode->size, 0);
	if (!err && content.encoded_end)
		err = copy_file(press, slot, file, &content, worker);
	if (!err)
		return pack->source->close(reader, &content);
	pack->source->abandon(&content);
	return err;
}

static int hash_file(struct press *press, struct press_slot *slot, struct press_file *file, struct pack_worker *worker)
{
	struct pack *pack = press->pack;
	const struct erofs_tree_inode *inode = file->inode;
	int err = erofs_pack_hash_begin(pack, &worker->hash, inode);

	if (!err)
		err = erofs_pack_hash_append(pack, &worker->hash, inode, slot->in + file->at, (size_t)inode->size);
	return err ? err : erofs_pack_hash_end(pack, &worker->hash, inode, file->digest, &file->sum);
}

/*
 * A piece so small is read sooner behind its inode, in a block that is read anyway, than decoded from somewhere else; that all
 * small files are encoded made reading a whole tree a quarter slower and its image half a percent smaller.
 */
static bool is_small(const struct erofs_builder *builder, uint64_t size)
{
	return builder->options->compressed_form == EROFS_COMPRESSED_EXTENTS && builder->options->inline_data &&
	       size <= builder->blksz / 2;
}

/*
 * How many encoded bytes still make the image smaller than the flat file would. Depends on nothing but the size, so that equal
 * files are compressed or flat in every image: not on whether this one's tail happens to fit behind its inode.
 */
static size_t worthwhile(const struct erofs_builder *builder, uint64_t size)
{
	uint64_t flat = builder->options->inline_data ? size : erofs_compress_room(&builder->compress, (size_t)size);
	uint64_t index = erofs_compress_index_estimate(&builder->compress, size);

	return flat > index && !is_small(builder, size) ? (size_t)(flat - index - 1) : 0;
}

/*
 * Whether a file that is placed already has the same content and is compressed. Asked only where there is one way to compress,
 * so that the answer cannot change any more.
 */
static bool is_known(struct press *press, const struct press_file *file)
{
	const struct erofs_builder *builder = press->pack->builder;
	const struct inode_plan *plan = erofs_plan(builder, file->inode->number);
	uint32_t content, owner = EROFS_CONTENT_NONE;
	bool known;

	if (!builder->options->dedupe_files || !plan->wants_digest || builder->compress.count > 1)
		return false;
	pthread_mutex_lock(&press->committing);
	content = erofs_contents_find(&builder->contents, file->digest);
	if (content != EROFS_CONTENT_NONE)
		owner = *erofs_contents_owner(&builder->contents, content);
	known = owner != EROFS_CONTENT_NONE && erofs_plan_is_compressed(erofs_plan(builder, owner));
	pthread_mutex_unlock(&press->committing);
	return known;
}

static int compress_file(struct press *press, struct press_slot *slot, struct press_file *file,
			 struct erofs_compress_tools *tools)
{
	const struct erofs_builder *builder = press->pack->builder;
	uint8_t way = erofs_plan(builder, file->inode->number)->way;
	size_t size = (size_t)file->inode->size;
	struct erofs_compressed result = { .out = slot->out + file->out_at, .extents = &slot->extents };
	int err;

	result.room = worthwhile(builder, size);
	if (!builder->compress.ways[way].encoded_max || !result.room)
		return 0;
	err = erofs_compress(tools, way, slot->in + file->at, size, &result);
	if (err)
		return err;
	if (result.full || !result.shrunk) {
		slot->extents.size = file->extents_at;
		return 0;
	}
	note_result(slot, file, &result);
	return 0;
}

/* A last block of its own is padded with zeros. */
static void pad_flat(const struct erofs_builder *builder, struct press_slot *slot, const struct press_file *file)
{
	size_t size = (size_t)file->inode->size;

	memset(slot->in + file->at + size, 0, erofs_compress_room(&builder->compress, size) - size);
}

int erofs_press_batch_work(struct press *press, struct press_slot *slot, unsigned int worker)
{
	size_t out_at = 0;
	uint64_t bytes = 0;
	int err = 0;

	for (uint32_t i = 0; !err && i < slot->count; i++) {
		struct press_file *file = &slot->files[i];

		file->out_at = out_at;
		file->extents_at = slot->extents.size;
		if (!press->pack->streamed)
			err = read_file(press, slot, file, worker);
		if (!err)
			err = hash_file(press, slot, file, &press->pack->workers[worker]);
		file->known = !err && !file->extent_count && is_known(press, file);
		if (!err && !file->known && !file->extent_count)
			err = compress_file(press, slot, file, &press->tools[worker]);
		if (!file->known && !file->extent_count)
			pad_flat(press->pack->builder, slot, file);
		out_at += file->out_size;
		bytes += file->inode->size;
	}
	if (!err)
		erofs_pack_progress(press->pack, slot->count, bytes);
	return err;
}

/* ---- commit ---------------------------------------------------------------------------------------------------------------- */

/* What is smaller than a block may go into what is left of one; the rest goes to the end of the data. */
static int place_encoded(struct press *press, struct press_file *file, const struct erofs_buffer *extents)
{
	struct erofs_builder *builder = press->pack->builder;
	uint32_t shift;
	int err, taken = 0;

	if (file->out_size && file->out_size <= builder->blksz)
		taken = erofs_gaps_take(&builder->gaps, &file->start, file->out_size);
	if (taken)
		return taken < 0 ? taken : 0;
	err = erofs_press_shift(press, file->inode, extents, file->extent_count, &shift);
	file->start = builder->next_byte;
	return err ? err : erofs_pack_take_bytes(press->pack, file->inode, file->out_size);
}

static int own_encoded(struct press *press, struct press_slot *slot, struct press_file *file)
{
	struct erofs_builder *builder = press->pack->builder;
	uint8_t way = erofs_plan(builder, file->inode->number)->way;
	uint32_t unit = builder->compress.ways[way].unit;
	struct erofs_buffer extents = { .data = slot->extents.data + file->extents_at, .size = file->extents_size };
	int err = place_encoded(press, file, &extents);
	struct erofs_extent_list list = {
		.start = file->start / unit,
		.plen = file->out_size / unit,
		.count = file->extent_count,
		.compression = way,
		.uneven = file->uneven,
	};

	return err ? err : erofs_press_own(press, file->inode, &list, &extents);
}

static int commit_flat(struct press *press, struct press_slot *slot, struct press_file *file)
{
	struct erofs_builder *builder = press->pack->builder;
	struct inode_plan *plan = erofs_plan(builder, file->inode->number);
	uint32_t tail = erofs_plan_tail_size(builder, file->inode);
	int err = 0;

	file->shares = erofs_pack_share(press->pack, file->inode);
	if (!file->shares)
		err = erofs_pack_allocate(press->pack, file->inode);
	file->start = (uint64_t)plan->blkaddr * builder->blksz;
	if (err || !tail)
		return err;
	return erofs_tails_append(&builder->tails, &plan->tail_at, slot->in + file->at + file->inode->size - tail,
				  tail);
}

int erofs_press_batch_commit(struct press *press, struct press_slot *slot)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < slot->count; i++) {
		struct press_file *file = &slot->files[i];

		err = erofs_pack_note_content(press->pack, file->inode, file->digest, file->sum);
		if (err)
			return err;
		if (!file->known && !file->extent_count) {
			err = commit_flat(press, slot, file);
			continue;
		}
		file->shares = erofs_press_share(press, file->inode);
		if (!file->shares)
			err = own_encoded(press, slot, file);
	}
	return err;
}

/* ---- finish ---------------------------------------------------------------------------------------------------------------- */

/* Bytes that follow each other on the device. */
struct row {
	struct iovec vector[PACK_BATCH_MAX];
	size_t count;
	uint64_t start, end;
};

static int write_row(const struct press *press, struct row *row)
{
	int err =
		row->count ? erofs_output_writev(press->pack->builder->output, row->vector, row->count, row->start) : 0;

	row->count = 0;
	return err;
}

static int append(const struct press *press, struct row *row, uint8_t *data, size_t size, uint64_t start)
{
	int err = start == row->end ? 0 : write_row(press, row);

	if (!row->count)
		row->start = start;
	row->vector[row->count++] = (struct iovec){ data, size };
	row->end = start + size;
	return err;
}

int erofs_press_batch_finish(struct press *press, struct press_slot *slot)
{
	const struct erofs_builder *builder = press->pack->builder;
	struct row row = { .count = 0 };
	int err = 0;

	for (uint32_t i = 0; !err && i < slot->count; i++) {
		struct press_file *file = &slot->files[i];
		size_t flat = (size_t)erofs_plan_blocks(builder, file->inode) * builder->blksz;

		if (file->shares)
			continue;
		if (file->out_size)
			err = append(press, &row, slot->out + file->out_at, file->out_size, file->start);
		else if (flat)
			err = append(press, &row, slot->in + file->at, flat, file->start);
	}
	return err ? err : write_row(press, &row);
}
