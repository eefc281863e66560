/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/parts.h"

static uint64_t inode_count(const struct erofs_parts *parts)
{
	return parts->emitter.plan->tree->inode_count;
}

struct erofs_parts erofs_writer_parts(const struct erofs_plan *plan, const struct erofs_data *data,
				      const struct erofs_layout *layout)
{
	uint64_t start = layout->meta_blkaddr * plan->blksz, inodes = plan->tree->inode_count;

	return (struct erofs_parts){
		.emitter = { .plan = plan, .data = data, .layout = layout, .zone_start = start },
		.first = layout->has_metabox ? inodes + 1 : 0,
		.end = inodes + 1 + layout->with_blocks_count,
		.end_at = layout->stored_end,
	};
}

struct erofs_parts erofs_writer_metabox_parts(const struct erofs_plan *plan, const struct erofs_data *data,
					      const struct erofs_layout *layout)
{
	return (struct erofs_parts){
		.emitter = { .plan = plan, .data = data, .layout = layout },
		.end = (uint64_t)plan->tree->inode_count + 1,
		.end_at = layout->metabox_size,
	};
}

static const struct erofs_tree_inode *inode_of(const struct erofs_parts *parts, uint64_t part)
{
	const struct erofs_layout *layout = parts->emitter.layout;
	uint64_t count = inode_count(parts);
	uint32_t number = part < count ? layout->by_position[part] : layout->with_blocks[part - count - 1];

	return parts->emitter.plan->tree->inodes[number];
}

uint64_t erofs_writer_part_start(const struct erofs_parts *parts, uint64_t part)
{
	const struct erofs_layout *layout = parts->emitter.layout;
	uint64_t start = parts->emitter.zone_start;

	if (part == parts->end)
		return parts->end_at;
	if (part == inode_count(parts))
		return start + layout->shared_xattrs_at;
	if (part < inode_count(parts))
		return start + layout->positions[layout->by_position[part]];
	return (uint64_t)layout->blkaddrs[inode_of(parts, part)->number] * layout->blksz;
}

int erofs_writer_part_tail(const struct erofs_parts *parts, struct erofs_piece *piece, uint64_t part, uint64_t from,
			   uint64_t to)
{
	return part < inode_count(parts)
		       ? erofs_writer_emit_file_tail(&parts->emitter, piece, inode_of(parts, part), from, to)
		       : 0;
}

int erofs_writer_part_emit(const struct erofs_parts *parts, struct erofs_piece *piece, uint64_t part)
{
	const struct erofs_buffer *shared = &parts->emitter.plan->xattrs.shared_zone;

	if (part < inode_count(parts))
		return erofs_writer_emit_inode(&parts->emitter, piece, inode_of(parts, part));
	if (part > inode_count(parts))
		return erofs_writer_emit_blocks(&parts->emitter, piece, inode_of(parts, part));
	erofs_writer_row_pad(&piece->row, erofs_writer_part_start(parts, part));
	erofs_writer_row_append(&piece->row, shared->data, shared->size);
	return 0;
}
