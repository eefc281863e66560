/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/option.h"

/* Images of images: metadata only, or a copy. */

/* What can only be had in a copy. */
static bool needs_copy(const struct mkfs_options *options)
{
	return options->build.compression_count || options->build.metabox >= EROFS_METABOX_IF_SMALLER ||
	       options->min_kernel.major || options->scan.device_count || options->hot_path ||
	       options->build.chunk_bytes;
}

/* An index of images takes everything as they have it. */
static bool check_thin(const struct mkfs_options *options)
{
	if (options->build.compression_count)
		return mkfs_refuse("-z: --index leaves the contents in the images, as they are");
	if (options->build.chunk_bytes)
		return mkfs_refuse("--chunksize: --index leaves the contents in the images, as they are");
	if (options->build.metabox >= EROFS_METABOX_IF_SMALLER)
		return mkfs_refuse("-m: the metadata of an index are not compressed");
	if (options->min_kernel.major)
		return mkfs_refuse("--min-kernel: what an index wants is what its images want");
	return !options->scan.device_count ||
	       mkfs_refuse("--device: an index cannot point to images that have devices of their own");
}

bool mkfs_settle_thin(struct mkfs_parser *parser)
{
	struct mkfs_options *options = parser->options;
	bool is_image = options->input == MKFS_TREE && erofs_source_is_image(options->source) > 0;

	if (options->is_thin && !is_image)
		return mkfs_refuse("--index: the sources have to be EROFS images; for an archive it is --tar=i");
	if (options->is_thin && !check_thin(options))
		return false;
	if (is_image && !options->wants_copy && !needs_copy(options))
		options->is_thin = true;
	options->scan.carry_fingerprints = options->is_thin && !parser->fingerprint_given;
	return true;
}

bool mkfs_check_thin_blocks(const struct mkfs_options *options, const struct erofs_build_options *build)
{
	return !options->block_size_given || build->blkszbits == options->build.blkszbits ||
	       mkfs_refuse(
		       "-b: '%s' has blocks of %u bytes, and so has an index of it; --clean=data copies it into others",
		       options->source, 1u << build->blkszbits);
}
