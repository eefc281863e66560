/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/emit_inode.h"

#include <assert.h>
#include <errno.h>

#include "lib/format/format_chunk.h"
#include "lib/format/format_inode.h"
#include "lib/format/format_xattr.h"
#include "lib/writer/index/chunk_list.h"
#include "lib/writer/meta/dirs.h"
#include "lib/writer/plan/chunk_plan.h"

void erofs_writer_piece_release(struct erofs_piece *piece)
{
	erofs_writer_row_release(&piece->row);
	erofs_buffer_release(&piece->scratch);
}

static uint64_t nid_of(const void *ctx, const struct erofs_tree_inode *inode)
{
	return erofs_writer_nid(ctx, inode->number);
}

/* What stat(2) shows as the file's blocks comes from this. */
static uint32_t compressed_blocks(const struct erofs_emitter *emitter, const struct erofs_tree_inode *inode)
{
	uint64_t bytes = erofs_writer_placed_span(emitter->plan, emitter->data, inode).size;

	return (uint32_t)((bytes + emitter->plan->blksz - 1) / emitter->plan->blksz);
}

static struct erofs_thin_file thin_file(const struct erofs_emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_thin_file file;

	emitter->plan->tree->source_ops->thin(inode, &file);
	return file;
}

/* The images beside this one have their addresses behind its last block. */
static uint64_t thin_base(const struct erofs_emitter *emitter)
{
	return emitter->layout->image_size / emitter->plan->blksz;
}

static uint32_t thin_u(const struct erofs_emitter *emitter, const struct erofs_tree_inode *inode)
{
	struct erofs_thin_file file = thin_file(emitter, inode);

	if (file.chunks)
		return file.u | EROFS_CHUNK_FORMAT_INDEXES;
	return file.u + (file.has_block ? (uint32_t)thin_base(emitter) : 0);
}

static uint32_t inode_u(const struct erofs_emitter *emitter, const struct erofs_tree_inode *inode)
{
	const struct erofs_plan *plan = emitter->plan;

	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		return erofs_encode_rdev(inode->rdev.major, inode->rdev.minor);
	if (erofs_writer_is_thin(plan, inode))
		return thin_u(emitter, inode);
	if (S_ISREG(inode->mode) && erofs_writer_placed_layout(plan, emitter->data, inode) == EROFS_LAYOUT_CHUNK_BASED)
		return (erofs_writer_placed_chunkbits(plan, emitter->data, inode) - plan->options->blkszbits) |
		       (erofs_writer_has_chunk_indexes(plan, inode) ? EROFS_CHUNK_FORMAT_INDEXES : 0);
	if (erofs_writer_place(emitter->data, inode)->is_compressed)
		return compressed_blocks(emitter, inode);
	return S_ISREG(inode->mode) ? erofs_writer_place(emitter->data, inode)->blkaddr
				    : emitter->layout->blkaddrs[inode->number];
}

static int emit_body(const struct erofs_emitter *emitter, struct erofs_piece *piece,
		     const struct erofs_tree_inode *inode)
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
		.ino = plan->first_ino + inode->number + 1,
		.size = erofs_writer_data_size(plan, inode),
		.mtime = inode->mtime,
		.mtime_nsec = inode->mtime_nsec,
		.u = inode_u(emitter, inode),
		.dot_omitted = S_ISDIR(inode->mode) && plan->options->dot_omitted,
	};
	uint8_t body[EROFS_INODE_EXTENDED_SIZE];
	int err;

	record.xattr_icount = (uint16_t)erofs_xattr_icount(
		erofs_writer_xattr_plan_area_size(&plan->xattrs, inode->xattrs, fingerprinted));
	erofs_writer_row_append(&piece->row, body, erofs_inode_encode(&record, body));
	piece->scratch.size = 0;
	err = erofs_writer_xattr_plan_encode(
		&plan->xattrs, &piece->scratch, inode->xattrs,
		fingerprinted
			? erofs_writer_contents_digest(&data->dedup.contents, erofs_writer_place(data, inode)->content)
			: NULL);
	if (!err)
		erofs_writer_row_append(&piece->row, piece->scratch.data, piece->scratch.size);
	return err;
}

