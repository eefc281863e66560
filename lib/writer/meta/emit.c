/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <assert.h>
#include <errno.h>

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
	const struct erofs_plan *plan;
	const struct erofs_data *data;
	const struct erofs_layout *layout;
	struct erofs_sink sink;
	struct erofs_buffer scratch;
};

static uint64_t zone_start(const struct emitter *emitter)
{
	return emitter->layout->meta_blkaddr * emitter->plan->blksz;
}

static uint64_t nid_of(const void *ctx, const struct erofs_tree_inode *inode)
{
	return erofs_writer_nid(ctx, inode->number);
}

/* ---- one inode -------------------------------------------------------------------------------------------------------- */

/* What stat(2) shows as the file's blocks comes from this. */
static uint32_t compressed_blocks(const struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	uint64_t bytes = erofs_writer_placed_span(emitter->plan, emitter->data, inode).size;

	return (uint32_t)((bytes + emitter->plan->blksz - 1) / emitter->plan->blksz);
}

static struct erofs_thin_file thin_file(const struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_thin_file file;

	emitter->plan->tree->source_ops->thin(inode, &file);
	return file;
}

/* The images beside this one have their addresses behind its last block. */
static uint64_t thin_base(const struct emitter *emitter)
{
	return emitter->layout->image_size / emitter->plan->blksz;
}

static uint32_t thin_u(const struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_thin_file file = thin_file(emitter, inode);

	if (file.chunks)
		return file.u | EROFS_CHUNK_FORMAT_INDEXES;
	return file.u + (file.has_block ? (uint32_t)thin_base(emitter) : 0);
}

static uint32_t inode_u(const struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_plan *plan = emitter->plan;
	const struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);

	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		return erofs_encode_rdev(inode->rdev.major, inode->rdev.minor);
	if (erofs_writer_is_thin(plan, inode))
		return thin_u(emitter, inode);
	if (inode_plan->layout == EROFS_LAYOUT_CHUNK_BASED)
		return (inode_plan->chunkbits - plan->options->blkszbits) |
		       (erofs_writer_is_elsewhere(plan, inode) ? EROFS_CHUNK_FORMAT_INDEXES : 0);
	if (erofs_writer_place(emitter->data, inode)->is_compressed)
		return compressed_blocks(emitter, inode);
	return S_ISREG(inode->mode) ? erofs_writer_place(emitter->data, inode)->blkaddr
				    : emitter->layout->blkaddrs[inode->number];
}

static int emit_body(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_plan *plan = emitter->plan;
	const struct erofs_data *data = emitter->data;
	bool fingerprinted = erofs_writer_has_fingerprint(plan, inode);
	struct erofs_inode record = {
		.extended = erofs_writer_inode_plan(plan, inode)->extended,
		.layout = erofs_writer_placed_layout(plan, data, inode),
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.nlink = inode->nlink,
		.ino = inode->number + 1,
		.size = erofs_writer_data_size(plan, inode),
		.mtime = inode->mtime,
		.mtime_nsec = inode->mtime_nsec,
		.u = inode_u(emitter, inode),
	};
	uint8_t body[EROFS_INODE_EXTENDED_SIZE];
	int err;

	record.xattr_icount = (uint16_t)erofs_xattr_icount(
		erofs_writer_xattr_plan_area_size(&plan->xattrs, inode->xattrs, fingerprinted));
	err = erofs_writer_sink_append(&emitter->sink, body, erofs_inode_encode(&record, body));
	emitter->scratch.size = 0;
	if (!err)
		err = erofs_writer_xattr_plan_encode(
			&plan->xattrs, &emitter->scratch, inode->xattrs,
			fingerprinted ? erofs_writer_contents_digest(&data->dedup.contents,
								     erofs_writer_place(data, inode)->content)
				      : NULL);
	return err ? err : erofs_writer_sink_append(&emitter->sink, emitter->scratch.data, emitter->scratch.size);
}

