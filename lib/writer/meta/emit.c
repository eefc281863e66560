/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <assert.h>
#include <errno.h>

#include "lib/writer/builder.h"
#include "lib/writer/plan/chunk_plan.h"
#include "lib/writer/meta/dirs.h"
#include "lib/writer/meta/emit.h"
#include "lib/writer/meta/sink.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_inode.h"
#include "lib/format/format_xattr.h"
#include "lib/util/cleanup.h"

/* Emit: the metadata in the order of their places; every inode is checked against the place that layout gave it. */

struct emitter {
	struct erofs_builder *builder;
	struct erofs_sink sink;
	struct erofs_buffer scratch;
};

static uint64_t zone_start(const struct erofs_builder *builder)
{
	return builder->meta_blkaddr * builder->blksz;
}

static uint64_t nid_of(const void *ctx, const struct erofs_tree_inode *inode)
{
	return erofs_plan_nid(ctx, inode->number);
}

/* ---- one inode -------------------------------------------------------------------------------------------------------- */

/* What stat(2) shows as the file's blocks comes from this. */
static uint32_t compressed_blocks(const struct erofs_builder *builder, const struct inode_plan *plan)
{
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	uint64_t bytes;

	erofs_extent_lists_open(&builder->extent_lists, plan->list_at, &list, &cursor);
	bytes = list.plen * builder->compress.ways[list.compression].unit;
	return (uint32_t)((bytes + builder->blksz - 1) / builder->blksz);
}

static uint32_t inode_u(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	const struct inode_plan *plan = erofs_plan(builder, inode->number);

	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		return erofs_encode_rdev(inode->rdev.major, inode->rdev.minor);
	if (plan->layout == EROFS_LAYOUT_CHUNK_BASED)
		return (plan->chunkbits - builder->options->blkszbits) |
		       (erofs_plan_is_outside(builder, inode) ? EROFS_CHUNK_FORMAT_INDEXES : 0);
	if (erofs_plan_is_compressed(plan))
		return compressed_blocks(builder, plan);
	return plan->blkaddr;
}

static int emit_body(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_builder *builder = emitter->builder;
	const struct inode_plan *plan = erofs_plan(builder, inode->number);
	bool fingerprinted = erofs_plan_has_fingerprint(builder, inode);
	struct erofs_inode record = {
		.extended = plan->extended,
		.layout = (enum erofs_data_layout)plan->layout,
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.nlink = inode->nlink,
		.ino = inode->number + 1,
		.size = erofs_plan_size(builder, inode),
		.mtime = inode->mtime,
		.mtime_nsec = inode->mtime_nsec,
		.u = inode_u(builder, inode),
	};
	uint8_t body[EROFS_INODE_EXTENDED_SIZE];
	int err;

	record.xattr_icount = (uint16_t)erofs_xattr_icount(
		erofs_xattr_plan_area_size(&builder->xattrs, inode->xattrs, fingerprinted));
	err = erofs_sink_append(&emitter->sink, body, erofs_inode_encode(&record, body));
	emitter->scratch.size = 0;
	if (!err)
		err = erofs_xattr_plan_encode(&builder->xattrs, &emitter->scratch, inode->xattrs,
					      fingerprinted ? erofs_contents_digest(&builder->contents, plan->content)
							    : NULL);
	return err ? err : erofs_sink_append(&emitter->sink, emitter->scratch.data, emitter->scratch.size);
}

static int emit_chunk_map(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct inode_plan *plan = erofs_plan(emitter->builder, inode->number);
	struct erofs_chunk_cursor cursor = { .map = inode->data };
	uint64_t chunk = UINT64_C(1) << plan->chunkbits;
	uint32_t block = plan->blkaddr;
	int err = 0;

	for (uint64_t at = 0; !err && at < inode->size; at += chunk) {
		uint8_t entry[EROFS_CHUNK_BLOCK_SIZE];
		bool stored = erofs_chunk_has_data(&cursor, at, at + chunk);

		erofs_chunk_block_encode(stored ? block : EROFS_NULL_BLOCK, entry);
		err = erofs_sink_append(&emitter->sink, entry, sizeof(entry));
		block += stored ? (uint32_t)(chunk / emitter->builder->blksz) : 0;
	}
	return err;
}

static int emit_outside_map(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_builder *builder = emitter->builder;
	uint64_t chunk = UINT64_C(1) << erofs_plan(builder, inode->number)->chunkbits;
	uint64_t start = emitter->sink.position;
	int err = erofs_sink_pad(&emitter->sink, start + (-start & (EROFS_CHUNK_INDEX_SIZE - 1)));

	for (uint64_t at = 0; !err && at < inode->size; at += chunk) {
		uint8_t entry[EROFS_CHUNK_INDEX_SIZE];

		erofs_outside_encode_chunk(builder, inode, at, entry);
		err = erofs_sink_append(&emitter->sink, entry, sizeof(entry));
	}
	return err;
}

static int emit_zindex(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_zindex zindex = erofs_plan_zindex(emitter->builder, inode);
	int err;

	emitter->scratch.size = 0;
	err = erofs_zindex_encode(&zindex, &emitter->scratch, emitter->sink.position);
	return err ? err : erofs_sink_append(&emitter->sink, emitter->scratch.data, emitter->scratch.size);
}

