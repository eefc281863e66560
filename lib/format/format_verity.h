/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_FORMAT_VERITY_H
#define EROFS_FORMAT_FORMAT_VERITY_H

#include <stdint.h>

/* dm-verity's superblock, as cryptsetup writes it in front of a hash tree. */

#define EROFS_VERITY_SUPERBLOCK_SIZE 512u
#define EROFS_VERITY_SALT_SIZE	     32u
#define EROFS_VERITY_DIGEST_SIZE     32u /* sha256, the only algorithm here */

struct erofs_verity_superblock {
	uint8_t uuid[16];
	uint32_t block_size;  /* of data and of hashes, bytes */
	uint64_t data_blocks; /* that the tree covers */
	uint8_t salt[EROFS_VERITY_SALT_SIZE];
};

void erofs_verity_superblock_encode(const struct erofs_verity_superblock *superblock,
				    uint8_t out[EROFS_VERITY_SUPERBLOCK_SIZE]);

#endif
