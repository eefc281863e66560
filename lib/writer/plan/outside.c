/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>

#include "lib/writer/builder.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_superblock.h"

/*
 * Contents that stay in the file that they came in: each regular file is a row of chunks on an extra device. The device also
 * has addresses behind the image's own last block, where it lies if it is appended to the image.
 */

#define DEVICE 1u

static void locate(const struct erofs_builder *builder, const struct erofs_tree_inode *inode, uint64_t offset,
		   uint64_t *at, uint64_t *length)
{
	builder->tree->source_ops->locate(builder->tree->source, inode, offset, at, length);
}

/* Chunks as large as the pieces allow: each begins with a chunk, and only the last one may end within. */
int erofs_outside_plan(struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	unsigned int least = builder->options->blkszbits, bits = least;
	uint64_t at, length;

	while (bits < least + EROFS_CHUNK_FORMAT_BLKBITS_MASK && UINT64_C(1) << bits < inode->size)
		bits++;
	for (uint64_t offset = 0; offset < inode->size; offset += length) {
		locate(builder, inode, offset, &at, &length);
		if (at != EROFS_NOT_STORED && at / builder->blksz + length / builder->blksz >= UINT32_MAX)
			return erofs_tree_report(builder->diag, -EFBIG, inode,
						 "lies behind the 2 TiB that an index reaches");
		if (offset && (unsigned int)__builtin_ctzll(offset) < bits)
			bits = (unsigned int)__builtin_ctzll(offset);
		if (bits < least || (at != EROFS_NOT_STORED && at % builder->blksz))
			return erofs_tree_report(builder->diag, -EOPNOTSUPP, inode,
						 "its pieces in the archive do not begin with blocks of %u bytes",
						 builder->blksz);
	}
	plan->layout = EROFS_LAYOUT_CHUNK_BASED;
	plan->chunkbits = (uint8_t)bits;
	builder->has_chunks = true;
	return 0;
}

void erofs_outside_encode_chunk(const struct erofs_builder *builder, const struct erofs_tree_inode *inode,
				uint64_t offset, uint8_t *out)
{
	struct erofs_chunk_entry entry = { .block = EROFS_NULL_BLOCK };
	uint64_t at, length;

	locate(builder, inode, offset, &at, &length);
	if (at != EROFS_NOT_STORED) {
		entry.block = (uint32_t)(at / builder->blksz);
		entry.device_id = DEVICE;
	}
	erofs_chunk_index_encode(&entry, out);
}

void erofs_outside_encode_device(struct erofs_builder *builder, struct erofs_superblock *sb)
{
	uint64_t size = builder->tree->source_ops->extent(builder->tree->source);
	struct erofs_device_slot slot = {
		.blocks = size / builder->blksz + !!(size % builder->blksz),
		.uniaddr = sb->blocks,
	};

	erofs_device_slot_encode(&slot, builder->front.data + EROFS_SUPERBLOCK_SIZE);
	sb->extra_devices = DEVICE;
	sb->devt_slotoff = (EROFS_SUPERBLOCK_OFFSET + EROFS_SUPERBLOCK_SIZE) / EROFS_DEVICE_SLOT_SIZE;
}