static void emit_entry(const struct erofs_emitter *emitter, struct erofs_piece *piece, uint32_t block, bool indexes)
{
	bool on_device = emitter->plan->options->data_device && block != EROFS_NULL_BLOCK;
	const struct erofs_chunk_entry entry = { .block = block, .device_id = on_device ? EROFS_ONE_DEVICE : 0 };
	uint8_t raw[EROFS_CHUNK_INDEX_SIZE];

	if (indexes)
		erofs_chunk_index_encode(&entry, raw);
	else
		erofs_chunk_block_encode(entry.block, raw);
	erofs_writer_row_append(&piece->row, raw, indexes ? EROFS_CHUNK_INDEX_SIZE : EROFS_CHUNK_BLOCK_SIZE);
}

static void emit_chunk_list(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			    const struct erofs_tree_inode *inode)
{
	struct erofs_chunk_list_cursor list =
		erofs_writer_chunk_list_open(&emitter->data->chunk_lists, erofs_writer_place(emitter->data, inode)->at);
	bool indexes = erofs_writer_has_chunk_indexes(emitter->plan, inode);

	if (indexes)
		erofs_writer_row_pad(&piece->row, erofs_chunk_map_at(piece->row.position, EROFS_CHUNK_INDEX_SIZE));
	for (uint64_t at = 0; at < inode->size; at += UINT64_C(1) << list.chunkbits)
		emit_entry(emitter, piece, erofs_writer_chunk_list_block(&list, at / emitter->plan->blksz), indexes);
}

static void emit_chunk_map(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			   const struct erofs_tree_inode *inode)
{
	struct erofs_chunk_cursor cursor = { .map = inode->data };
	uint64_t chunk = UINT64_C(1) << erofs_writer_inode_plan(emitter->plan, inode)->chunkbits;
	uint32_t block = erofs_writer_place(emitter->data, inode)->blkaddr;
	bool indexes = erofs_writer_has_chunk_indexes(emitter->plan, inode);

	if (indexes)
		erofs_writer_row_pad(&piece->row, erofs_chunk_map_at(piece->row.position, EROFS_CHUNK_INDEX_SIZE));
	for (uint64_t at = 0; at < inode->size; at += chunk) {
		bool stored = erofs_writer_chunk_has_data(&cursor, at, at + chunk);

		emit_entry(emitter, piece, stored ? block : EROFS_NULL_BLOCK, indexes);
		block += stored ? (uint32_t)(chunk / emitter->plan->blksz) : 0;
	}
}

static void emit_elsewhere_map(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			       const struct erofs_tree_inode *inode)
{
	const struct erofs_plan *plan = emitter->plan;
	uint64_t chunk = UINT64_C(1) << erofs_writer_inode_plan(plan, inode)->chunkbits;

	erofs_writer_row_pad(&piece->row, erofs_chunk_map_at(piece->row.position, EROFS_CHUNK_INDEX_SIZE));
	for (uint64_t at = 0; at < inode->size; at += chunk) {
		uint8_t entry[EROFS_CHUNK_INDEX_SIZE];

		erofs_writer_elsewhere_chunk(plan, inode, at, entry);
		erofs_writer_row_append(&piece->row, entry, sizeof(entry));
	}
}

static int emit_zindex(const struct erofs_emitter *emitter, struct erofs_piece *piece,
		       const struct erofs_tree_inode *inode)
{
	struct erofs_zindex zindex = erofs_writer_zindex(emitter->plan, emitter->data, inode);
	int err;

	piece->scratch.size = 0;
	err = erofs_writer_zindex_encode(&zindex, &piece->scratch, piece->row.position);
	if (!err)
		erofs_writer_row_append(&piece->row, piece->scratch.data, piece->scratch.size);
	return err;
}

/* The data of a directory or symlink, which are made here; valid until the next call. */
static int make_data(const struct erofs_emitter *emitter, struct erofs_buffer *scratch,
		     const struct erofs_tree_inode *inode, const uint8_t **data)
{
	scratch->size = 0;
	if (S_ISDIR(inode->mode)) {
		int err = erofs_writer_dir_encode(scratch, inode, emitter->plan->blksz,
						  emitter->plan->options->dot_omitted, nid_of, emitter->layout);

		*data = scratch->data;
		return err;
	}
	*data = (const uint8_t *)inode->target;
	return 0;
}