static int emit_chunk_map(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_chunk_cursor cursor = { .map = inode->data };
	uint64_t chunk = UINT64_C(1) << erofs_writer_inode_plan(emitter->plan, inode)->chunkbits;
	uint32_t block = erofs_writer_place(emitter->data, inode)->blkaddr;
	int err = 0;

	for (uint64_t at = 0; !err && at < inode->size; at += chunk) {
		uint8_t entry[EROFS_CHUNK_BLOCK_SIZE];
		bool stored = erofs_writer_chunk_has_data(&cursor, at, at + chunk);

		erofs_chunk_block_encode(stored ? block : EROFS_NULL_BLOCK, entry);
		err = erofs_writer_sink_append(&emitter->sink, entry, sizeof(entry));
		block += stored ? (uint32_t)(chunk / emitter->plan->blksz) : 0;
	}
	return err;
}

static int emit_elsewhere_map(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_plan *plan = emitter->plan;
	uint64_t chunk = UINT64_C(1) << erofs_writer_inode_plan(plan, inode)->chunkbits;
	int err = erofs_writer_sink_pad(&emitter->sink,
					erofs_chunk_map_at(emitter->sink.position, EROFS_CHUNK_INDEX_SIZE));

	for (uint64_t at = 0; !err && at < inode->size; at += chunk) {
		uint8_t entry[EROFS_CHUNK_INDEX_SIZE];

		erofs_writer_elsewhere_chunk(plan, inode, at, entry);
		err = erofs_writer_sink_append(&emitter->sink, entry, sizeof(entry));
	}
	return err;
}

static int emit_zindex(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_zindex zindex = erofs_writer_zindex(emitter->plan, emitter->data, inode);
	int err;

	emitter->scratch.size = 0;
	err = erofs_writer_zindex_encode(&zindex, &emitter->scratch, emitter->sink.position);
	return err ? err : erofs_writer_sink_append(&emitter->sink, emitter->scratch.data, emitter->scratch.size);
}

/* The data of a directory or symlink, which are made here; valid until the next call. */
static int make_data(struct emitter *emitter, const struct erofs_tree_inode *inode, const uint8_t **data)
{
	emitter->scratch.size = 0;
	if (S_ISDIR(inode->mode)) {
		int err = erofs_writer_dir_encode(&emitter->scratch, inode, emitter->plan->blksz, nid_of,
						  emitter->layout);

		*data = emitter->scratch.data;
		return err;
	}
	*data = (const uint8_t *)inode->target;
	return 0;
}

static int emit_tail(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	uint32_t size = erofs_writer_placed_tail(emitter->plan, emitter->data, inode);
	uint8_t tail[4096];
	const uint8_t *data;
	int err;

	if (!size)
		return 0;
	if (erofs_writer_is_thin(emitter->plan, inode)) {
		data = thin_file(emitter, inode).tail;
		err = 0;
	} else if (S_ISREG(inode->mode)) {
		err = erofs_writer_tails_read(emitter->data->tails, tail, size,
					      erofs_writer_place(emitter->data, inode)->at);
		data = tail;
	} else {
		err = make_data(emitter, inode, &data);
		data += err ? 0 : erofs_writer_data_size(emitter->plan, inode) - size;
	}
	return err ? err : erofs_writer_sink_append(&emitter->sink, data, size);
}

static int emit_thin_index(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	uint64_t head = erofs_writer_head_size(emitter->plan, inode);
	uint64_t size = erofs_writer_thin_size(emitter->plan, inode, head);
	int err;

	emitter->scratch.size = 0;
	err = erofs_buffer_append_zeros(&emitter->scratch, size);
	if (!err)
		err = erofs_writer_thin_index(emitter->plan, inode, head, thin_base(emitter), emitter->scratch.data);
	return err ? err : erofs_writer_sink_append(&emitter->sink, emitter->scratch.data, emitter->scratch.size);
}

static int emit_map(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	if (erofs_writer_is_thin(emitter->plan, inode))
		return emit_thin_index(emitter, inode);
	if (erofs_writer_is_elsewhere(emitter->plan, inode))
		return emit_elsewhere_map(emitter, inode);
	switch (erofs_writer_placed_layout(emitter->plan, emitter->data, inode)) {
	case EROFS_LAYOUT_CHUNK_BASED:
		return emit_chunk_map(emitter, inode);
	case EROFS_LAYOUT_COMPRESSED_FULL:
	case EROFS_LAYOUT_COMPRESSED_COMPACT:
		return emit_zindex(emitter, inode);
	default:
		return 0;
	}
}

