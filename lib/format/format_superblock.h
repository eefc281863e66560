/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_SUPERBLOCK_H
#define EROFS_FORMAT_SUPERBLOCK_H

#include <stddef.h>
#include <stdint.h>

#include <erofs/superblock.h>

#define EROFS_SUPERBLOCK_SLOT_SIZE 16u /* of an extension slot */

/* Bytes to hand to erofs_superblock_decode(): the superblock and its first extension slot. */
#define EROFS_SUPERBLOCK_DECODE_SIZE (EROFS_SUPERBLOCK_SIZE + EROFS_SUPERBLOCK_SLOT_SIZE)

/* Block sizes that Linux mounts on a machine with 4 KiB pages. */
#define EROFS_BLKSZBITS_MIN 9u
#define EROFS_BLKSZBITS_MAX 12u

/* Bytes of a superblock with its extension slots. */
static inline uint64_t erofs_superblock_span(const struct erofs_superblock *sb)
{
	return EROFS_SUPERBLOCK_SIZE + EROFS_SUPERBLOCK_SLOT_SIZE * (uint64_t)sb->sb_extslots;
}

/* Writes EROFS_SUPERBLOCK_SIZE bytes and the first extension slot, if there is one; reserved fields are zero. */
void erofs_superblock_encode(const struct erofs_superblock *sb, uint8_t *out);

/*
 * Decodes the bytes at EROFS_SUPERBLOCK_OFFSET (EROFS_SUPERBLOCK_DECODE_SIZE of them). -EUCLEAN if the magic is wrong or a
 * value makes no sense, -EOPNOTSUPP for an unknown incompatible feature or a block size that Linux would not mount;
 * `*reason` (static storage) says which. `*out` is filled in even then, as far as it goes.
 */
int erofs_superblock_decode(struct erofs_superblock *out, const uint8_t *in, const char **reason);

/* Offsets of non-zero reserved fields: the number of the first such byte in the superblock, or -1. */
int erofs_superblock_reserved_byte(const uint8_t *in);

/* Bytes from EROFS_SUPERBLOCK_OFFSET on that the checksum covers. */
size_t erofs_superblock_checksum_span(unsigned int blkszbits);

/* Checksum of `span` bytes from EROFS_SUPERBLOCK_OFFSET on; the checksum field counts as zero whatever it holds. */
uint32_t erofs_superblock_checksum(const uint8_t *in, size_t span);

#endif
