/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_chunk.h"
#include "lib/writer/plan/chunk_plan.h"
#include "lib/writer/plan/plan.h"

uint64_t erofs_writer_data_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return S_ISDIR(inode->mode) ? erofs_writer_inode_plan(plan, inode)->dir_size : inode->size;
}

uint64_t erofs_writer_head_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	bool extended = erofs_writer_inode_plan(plan, inode)->extended;

	return (extended ? EROFS_INODE_EXTENDED_SIZE : EROFS_INODE_COMPACT_SIZE) +
	       erofs_writer_xattr_plan_area_size(&plan->xattrs, inode->xattrs,
						 erofs_writer_has_fingerprint(plan, inode));
}

uint64_t erofs_writer_chunk_map_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t at,
				     unsigned int chunkbits)
{
	uint64_t chunks = erofs_chunk_count(inode->size, chunkbits);

	if (erofs_writer_has_chunk_indexes(plan, inode))
		return erofs_chunk_map_at(at, EROFS_CHUNK_INDEX_SIZE) - at + chunks * EROFS_CHUNK_INDEX_SIZE;
	return chunks * EROFS_CHUNK_BLOCK_SIZE;
}

/* Bytes of the chunk map behind the xattrs, which end at `at`. */
static uint64_t map_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t at)
{
	const struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);

	if (erofs_writer_is_thin(plan, inode))
		return erofs_writer_thin_size(plan, inode, at);
	return inode_plan->layout == EROFS_LAYOUT_CHUNK_BASED
		       ? erofs_writer_chunk_map_size(plan, inode, at, inode_plan->chunkbits)
		       : 0;
}

uint64_t erofs_writer_planned_body(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	uint64_t head = erofs_writer_head_size(plan, inode);

	return head + map_size(plan, inode, head);
}

uint32_t erofs_writer_planned_tail(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	if (erofs_writer_inode_plan(plan, inode)->layout != EROFS_LAYOUT_FLAT_INLINE)
		return 0;
	return (uint32_t)(erofs_writer_data_size(plan, inode) % plan->blksz);
}

uint64_t erofs_writer_planned_blocks(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	const struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);
	uint64_t size = erofs_writer_data_size(plan, inode);

	if (erofs_writer_is_elsewhere(plan, inode))
		return 0;
	if (inode_plan->layout == EROFS_LAYOUT_CHUNK_BASED && inode->data)
		size = erofs_writer_chunk_stored_bytes(size, inode->data, inode_plan->chunkbits);
	if (inode_plan->layout == EROFS_LAYOUT_FLAT_INLINE)
		return size / plan->blksz;
	return size / plan->blksz + !!(size % plan->blksz);
}
