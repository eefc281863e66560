/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_CHUNK_H
#define EROFS_FORMAT_CHUNK_H

#include <stdint.h>

#include <erofs/image.h>

#define EROFS_CHUNK_BLOCK_SIZE 4u /* entry of the plain block map */
#define EROFS_CHUNK_INDEX_SIZE 8u /* entry with a device id */
#define EROFS_DEVICE_SLOT_SIZE 128u

/* An entry of either form; `block` EROFS_NULL_BLOCK (with startblk_hi ignored) is a hole. */
struct erofs_chunk_entry {
	uint32_t block;
	uint16_t startblk_hi; /* 8-byte form with EROFS_CHUNK_FORMAT_48BIT */
	uint16_t device_id;   /* 8-byte form; 0: primary, or the unified address space if there is a device table */
};

/* Log2 of the chunk size that `u` of a chunk-based inode says. */
static inline unsigned int erofs_chunk_bits(uint32_t u, unsigned int blkszbits)
{
	return blkszbits + (u & EROFS_CHUNK_FORMAT_BLKBITS_MASK);
}

/* Bytes of each entry. */
static inline unsigned int erofs_chunk_entry_size(uint32_t u)
{
	return u & EROFS_CHUNK_FORMAT_INDEXES ? EROFS_CHUNK_INDEX_SIZE : EROFS_CHUNK_BLOCK_SIZE;
}

/* Where entries of this size lie: behind `end_of_xattrs`, aligned. */
static inline uint64_t erofs_chunk_map_at(uint64_t end_of_xattrs, unsigned int entry_size)
{
	return (end_of_xattrs + entry_size - 1) & ~((uint64_t)entry_size - 1);
}

/* Chunks of the file, holes included. */
static inline uint64_t erofs_chunk_count(uint64_t size, unsigned int chunkbits)
{
	return (size >> chunkbits) + !!(size & ((UINT64_C(1) << chunkbits) - 1));
}

void erofs_chunk_block_encode(uint32_t block, uint8_t out[EROFS_CHUNK_BLOCK_SIZE]);
void erofs_chunk_block_decode(struct erofs_chunk_entry *out, const uint8_t in[EROFS_CHUNK_BLOCK_SIZE]);
void erofs_chunk_index_encode(const struct erofs_chunk_entry *entry, uint8_t out[EROFS_CHUNK_INDEX_SIZE]);
void erofs_chunk_index_decode(struct erofs_chunk_entry *out, const uint8_t in[EROFS_CHUNK_INDEX_SIZE]);

void erofs_device_slot_encode(const struct erofs_device_slot *slot, uint8_t out[EROFS_DEVICE_SLOT_SIZE]);
/* Leaves out->present alone. */
void erofs_device_slot_decode(struct erofs_device_slot *out, const uint8_t in[EROFS_DEVICE_SLOT_SIZE]);

#endif
