/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <sys/stat.h>

#include <erofs/compress.h>
#include <erofs/image.h>

#include "lib/format/format_superblock.h"
#include "lib/reader/reader.h"

#define LZ4_DISTANCE_DEFAULT 65535u

/* Older images have no configurations: LZ4 it is, and the field of the bitmap is the window. */
static void use_lz4_only(struct erofs_image *image)
{
	image->configs.algorithms = 1u << EROFS_ALGORITHM_LZ4;
	image->configs.lz4_max_distance = image->sb.available_compr_algs;
	image->configs.lz4_max_pcluster_blocks = 1;
}

static void read_configs(struct erofs_image *image)
{
	uint64_t at = EROFS_SUPERBLOCK_OFFSET + erofs_superblock_span(&image->sb);
	uint8_t raw[EROFS_CONFIGS_MAX_SIZE];
	size_t avail = sizeof(raw), used;

	if (!erofs_has_incompat(&image->sb, EROFS_FEATURE_INCOMPAT_COMPR_CFGS)) {
		use_lz4_only(image);
		return;
	}
	image->configs_reason = "the compression configurations cannot be read";
	if (at > image->primary.size)
		at = image->primary.size;
	if (avail > image->primary.size - at)
		avail = (size_t)(image->primary.size - at);
	image->configs_err = erofs_reader_read_meta(image, raw, avail, at);
	if (!image->configs_err)
		image->configs_err = erofs_configs_decode(&image->configs, image->sb.available_compr_algs, raw, avail,
							  &used, &image->configs_reason);
}

/* An inode that holds others, or fragments that they may consist of: in the metabox it could lie in itself. */
static int read_outside(const struct erofs_image *image, struct erofs_inode *out, uint64_t nid)
{
	if (erofs_image_inode_offset(image, nid) & EROFS_METABOX_AREA)
		return -EUCLEAN;
	return erofs_image_inode(image, out, nid);
}

void erofs_reader_read_compression(struct erofs_image *image)
{
	const struct erofs_superblock *sb = &image->sb;

	read_configs(image);
	image->packed_err = image->metabox_err = -ENODATA;
	if (sb->packed_nid && erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_FRAGMENTS))
		image->packed_err = read_outside(image, &image->packed, sb->packed_nid);
	if (erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_METABOX)) {
		image->metabox_err = read_outside(image, &image->metabox, sb->metabox_nid);
		if (!image->metabox_err && !S_ISREG(image->metabox.mode))
			image->metabox_err = -EUCLEAN;
		image->read_metabox = erofs_image_read;
	}
}

int erofs_image_metabox_inode(const struct erofs_image *image, struct erofs_inode *out)
{
	if (!image || !out)
		return -EINVAL;
	if (!image->metabox_err)
		*out = image->metabox;
	return image->metabox_err;
}

int erofs_image_packed_inode(const struct erofs_image *image, struct erofs_inode *out)
{
	if (!image || !out)
		return -EINVAL;
	if (!image->packed_err)
		*out = image->packed;
	return image->packed_err;
}

int erofs_image_compression(const struct erofs_image *image, struct erofs_compression_info *out, const char **reason)
{
	const struct erofs_compression_configs *configs;
	uint16_t used;

	if (!image || !out)
		return -EINVAL;
	configs = &image->configs;
	used = image->sb.available_compr_algs ? configs->algorithms : 0;
	*out = (struct erofs_compression_info){ 0 };
	if (image->configs_err) {
		if (reason)
			*reason = image->configs_reason;
		return image->configs_err;
	}
	out->algorithms = used;
	if (used & 1u << EROFS_ALGORITHM_LZ4) {
		out->lz4_max_distance = configs->lz4_max_distance ? configs->lz4_max_distance : LZ4_DISTANCE_DEFAULT;
		out->lz4_max_pcluster = (uint32_t)configs->lz4_max_pcluster_blocks << image->sb.blkszbits;
	}
	if (used & 1u << EROFS_ALGORITHM_LZMA)
		out->lzma_dict_size = configs->lzma_dict_size;
	if (used & 1u << EROFS_ALGORITHM_DEFLATE)
		out->deflate_window_size = 1u << configs->deflate_window_bits;
	if (used & 1u << EROFS_ALGORITHM_ZSTD)
		out->zstd_window_size = 1u << configs->zstd_window_log;
	return 0;
}
