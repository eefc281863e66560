/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>

#include "lib/writer/plan/plan.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_superblock.h"

/*
 * Contents that stay in the file that they came in: each regular file is a row of chunks on an extra device. The device also
 * has addresses behind the image's own last block, where it lies if it is appended to the image.
 */

static void locate(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t offset, uint64_t *at,
		   uint64_t *length)
{
	plan->tree->source_ops->locate(plan->tree->source, inode, offset, at, length);
}

/* Chunks as large as the ranges allow: each begins with a chunk, and only the last one may end within. */
int erofs_writer_elsewhere_plan(struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);
	unsigned int least = plan->options->blkszbits, bits = least;
	uint64_t at, length;

	if (erofs_writer_is_thin(plan, inode))
		return 0;
	while (bits < least + EROFS_CHUNK_FORMAT_BLKBITS_MASK && UINT64_C(1) << bits < inode->size)
		bits++;
	for (uint64_t offset = 0; offset < inode->size; offset += length) {
		locate(plan, inode, offset, &at, &length);
		if (at != EROFS_NOT_STORED && at / plan->blksz + length / plan->blksz >= UINT32_MAX)
			return erofs_tree_report(plan->diag, -EFBIG, inode,
						 "lies behind the 2 TiB that an index reaches");
		if (offset && (unsigned int)__builtin_ctzll(offset) < bits)
			bits = (unsigned int)__builtin_ctzll(offset);
		if (bits < least || (at != EROFS_NOT_STORED && at % plan->blksz))
			return erofs_tree_report(plan->diag, -EOPNOTSUPP, inode,
						 "its ranges in the archive do not begin with blocks of %u bytes",
						 plan->blksz);
	}
	inode_plan->layout = EROFS_LAYOUT_CHUNK_BASED;
	inode_plan->chunkbits = bits;
	return 0;
}

void erofs_writer_elsewhere_chunk(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t offset,
				  uint8_t *out)
{
	struct erofs_chunk_entry entry = { .block = EROFS_NULL_BLOCK };
	uint64_t at, length;

	locate(plan, inode, offset, &at, &length);
	if (at != EROFS_NOT_STORED) {
		entry.block = (uint32_t)(at / plan->blksz);
		entry.device_id = EROFS_ONE_DEVICE;
	}
	erofs_chunk_index_encode(&entry, out);
}

void erofs_writer_elsewhere_device(const struct erofs_plan *plan, struct erofs_superblock *sb, uint8_t *slot)
{
	uint64_t size = plan->tree->source_ops->extent(plan->tree->source);

	erofs_writer_one_device(sb, slot, size / plan->blksz + !!(size % plan->blksz));
}

void erofs_writer_one_device(struct erofs_superblock *sb, uint8_t *slot, uint64_t blocks)
{
	struct erofs_device_slot device = { .blocks = blocks, .uniaddr = sb->blocks };

	erofs_device_slot_encode(&device, slot);
	sb->extra_devices = EROFS_ONE_DEVICE;
	sb->devt_slotoff = (EROFS_SUPERBLOCK_OFFSET + EROFS_SUPERBLOCK_SIZE) / EROFS_DEVICE_SLOT_SIZE;
}
