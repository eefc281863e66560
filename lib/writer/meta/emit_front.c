/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <uuid/uuid.h>

#include "lib/codec/hasher.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_kernel.h"
#include "lib/format/format_superblock.h"
#include "lib/util/cleanup.h"
#include "lib/writer/meta/emit.h"

static uint32_t compat_features(const struct erofs_plan *plan, const struct erofs_layout *layout)
{
	uint32_t features = EROFS_FEATURE_COMPAT_MTIME;

	if (plan->options->sb_checksum)
		features |= EROFS_FEATURE_COMPAT_SB_CHKSUM;
	if (plan->xattrs.any && plan->xattrs.name_filter)
		features |= EROFS_FEATURE_COMPAT_XATTR_FILTER;
	if (plan->xattrs.prefix_count)
		features |= EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX;
	if (plan->xattrs.fingerprint_prefix >= 0)
		features |= EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
	if (layout->has_metabox && plan->xattrs.shared_count)
		features |= EROFS_FEATURE_COMPAT_SHARED_EA_IN_METABOX;
	return features;
}

static bool has_rotated_blocks(const struct erofs_plan *plan, const struct erofs_data *data)
{
	return data->has_compressed && plan->options->interlaced &&
	       plan->options->compressed_form == EROFS_COMPRESSED_CLUSTERS;
}

