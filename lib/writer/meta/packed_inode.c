/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/packed_inode.h"

#include "lib/util/align.h"
#include "lib/util/cleanup.h"
#include "lib/writer/data/packed.h"
#include "lib/writer/meta/emit_inode.h"

/* As the one inode of its own plan. */
static int make_inode(const struct erofs_packed *packed, struct erofs_piece *piece, uint64_t at, uint64_t size)
{
	uint64_t position = 0;
	const struct erofs_layout layout = { .blksz = packed->plan.blksz, .positions = &position };
	const struct erofs_emitter emitter = {
		.plan = &packed->plan,
		.data = &packed->data,
		.layout = &layout,
		.zone_start = at,
	};
	int err = erofs_writer_row_begin(&piece->row, at, at + size);

	if (!err)
		err = erofs_writer_emit_inode(&emitter, piece, &packed->inode);
	if (!err)
		erofs_writer_row_pad(&piece->row, at + size);
	return err;
}

int erofs_writer_emit_packed_inode(const struct erofs_plan *plan, const struct erofs_data *data,
				   struct erofs_layout *layout)
{
	erofs_auto(erofs_writer_piece_release) struct erofs_piece piece = { .scratch = { 0 } };
	const struct erofs_packed *packed = data->packed;
	uint64_t size;
	int err;

	if (!packed)
		return 0;
	size = erofs_writer_placed_body(&packed->plan, &packed->data, &packed->inode);
	size = erofs_align_up(size, plan->blksz);
	layout->packed_at = layout->meta_blkaddr * plan->blksz + layout->metadata_size;
	err = erofs_writer_layout_extend(layout, plan, size);
	if (!err)
		err = make_inode(packed, &piece, layout->packed_at, size);
	if (!err && data->uuid_hasher)
		err = erofs_hasher_append(data->uuid_hasher, piece.row.bytes, (size_t)size);
	return err ? err : erofs_output_write(data->output, piece.row.bytes, (size_t)size, layout->packed_at);
}
