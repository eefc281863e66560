/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/tool.h"
#include "mkfs/options.h"

/* Compression: its options one by one, and what they are together. */

#define EXTENT_SIZE_MAX (1024u * 1024)

bool mkfs_parse_compression(struct mkfs_options *options, const char *value)
{
	struct erofs_compression list[sizeof(options->build.compression) / sizeof(options->build.compression[0])];
	const char *reason = NULL, *at = value;
	unsigned int count = 0;

	for (;; at++) {
		if (count == sizeof(list) / sizeof(list[0]))
			return mkfs_refuse("-z '%s': two algorithms are the most an image may choose from", value);
		if (!*at)
			return mkfs_refuse("-z '%s': the name of an algorithm is missing, such as lz4hc or zstd,9",
					   value);
		if (erofs_compression_parse(&list[count++], at, &at, &reason))
			return mkfs_refuse("-z '%s': %s", value, reason);
		if (!*at)
			break;
	}
	memcpy(options->build.compression, list, sizeof(list[0]) * count);
	options->build.compression_count = count;
	return true;
}

bool mkfs_parse_pcluster_size(struct mkfs_options *options, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, EROFS_PCLUSTER_ENCODED_MAX) || !size)
		return mkfs_refuse("-C '%s': a cluster has up to %u bytes", value, EROFS_PCLUSTER_ENCODED_MAX);
	options->build.pcluster_size = (uint32_t)size;
	return true;
}

bool mkfs_parse_max_extent(struct mkfs_options *options, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, UINT64_MAX))
		return mkfs_refuse("--max-extent-bytes '%s' is no number of bytes", value);
	/* More than the format allows is no limit. */
	options->build.max_extent_bytes = size < EROFS_PCLUSTER_DECODED_MAX ? (uint32_t)size : 0;
	return true;
}

bool mkfs_parse_extent_size(struct mkfs_options *options, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, EXTENT_SIZE_MAX) || !size || (size & (size - 1)))
		return mkfs_refuse("--extent-size '%s': a power of two from the block size to %u", value,
				   EXTENT_SIZE_MAX);
	options->build.extent_size = (uint32_t)size;
	return true;
}

/* Digits at `*text` as a number; moves on behind them. */
static bool take_number(unsigned int *out, const char **text)
{
	size_t digits = strspn(*text, "0123456789");

	if (!digits || digits > 4)
		return false;
	*out = (unsigned int)strtoul(*text, NULL, 10);
	*text += digits;
	return true;
}

/* "6.12", and whatever uname -r adds to it. */
bool mkfs_parse_min_kernel(struct mkfs_options *options, const char *value)
{
	struct erofs_kernel *kernel = &options->min_kernel;
	const char *at = value;

	if (take_number(&kernel->major, &at) && kernel->major && *at++ == '.' && take_number(&kernel->minor, &at) &&
	    (!*at || strchr(".-+", *at)))
		return true;
	return mkfs_refuse("--min-kernel '%s' is no version of Linux such as 6.12", value);
}

void mkfs_set_encoded_extents(struct mkfs_options *options, bool on)
{
	options->form_given = true;
	options->build.compressed_form = on ? EROFS_COMPRESSED_EXTENTS : EROFS_COMPRESSED_CLUSTERS;
}

/* ---- all together ----------------------------------------------------------------------------------------------------------------- */

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

static void refuse_kernel(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)ctx;
	if (severity == EROFS_SEV_ERROR)
		mkfs_refuse("%s (--min-kernel)", text);
}

static bool read_hints(struct mkfs_options *options)
{
	const struct erofs_diag *diag = tool_diag(EROFS_SEV_ERROR, true);
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
	const struct erofs_diag diag = { .message = refuse_kernel, .verbosity = EROFS_SEV_ERROR };
	/* The full index is one of clusters. */
	bool form_given = options->form_given || build->full_index;

	if (!check_sizes(build) || !read_hints(options))
		return false;
	if (erofs_build_for_kernel(build, options->min_kernel, form_given, &diag))
		return false;
	return check_form(build);
}
