/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_chunk.h"

#include <string.h>

#include "lib/format/le.h"

void erofs_chunk_block_encode(uint32_t block, uint8_t out[EROFS_CHUNK_BLOCK_SIZE])
{
	erofs_le32 disk = erofs_put32(block);

	memcpy(out, disk.b, sizeof(disk));
}

void erofs_chunk_block_decode(struct erofs_chunk_entry *out, const uint8_t in[EROFS_CHUNK_BLOCK_SIZE])
{
	erofs_le32 disk;

	memcpy(&disk, in, sizeof(disk));
	*out = (struct erofs_chunk_entry){ .block = erofs_get32(disk) };
}

struct disk_chunk_index {
	erofs_le16 startblk_hi;
	erofs_le16 device_id;
	erofs_le32 block;
};
_Static_assert(sizeof(struct disk_chunk_index) == EROFS_CHUNK_INDEX_SIZE, "chunk index size");

void erofs_chunk_index_encode(const struct erofs_chunk_entry *entry, uint8_t out[EROFS_CHUNK_INDEX_SIZE])
{
	struct disk_chunk_index disk = {
		.startblk_hi = erofs_put16(entry->startblk_hi),
		.device_id = erofs_put16(entry->device_id),
		.block = erofs_put32(entry->block),
	};

	memcpy(out, &disk, sizeof(disk));
}

void erofs_chunk_index_decode(struct erofs_chunk_entry *out, const uint8_t in[EROFS_CHUNK_INDEX_SIZE])
{
	struct disk_chunk_index disk;

	memcpy(&disk, in, sizeof(disk));
	*out = (struct erofs_chunk_entry){
		.block = erofs_get32(disk.block),
		.startblk_hi = erofs_get16(disk.startblk_hi),
		.device_id = erofs_get16(disk.device_id),
	};
}

struct disk_device_slot {
	uint8_t tag[64];
	erofs_le32 blocks_lo;
	erofs_le32 uniaddr_lo;
	erofs_le16 blocks_hi;
	erofs_le16 uniaddr_hi;
	uint8_t reserved[52];
};
_Static_assert(sizeof(struct disk_device_slot) == EROFS_DEVICE_SLOT_SIZE, "device slot size");

void erofs_device_slot_encode(const struct erofs_device_slot *slot, uint8_t out[EROFS_DEVICE_SLOT_SIZE])
{
	struct disk_device_slot disk = {
		.blocks_lo = erofs_put32((uint32_t)slot->blocks),
		.uniaddr_lo = erofs_put32((uint32_t)slot->uniaddr),
		.blocks_hi = erofs_put16((uint16_t)(slot->blocks >> 32)),
		.uniaddr_hi = erofs_put16((uint16_t)(slot->uniaddr >> 32)),
	};

	memcpy(disk.tag, slot->tag, sizeof(disk.tag));
	memcpy(out, &disk, sizeof(disk));
}

void erofs_device_slot_decode(struct erofs_device_slot *out, const uint8_t in[EROFS_DEVICE_SLOT_SIZE])
{
	struct disk_device_slot disk;

	memcpy(&disk, in, sizeof(disk));
	out->blocks = erofs_get32(disk.blocks_lo) | (uint64_t)erofs_get16(disk.blocks_hi) << 32;
	out->uniaddr = erofs_get32(disk.uniaddr_lo) | (uint64_t)erofs_get16(disk.uniaddr_hi) << 32;
	memcpy(out->tag, disk.tag, sizeof(disk.tag));
	out->tag[sizeof(disk.tag)] = 0;
}
