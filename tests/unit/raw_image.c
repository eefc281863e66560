/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/raw_image.h"

#include <string.h>

#include "lib/format/format_dirent.h"
#include "lib/format/format_inode.h"
#include "lib/format/format_superblock.h"
#include "tests/unit/unit.h"

void raw_init(struct raw_image *image)
{
	memset(image, 0, sizeof(*image));
	image->size = RAW_SIZE;
	image->sb = (struct erofs_superblock){ .feature_compat = EROFS_FEATURE_COMPAT_SB_CHKSUM,
					       .blkszbits = RAW_BITS,
					       .blocks = RAW_SIZE >> RAW_BITS,
					       .meta_blkaddr = RAW_ZONE,
					       .xattr_blkaddr = 3 };
}

uint8_t *raw_block(struct raw_image *image, uint32_t block)
{
	return image->bytes + (size_t)block * RAW_BLOCK;
}

uint8_t *raw_inode(struct raw_image *image, const struct erofs_inode *inode)
{
	uint8_t *at = raw_block(image, RAW_ZONE) + inode->nid * EROFS_NID_SLOT;

	return at + erofs_inode_encode(inode, at);
}

size_t raw_names(uint8_t *out, const char *const names[], size_t count)
{
	size_t at = count * EROFS_DIRENT_SIZE;

	for (size_t i = 0; i < count; i++) {
		struct erofs_dirent_record record = { .nid = 100 + i,
						      .nameoff = (uint16_t)at,
						      .file_type = EROFS_FT_REG };
		size_t length = strlen(names[i]);

		erofs_dirent_encode(&record, out + i * EROFS_DIRENT_SIZE);
		memcpy(out + at, names[i], length);
		at += length;
	}
	return at;
}

int raw_try_open(struct erofs_image **out, struct raw_image *image, const struct erofs_image_options *options)
{
	uint8_t *at = image->bytes + EROFS_SUPERBLOCK_OFFSET;
	size_t span = erofs_superblock_checksum_span(image->sb.blkszbits);

	erofs_superblock_encode(&image->sb, at);
	if (image->sb.feature_compat & EROFS_FEATURE_COMPAT_SB_CHKSUM) {
		image->sb.checksum = erofs_superblock_checksum(at, span);
		erofs_superblock_encode(&image->sb, at);
	}
	return erofs_image_open_memory(out, image->bytes, image->size, options, NULL);
}

struct erofs_image *raw_open(struct raw_image *image)
{
	struct erofs_image *opened;

	assert_int_equal(raw_try_open(&opened, image, NULL), 0);
	return opened;
}