static int emit_inode(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	uint64_t position = zone_start(emitter) + emitter->layout->positions[inode->number];
	int err = erofs_writer_sink_pad(&emitter->sink, position);

	if (!err)
		err = emit_body(emitter, inode);
	if (!err)
		err = emit_map(emitter, inode);
	if (err)
		return err;
	assert(emitter->sink.position == position + erofs_writer_placed_body(emitter->plan, emitter->data, inode));
	return emit_tail(emitter, inode);
}

/* ---- the zones ------------------------------------------------------------------------------------------------------------- */

static int emit_inodes(struct emitter *emitter)
{
	const struct erofs_tree *tree = emitter->plan->tree;
	int err = 0;

	for (uint32_t i = 0; !err && i < tree->inode_count; i++) {
		if (erofs_cancel_requested(emitter->plan->options->cancel))
			return -ECANCELED;
		err = emit_inode(emitter, tree->inodes[emitter->layout->by_position[i]]);
	}
	return err;
}

/* What does not fit behind its inode. */
static int emit_blocks(struct emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_plan *plan = emitter->plan;
	uint64_t blocks = S_ISREG(inode->mode) ? 0 : erofs_writer_planned_blocks(plan, inode);
	uint64_t size = erofs_writer_data_size(plan, inode) - erofs_writer_planned_tail(plan, inode);
	uint64_t start = (uint64_t)emitter->layout->blkaddrs[inode->number] * plan->blksz;
	const uint8_t *data;
	int err;

	if (!blocks)
		return 0;
	err = erofs_writer_sink_pad(&emitter->sink, start);
	if (!err)
		err = make_data(emitter, inode, &data);
	if (!err)
		err = erofs_writer_sink_append(&emitter->sink, data, (size_t)size);
	return err ? err : erofs_writer_sink_pad(&emitter->sink, start + blocks * plan->blksz);
}

static int emit_metadata(struct emitter *emitter)
{
	const struct erofs_tree *tree = emitter->plan->tree;
	const struct erofs_buffer *shared = &emitter->plan->xattrs.shared_zone;
	int err = emit_inodes(emitter);

	if (!err)
		err = erofs_writer_sink_pad(&emitter->sink, zone_start(emitter) + emitter->layout->shared_xattrs_at);
	if (!err)
		err = erofs_writer_sink_append(&emitter->sink, shared->data, shared->size);
	for (uint32_t i = 0; !err && i < tree->inode_count; i++)
		err = emit_blocks(emitter, tree->inodes[i]);
	if (!err)
		err = erofs_writer_sink_pad(&emitter->sink, zone_start(emitter) + emitter->layout->metadata_size);
	return err ? err : erofs_writer_sink_flush(&emitter->sink);
}

static void release_emitter(struct emitter *emitter)
{
	erofs_writer_sink_release(&emitter->sink);
	erofs_buffer_release(&emitter->scratch);
}

static void report_progress(const struct erofs_plan *plan)
{
	struct erofs_build_progress progress = { .stage = EROFS_STAGE_EMIT,
						 .files = plan->files,
						 .files_total = plan->files,
						 .bytes = plan->file_bytes,
						 .bytes_total = plan->file_bytes };

	if (plan->options->progress)
		plan->options->progress(plan->options->progress_ctx, &progress);
}

int erofs_writer_emit(const struct erofs_plan *plan, const struct erofs_data *data, const struct erofs_layout *layout,
		      struct erofs_pool *pool)
{
	erofs_auto(release_emitter) struct emitter emitter = { .plan = plan, .data = data, .layout = layout };
	int err;

	report_progress(plan);
	err = erofs_writer_sink_init(&emitter.sink, data->output, zone_start(&emitter), data->uuid_hasher);
	if (!err)
		err = emit_metadata(&emitter);
	return err ? err : erofs_writer_emit_front(plan, data, layout, pool);
}