static int emit_thin_index(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			   const struct erofs_tree_inode *inode)
{
	uint64_t head = erofs_writer_head_size(emitter->plan, inode);
	uint64_t size = erofs_writer_thin_size(emitter->plan, inode, head);
	int err;

	piece->scratch.size = 0;
	err = erofs_buffer_append_zeros(&piece->scratch, size);
	if (!err)
		err = erofs_writer_thin_index(emitter->plan, inode, head, thin_base(emitter), piece->scratch.data);
	if (!err)
		erofs_writer_row_append(&piece->row, piece->scratch.data, piece->scratch.size);
	return err;
}

/* A regular file's is in its place already, unless the source keeps it in memory. */
static int emit_tail(const struct erofs_emitter *emitter, struct erofs_piece *piece,
		     const struct erofs_tree_inode *inode)
{
	uint32_t size = erofs_writer_placed_tail(emitter->plan, emitter->data, inode);
	const uint8_t *data;
	int err;

	if (size && erofs_writer_is_thin(emitter->plan, inode)) {
		erofs_writer_row_append(&piece->row, thin_file(emitter, inode).tail, size);
		return 0;
	}
	if (S_ISREG(inode->mode) || !size) {
		erofs_writer_row_skip(&piece->row, size);
		return 0;
	}
	err = make_data(emitter, &piece->scratch, inode, &data);
	if (!err)
		erofs_writer_row_append(&piece->row, data + erofs_writer_data_size(emitter->plan, inode) - size, size);
	return err;
}

static int emit_map(const struct erofs_emitter *emitter, struct erofs_piece *piece,
		    const struct erofs_tree_inode *inode)
{
	if (erofs_writer_is_thin(emitter->plan, inode))
		return emit_thin_index(emitter, piece, inode);
	if (erofs_writer_is_elsewhere(emitter->plan, inode)) {
		emit_elsewhere_map(emitter, piece, inode);
		return 0;
	}
	switch (erofs_writer_placed_layout(emitter->plan, emitter->data, inode)) {
	case EROFS_LAYOUT_CHUNK_BASED:
		if (erofs_writer_place(emitter->data, inode)->is_chunked)
			emit_chunk_list(emitter, piece, inode);
		else
			emit_chunk_map(emitter, piece, inode);
		return 0;
	case EROFS_LAYOUT_COMPRESSED_FULL:
	case EROFS_LAYOUT_COMPRESSED_COMPACT:
		return emit_zindex(emitter, piece, inode);
	default:
		return 0;
	}
}

static uint64_t position_of(const struct erofs_emitter *emitter, const struct erofs_tree_inode *inode)
{
	return emitter->zone_start + emitter->layout->positions[inode->number];
}

/* Asked for once, by one thread at a time: see tails.h. */
int erofs_writer_emit_file_tail(const struct erofs_emitter *emitter, struct erofs_piece *piece,
				const struct erofs_tree_inode *inode, uint64_t from, uint64_t to)
{
	uint32_t size = erofs_writer_placed_tail(emitter->plan, emitter->data, inode);
	uint64_t at = position_of(emitter, inode) + erofs_writer_placed_body(emitter->plan, emitter->data, inode);

	if (!size || at < from || at >= to || !S_ISREG(inode->mode) || erofs_writer_is_thin(emitter->plan, inode))
		return 0;
	return erofs_writer_tails_read(emitter->data->tails, erofs_writer_row_at(&piece->row, at), size,
				       erofs_writer_placed_tail_at(emitter->data, inode));
}

int erofs_writer_emit_inode(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			    const struct erofs_tree_inode *inode)
{
	uint64_t position = position_of(emitter, inode);
	int err;

	erofs_writer_row_pad(&piece->row, position);
	err = emit_body(emitter, piece, inode);
	if (!err)
		err = emit_map(emitter, piece, inode);
	if (err)
		return err;
	assert(piece->row.position == position + erofs_writer_placed_body(emitter->plan, emitter->data, inode));
	return emit_tail(emitter, piece, inode);
}

int erofs_writer_emit_blocks(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			     const struct erofs_tree_inode *inode)
{
	const struct erofs_plan *plan = emitter->plan;
	uint64_t size = erofs_writer_data_size(plan, inode) - erofs_writer_planned_tail(plan, inode);
	const uint8_t *data;
	int err = make_data(emitter, &piece->scratch, inode, &data);

	if (err)
		return err;
	erofs_writer_row_pad(&piece->row, (uint64_t)emitter->layout->blkaddrs[inode->number] * plan->blksz);
	erofs_writer_row_append(&piece->row, data, (size_t)size);
	return 0;
}