/* The data of a directory or symlink, which are made here; valid until the next call. */
static int make_data(struct emitter *emitter, const struct erofs_tree_inode *inode, const uint8_t **data)
{
	emitter->scratch.size = 0;
	if (S_ISDIR(inode->mode)) {
		int err = erofs_dir_encode(&emitter->scratch, inode, emitter->builder->blksz, nid_of, emitter->builder);

		*data = emitter->scratch.data;
		return err;
	}
	*data = (const uint8_t *)inode->target;
	return 0;
}

static int emit_tail(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_builder *builder = emitter->builder;
	uint32_t size = erofs_plan_tail_size(builder, inode);
	uint8_t tail[4096];
	const uint8_t *data;
	int err;

	if (!size)
		return 0;
	if (S_ISREG(inode->mode)) {
		err = erofs_tails_read(&builder->tails, tail, size, erofs_plan(builder, inode->number)->tail_at);
		data = tail;
	} else {
		err = make_data(emitter, inode, &data);
		data += err ? 0 : erofs_plan_size(builder, inode) - size;
	}
	return err ? err : erofs_sink_append(&emitter->sink, data, size);
}

static int emit_inode(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_builder *builder = emitter->builder;
	uint64_t position = zone_start(builder) + erofs_plan(builder, inode->number)->position;
	int err = erofs_sink_pad(&emitter->sink, position);

	if (!err)
		err = emit_body(emitter, inode);
	if (!err && erofs_plan_is_outside(builder, inode))
		err = emit_outside_map(emitter, inode);
	else if (!err && erofs_plan(builder, inode->number)->layout == EROFS_LAYOUT_CHUNK_BASED)
		err = emit_chunk_map(emitter, inode);
	else if (!err && erofs_plan_is_compressed(erofs_plan(builder, inode->number)))
		err = emit_zindex(emitter, inode);
	if (err)
		return err;
	assert(emitter->sink.position == position + erofs_plan_body_size(builder, inode));
	return emit_tail(emitter, inode);
}

/* ---- the zones ------------------------------------------------------------------------------------------------------------- */

static int emit_inodes(struct emitter *emitter)
{
	const struct erofs_builder *builder = emitter->builder;
	int err = 0;

	for (uint32_t i = 0; !err && i < builder->tree->inode_count; i++) {
		if (erofs_build_cancelled(builder))
			return -ECANCELED;
		err = emit_inode(emitter, builder->tree->inodes[builder->by_position[i]]);
	}
	return err;
}

/* What does not fit behind its inode. */
static int emit_blocks(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_builder *builder = emitter->builder;
	uint64_t blocks = S_ISREG(inode->mode) ? 0 : erofs_plan_blocks(builder, inode);
	uint64_t size = erofs_plan_size(builder, inode) - erofs_plan_tail_size(builder, inode);
	uint64_t start = (uint64_t)erofs_plan(builder, inode->number)->blkaddr * builder->blksz;
	const uint8_t *data;
	int err;

	if (!blocks)
		return 0;
	err = erofs_sink_pad(&emitter->sink, start);
	if (!err)
		err = make_data(emitter, inode, &data);
	if (!err)
		err = erofs_sink_append(&emitter->sink, data, (size_t)size);
	return err ? err : erofs_sink_pad(&emitter->sink, start + blocks * builder->blksz);
}

static int emit_metadata(struct emitter *emitter)
{
	const struct erofs_builder *builder = emitter->builder;
	const struct erofs_buffer *shared = &builder->xattrs.shared_zone;
	int err = emit_inodes(emitter);

	if (!err)
		err = erofs_sink_pad(&emitter->sink, zone_start(builder) + builder->shared_xattrs_at);
	if (!err)
		err = erofs_sink_append(&emitter->sink, shared->data, shared->size);
	for (uint32_t i = 0; !err && i < builder->tree->inode_count; i++)
		err = emit_blocks(emitter, builder->tree->inodes[i]);
	if (!err)
		err = erofs_sink_pad(&emitter->sink, zone_start(builder) + builder->metadata_size);
	return err ? err : erofs_sink_flush(&emitter->sink);
}

static void release_emitter(struct emitter *emitter)
{
	erofs_sink_release(&emitter->sink);
	erofs_buffer_release(&emitter->scratch);
}

int erofs_build_emit(struct erofs_builder *builder)
{
	erofs_auto(release_emitter) struct emitter emitter = { .builder = builder };
	int err;

	if (builder->options->progress) {
		struct erofs_build_progress progress = { .stage = EROFS_STAGE_EMIT,
							 .files = builder->files,
							 .files_total = builder->files,
							 .bytes = builder->file_bytes,
							 .bytes_total = builder->file_bytes };

		builder->options->progress(builder->options->progress_ctx, &progress);
	}
	erofs_sink_init(&emitter.sink, builder->output, zone_start(builder), builder->uuid_hasher);
	err = emit_metadata(&emitter);
	return err ? err : erofs_build_emit_front(builder);
}
