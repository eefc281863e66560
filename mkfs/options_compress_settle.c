/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <string.h>

#include "common/tool.h"
#include "mkfs/option.h"

/* What the options of compression are together. */

static bool check_sizes(const struct erofs_build_options *build)
{
	uint32_t blksz = 1u << build->blkszbits;

	if (build->pcluster_size % blksz)
		return mkfs_refuse("-C %" PRIu32 ": a cluster is a number of blocks, and one has %" PRIu32 " bytes",
				   build->pcluster_size, blksz);
	if (build->extent_size && build->extent_size < blksz)
		return mkfs_refuse("--extent-size %" PRIu32 " is less than a block of %" PRIu32 " bytes",
				   build->extent_size, blksz);
	if (build->max_extent_bytes && build->max_extent_bytes < blksz)
		return mkfs_refuse("--max-extent-bytes %" PRIu32 " is less than a block of %" PRIu32
				   " bytes, which no compression would save",
				   build->max_extent_bytes, blksz);
	return true;
}

static bool check_metabox(const struct erofs_build_options *build)
{
	if (build->metabox < EROFS_METABOX_IF_SMALLER)
		return true;
	if (build->data_outside)
		return mkfs_refuse("-m: the metadata of an index are not compressed");
	if (build->metabox_piece && build->metabox_piece >> build->blkszbits == 0)
		return mkfs_refuse("-m %" PRIu32 ": pieces of metadata have at least a block of %" PRIu32 " bytes",
				   build->metabox_piece, 1u << build->blkszbits);
	if (!build->compression_count && !build->metabox_compression_set)
		return mkfs_refuse("-m: files are not compressed; say how metadata are, such as -m %" PRIu32 ":zstd",
				   build->metabox_piece);
	return true;
}

static bool check_directories(const struct erofs_build_options *build)
{
	if (build->directories != EROFS_DIRECTORIES_COMPRESSED || build->compression_count ||
	    build->metabox >= EROFS_METABOX_IF_SMALLER)
		return true;
	return mkfs_refuse("--zD: directories are compressed as files are, and nothing says how: -z");
}

static bool check_form(const struct erofs_build_options *build)
{
	bool extents = build->compressed_form == EROFS_COMPRESSED_EXTENTS;

	if (extents && build->full_index)
		return mkfs_refuse("-E full-index: encoded extents, asked for by -E 48bit, have an index of their own");
	if (!extents && build->extent_size)
		return mkfs_refuse("--extent-size is the size of encoded extents, which need -E 48bit or "
				   "--min-kernel=6.15");
	if (extents && build->max_extent_bytes && build->max_extent_bytes < build->extent_size)
		return mkfs_refuse("--extent-size %" PRIu32 " is more than --max-extent-bytes %" PRIu32 " allows",
				   build->extent_size, build->max_extent_bytes);
	return true;
}

static bool check_legacy(const struct erofs_build_options *build)
{
	bool other = build->compressed_form == EROFS_COMPRESSED_EXTENTS || build->pack_tails || build->fragments ||
		     build->metabox >= EROFS_METABOX_IF_SMALLER;

	for (unsigned int i = 0; i < build->compression_count; i++)
		other |= erofs_compressor_limits(build->compression[i].compressor)->algorithm != EROFS_ALGORITHM_LZ4;
	other |= build->dot_omitted || build->dedupe_runs || build->zero_extents == EROFS_ZERO_EXTENTS_ALWAYS;
	return !other || !build->legacy_layout ||
	       mkfs_refuse("-E legacy-compress: kernels before 5.4, which want it, read nothing but LZ4 in clusters, "
			   "without packed tails, fragments, dedupe, zero-extents, a metabox or dot-omitted; full "
			   "indexes alone are -E full-index");
}

/* Some of it is wrong for any kernel. */
static void refuse_kernel(void *ctx, enum erofs_severity severity, const char *text)
{
	const struct mkfs_options *options = ctx;

	if (severity == EROFS_SEV_ERROR)
		mkfs_refuse("%s%s", text, options->min_kernel.major ? " (--min-kernel)" : "");
}

static bool read_hints(struct mkfs_options *options)
{
	const struct erofs_diag *diag = tool_diag(mkfs_verbosity(options), true);
	int err;

	if (!options->hints_path)
		return true;
	err = erofs_compress_hints_read(&options->hints, options->hints_path, diag);
	if (err && !tool_has_failed())
		mkfs_refuse("--compress-hints: %s", strerror(-err));
	options->build.hints = options->hints;
	return !err;
}

bool mkfs_settle_compression(struct mkfs_options *options)
{
	struct erofs_build_options *build = &options->build;
	const struct erofs_diag diag = { .message = refuse_kernel, .ctx = options, .verbosity = EROFS_SEV_ERROR };
	/* The full index is one of clusters. */
	bool form_given = options->form_given || build->full_index;

	if (!check_sizes(build) || !check_metabox(build) || !check_directories(build) || !check_legacy(build) ||
	    !read_hints(options))
		return false;
	if (build->zero_extents == EROFS_ZERO_EXTENTS_NEVER && build->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return mkfs_refuse("-E ^zero-extents is for clusters: encoded extents, asked for by -E 48bit, never "
				   "take data for zeros");
	if (build->pack_tails && build->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return mkfs_refuse("-E ztailpacking is for clusters: encoded extents, asked for by -E 48bit, lie byte "
				   "behind byte and leave nothing to pack");
	if (erofs_build_for_kernel(build, options->min_kernel, form_given, &diag))
		return false;
	return check_form(build);
}
