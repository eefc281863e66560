/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>
#include <uuid/uuid.h>

#include "lib/writer/meta/emit.h"
#include "lib/codec/hasher.h"
#include "lib/format/format_kernel.h"
#include "lib/format/format_superblock.h"

static uint32_t compat_features(const struct erofs_builder *builder)
{
	uint32_t features = EROFS_FEATURE_COMPAT_MTIME;

	if (builder->options->sb_checksum)
		features |= EROFS_FEATURE_COMPAT_SB_CHKSUM;
	if (builder->xattrs.any && builder->xattrs.name_filter)
		features |= EROFS_FEATURE_COMPAT_XATTR_FILTER;
	if (builder->xattrs.prefix_count)
		features |= EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX;
	if (builder->xattrs.fingerprint_prefix >= 0)
		features |= EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
	return features;
}

static bool has_configs(const struct erofs_builder *builder)
{
	return builder->options->compression_count && erofs_compress_needs_configs(builder->options);
}

static bool has_rotated_blocks(const struct erofs_builder *builder)
{
	return builder->has_compressed && builder->options->interlaced &&
	       builder->options->compressed_form == EROFS_COMPRESSED_CLUSTERS;
}

static uint32_t incompat_features(const struct erofs_builder *builder)
{
	uint32_t features = 0;

	if (builder->options->compression_count)
		features |= EROFS_FEATURE_INCOMPAT_ZERO_PADDING;
	if (has_configs(builder))
		features |= EROFS_FEATURE_INCOMPAT_COMPR_CFGS;
	if (builder->has_compressed && builder->options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		features |= EROFS_FEATURE_INCOMPAT_48BIT;
	if (builder->has_chunks)
		features |= EROFS_FEATURE_INCOMPAT_CHUNKED_FILE;
	if (builder->options->data_outside)
		features |= EROFS_FEATURE_INCOMPAT_DEVICE_TABLE;
	if (builder->xattrs.prefix_count)
		features |= EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES;
	return features;
}

static struct erofs_superblock make_superblock(struct erofs_builder *builder)
{
	const struct erofs_build_options *options = builder->options;
	const struct erofs_xattr_plan *xattrs = &builder->xattrs;
	struct erofs_superblock sb = {
		.feature_compat = compat_features(builder),
		.feature_incompat = incompat_features(builder),
		.blkszbits = (uint8_t)options->blkszbits,
		.root_nid = erofs_plan_nid(builder, 0),
		.inos = builder->tree->inode_count,
		.epoch = builder->epoch,
		.fixed_nsec = builder->fixed_nsec,
		.build_time = (uint32_t)(options->build_time - builder->epoch),
		.blocks = builder->meta_blkaddr + builder->metadata_size / builder->blksz,
		.meta_blkaddr = (uint32_t)erofs_nid_blkaddr(builder),
		.xattr_prefix_count = (uint8_t)xattrs->prefix_count,
	};

	if (has_configs(builder))
		sb.available_compr_algs = erofs_compress_configs(&builder->compress).algorithms;
	else if (options->compression_count)
		sb.available_compr_algs = erofs_compress_configs(&builder->compress).lz4_max_distance;
	if (options->data_outside)
		erofs_outside_encode_device(builder, &sb);
	if (xattrs->shared_count)
		sb.xattr_blkaddr = (uint32_t)(builder->meta_blkaddr + builder->shared_xattrs_at / builder->blksz);
	if (xattrs->prefix_count)
		sb.xattr_prefix_start = builder->prefixes_at / 4;
	if (xattrs->fingerprint_prefix >= 0)
		sb.ishare_xattr_prefix_id = (uint8_t)xattrs->fingerprint_prefix;
	/* There is no fragment. The bit is as old as rotated blocks, and keeps out the kernels that would misread them. */
	if (has_rotated_blocks(builder) &&
	    erofs_kernel_is_before(erofs_superblock_oldest_kernel(&sb), EROFS_KERNEL_INTERLACED))
		sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_FRAGMENTS;
	memcpy(sb.volume_name, options->volume_name, sizeof(options->volume_name));
	return sb;
}

/* The first 16 bytes of the digest over metadata, contents and superblock, marked as a UUID of its maker's own kind. */
static int derive_uuid(struct erofs_builder *builder, uint8_t *uuid)
{
	uint8_t digest[EROFS_DIGEST_MAX];
	int err = erofs_hasher_append(builder->uuid_hasher, builder->front.data, builder->front.size);

	if (!err)
		err = erofs_hasher_end(builder->uuid_hasher, digest);
	if (err)
		return err;
	memcpy(uuid, digest, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* version 8 of RFC 9562 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return 0;
}

static int set_uuid(struct erofs_builder *builder, uint8_t *uuid)
{
	switch (builder->options->uuid_rule) {
	case EROFS_UUID_GIVEN:
		memcpy(uuid, builder->options->uuid, 16);
		return 0;
	case EROFS_UUID_CONTENT:
		return derive_uuid(builder, uuid);
	default:
		uuid_generate_random(uuid);
		return 0;
	}
}

int erofs_build_emit_front(struct erofs_builder *builder)
{
	struct erofs_superblock sb = make_superblock(builder);
	uint8_t *front = builder->front.data;
	int err;

	erofs_superblock_encode(&sb, front);
	if (has_configs(builder)) {
		struct erofs_compression_configs configs = erofs_compress_configs(&builder->compress);
		uint8_t raw[EROFS_CONFIGS_MAX_SIZE];

		memcpy(front + EROFS_SUPERBLOCK_SIZE, raw, erofs_configs_encode(&configs, raw));
	}
	err = set_uuid(builder, sb.uuid);
	if (err)
		return err;
	memcpy(builder->summary->uuid, sb.uuid, sizeof(sb.uuid));
	erofs_superblock_encode(&sb, front);
	if (builder->options->sb_checksum) {
		sb.checksum = erofs_superblock_checksum(front, erofs_superblock_checksum_span(sb.blkszbits));
		erofs_superblock_encode(&sb, front);
	}
	err = erofs_output_barrier(builder->output);
	if (err)
		return err;
	return erofs_output_write(builder->output, front, builder->front.size, EROFS_SUPERBLOCK_OFFSET);
}