static uint32_t incompat_features(const struct erofs_plan *plan, const struct erofs_data *data,
				  const struct erofs_layout *layout)
{
	const struct erofs_build_options *options = plan->options;
	uint32_t features = 0;

	if ((options->compression_count && !options->legacy_layout) || layout->has_metabox)
		features |= EROFS_FEATURE_INCOMPAT_ZERO_PADDING;
	if (layout->has_metabox)
		features |= EROFS_FEATURE_INCOMPAT_METABOX | EROFS_FEATURE_INCOMPAT_48BIT;
	if (erofs_writer_has_configs(plan))
		features |= EROFS_FEATURE_INCOMPAT_COMPR_CFGS;
	if (data->has_compressed && options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		features |= EROFS_FEATURE_INCOMPAT_48BIT;
	if (options->dot_omitted)
		features |= EROFS_FEATURE_INCOMPAT_48BIT;
	if (data->has_packed_tails)
		features |= EROFS_FEATURE_INCOMPAT_ZTAILPACKING;
	if (data->packed || data->has_shared)
		features |= EROFS_FEATURE_INCOMPAT_FRAGMENTS; /* or DEDUPE, which is the same bit */
	if (plan->has_chunks || data->has_chunks)
		features |= EROFS_FEATURE_INCOMPAT_CHUNKED_FILE;
	if (options->data_outside || options->data_device)
		features |= EROFS_FEATURE_INCOMPAT_DEVICE_TABLE;
	if (plan->xattrs.prefix_count)
		features |= EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES;
	return features;
}

/* What only some images have, and where. */
static void add_parts(struct erofs_superblock *sb, const struct erofs_plan *plan, const struct erofs_data *data,
		      const struct erofs_layout *layout)
{
	const struct erofs_xattr_plan *xattrs = &plan->xattrs;
	struct erofs_compression_configs configs = erofs_writer_plan_configs(plan);

	if (erofs_writer_has_configs(plan))
		sb->available_compr_algs = configs.algorithms;
	else if (plan->options->compression_count)
		sb->available_compr_algs = configs.lz4_max_distance;
	if (xattrs->shared_count)
		sb->xattr_blkaddr = (uint32_t)((layout->has_metabox ? 0 : layout->meta_blkaddr) +
					       layout->shared_xattrs_at / plan->blksz);
	if (erofs_writer_may_have_metabox(plan))
		sb->sb_extslots = 1;
	if (layout->has_metabox)
		sb->metabox_nid = erofs_writer_metabox_nid(layout);
	if (xattrs->prefix_count)
		sb->xattr_prefix_start = plan->prefixes_at / 4;
	if (data->packed)
		sb->packed_nid = erofs_writer_packed_nid(layout);
	if (xattrs->fingerprint_prefix >= 0)
		sb->ishare_xattr_prefix_id = (uint8_t)xattrs->fingerprint_prefix;
}

static struct erofs_superblock make_superblock(const struct erofs_plan *plan, const struct erofs_data *data,
					       const struct erofs_layout *layout)
{
	const struct erofs_build_options *options = plan->options;
	const struct erofs_xattr_plan *xattrs = &plan->xattrs;
	struct erofs_superblock sb = {
		.feature_compat = compat_features(plan, layout),
		.feature_incompat = incompat_features(plan, data, layout),
		.blkszbits = (uint8_t)options->blkszbits,
		.root_nid = erofs_writer_nid(layout, plan->tree->root->number),
		.inos = plan->tree->inode_count,
		.epoch = plan->epoch,
		.fixed_nsec = plan->fixed_nsec,
		.build_time = (uint32_t)(options->build_time - plan->epoch),
		.blocks = layout->image_size / plan->blksz,
		.meta_blkaddr = (uint32_t)erofs_writer_nid_blkaddr(layout),
		.xattr_prefix_count = (uint8_t)xattrs->prefix_count,
	};

	add_parts(&sb, plan, data, layout);
	/* Fragments or none: the bit is as old as rotated blocks, and keeps out the kernels that would misread them. */
	if (has_rotated_blocks(plan, data) &&
	    erofs_kernel_is_before(erofs_superblock_oldest_kernel(&sb), EROFS_KERNEL_INTERLACED))
		sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_FRAGMENTS;
	memcpy(sb.volume_name, options->volume_name, sizeof(options->volume_name));
	return sb;
}

/* What stands between the superblock and the prefix table. */
static void encode_configs(const struct erofs_plan *plan, uint8_t *out)
{
	struct erofs_compression_configs configs = erofs_writer_plan_configs(plan);
	uint8_t raw[EROFS_CONFIGS_MAX_SIZE];

	if (erofs_writer_has_configs(plan))
		memcpy(out, raw, erofs_configs_encode(&configs, raw));
}

/* From the digest over metadata, contents and superblock. */
static int derive_uuid(struct erofs_hasher *hasher, const struct erofs_buffer *front, uint8_t *uuid)
{
	int err = erofs_hasher_append(hasher, front->data, front->size);

	return err ? err : erofs_hasher_end_uuid(hasher, uuid);
}

static int make_uuid(const struct erofs_build_options *options, struct erofs_hasher *hasher,
		     const struct erofs_buffer *front, uint8_t *uuid)
{
	switch (options->uuid_rule) {
	case EROFS_UUID_GIVEN:
		memcpy(uuid, options->uuid, 16);
		return 0;
	case EROFS_UUID_CONTENT:
		return derive_uuid(hasher, front, uuid);
	default:
		uuid_generate_random(uuid);
		return 0;
	}
}

int erofs_writer_emit_front(const struct erofs_plan *plan, const struct erofs_data *data,
			    const struct erofs_layout *layout, struct erofs_pool *pool)
{
	struct erofs_superblock sb = make_superblock(plan, data, layout);
	erofs_auto(erofs_buffer_release) struct erofs_buffer front = { 0 };
	int err = erofs_buffer_append(&front, plan->front.data, plan->front.size);

	if (err)
		return err;
	if (plan->options->data_outside && plan->tree->source_ops->thin)
		err = erofs_writer_thin_devices(plan, &sb, front.data + EROFS_SUPERBLOCK_SIZE);
	else if (plan->options->data_outside)
		erofs_writer_elsewhere_device(plan, &sb, front.data + EROFS_SUPERBLOCK_SIZE);
	else if (plan->options->data_device)
		erofs_writer_one_device(&sb, front.data + EROFS_SUPERBLOCK_SIZE, data->zone.end / plan->blksz);
	if (err)
		return err;
	encode_configs(plan, front.data + erofs_superblock_span(&sb));
	erofs_superblock_encode(&sb, front.data);
	err = make_uuid(plan->options, data->uuid_hasher, &front, sb.uuid);
	if (err)
		return err;
	memcpy(plan->summary->uuid, sb.uuid, sizeof(sb.uuid));
	erofs_superblock_encode(&sb, front.data);
	if (plan->options->sb_checksum) {
		sb.checksum = erofs_superblock_checksum(front.data, erofs_superblock_checksum_span(sb.blkszbits));
		erofs_superblock_encode(&sb, front.data);
	}
	err = erofs_writer_emit_behind(plan, data, layout, &front, pool);
	if (!err)
		err = erofs_output_barrier(data->output);
	if (err)
		return err;
	return erofs_output_write(data->output, front.data, front.size, EROFS_SUPERBLOCK_OFFSET);
}
