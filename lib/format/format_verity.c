/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_verity.h"

#include <string.h>

#include "lib/format/le.h"

struct record {
	uint8_t signature[8];
	erofs_le32 version;
	erofs_le32 hash_type; /* 1: the salt comes before what is hashed */
	uint8_t uuid[16];
	uint8_t algorithm[32];
	erofs_le32 data_block_size;
	erofs_le32 hash_block_size;
	erofs_le64 data_blocks;
	erofs_le16 salt_size;
	uint8_t unused_1[6];
	uint8_t salt[256];
	uint8_t unused_2[168];
};
_Static_assert(sizeof(struct record) == EROFS_VERITY_SUPERBLOCK_SIZE, "the record fills its room");

void erofs_verity_superblock_encode(const struct erofs_verity_superblock *superblock,
				    uint8_t out[EROFS_VERITY_SUPERBLOCK_SIZE])
{
	struct record record = {
		.signature = "verity",
		.version = erofs_put32(1),
		.hash_type = erofs_put32(1),
		.algorithm = "sha256",
		.data_block_size = erofs_put32(superblock->block_size),
		.hash_block_size = erofs_put32(superblock->block_size),
		.data_blocks = erofs_put64(superblock->data_blocks),
		.salt_size = erofs_put16(EROFS_VERITY_SALT_SIZE),
	};

	memcpy(record.uuid, superblock->uuid, sizeof(record.uuid));
	memcpy(record.salt, superblock->salt, EROFS_VERITY_SALT_SIZE);
	memcpy(out, &record, sizeof(record));
}
