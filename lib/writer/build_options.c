/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/build_options.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/writer/plan/hints.h"
#include "lib/format/format_superblock.h"
#include "lib/util/pool.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

static const struct erofs_build_options defaults = {
	.size = sizeof(defaults),
	.blkszbits = 12,
	.dedupe_files = true,
	.inline_data = true,
	.xattr_name_filter = true,
	.sb_checksum = true,
	.shared_xattr_users = 2,
};

void erofs_build_defaults_sized(struct erofs_build_options *options, size_t size)
{
	struct erofs_build_options known = defaults;

	if (!options || size < sizeof(size))
		return;
	known.workers = erofs_pool_default_workers();
	known.size = size;
	memset(options, 0, size);
	memcpy(options, &known, size < sizeof(known) ? size : sizeof(known));
}

int erofs_writer_options_take(struct erofs_build_options *known, const struct erofs_build_options *given,
			      const struct erofs_diag *diag)
{
	int err;

	erofs_build_defaults(known);
	err = erofs_sized_take(known, sizeof(*known), given, "erofs_build_options", diag);
	known->full_index |= known->legacy_layout;
	return err;
}

#define REFUSE(diag, member, format, ...)                                                                              \
	erofs_report(diag, -EINVAL, "erofs_build_options." member ": " format, ##__VA_ARGS__)

static bool is_power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
}

static int check_choices(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	if ((unsigned int)options->fingerprint >= EROFS_DIGEST_COUNT)
		return REFUSE(diag, "fingerprint", "there is no digest %d", (int)options->fingerprint);
	if ((unsigned int)options->inode_form > EROFS_INODE_FORM_EXTENDED)
		return REFUSE(diag, "inode_form", "there is no form %d", (int)options->inode_form);
	if ((unsigned int)options->uuid_rule > EROFS_UUID_GIVEN)
		return REFUSE(diag, "uuid_rule", "there is no rule %d", (int)options->uuid_rule);
	if ((unsigned int)options->fragment_dedupe > EROFS_FRAGMENTS_NONE)
		return REFUSE(diag, "fragment_dedupe", "there is no choice %d", (int)options->fragment_dedupe);
	if ((unsigned int)options->zero_extents > EROFS_ZERO_EXTENTS_ALWAYS)
		return REFUSE(diag, "zero_extents", "there is no rule %d", (int)options->zero_extents);
	if ((unsigned int)options->compressed_form > EROFS_COMPRESSED_EXTENTS)
		return REFUSE(diag, "compressed_form", "there is no form %d", (int)options->compressed_form);
	return 0;
}

static int check_strings(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	if (!memchr(options->volume_name, 0, sizeof(options->volume_name)))
		return REFUSE(diag, "volume_name", "it does not end with a NUL");
	if (options->fingerprint_name && !*options->fingerprint_name)
		return REFUSE(diag, "fingerprint_name", "it is empty");
	for (size_t i = 0; i < options->xattr_prefix_count; i++)
		if (!options->xattr_prefixes || !options->xattr_prefixes[i])
			return REFUSE(diag, "xattr_prefixes", "prefix %zu is missing (NULL)", i);
	return 0;
}

static int check_compressor(enum erofs_compressor compressor, const char *member, const struct erofs_diag *diag)
{
	const struct erofs_compressor_info *info = erofs_compressor_limits(compressor);

	if (!info)
		return erofs_report(diag, -EINVAL, "erofs_build_options.%s: there is no compressor %d", member,
				    (int)compressor);
	return erofs_algorithm_is_built((int)info->algorithm)
		       ? 0
		       : erofs_report(diag, -EOPNOTSUPP, "%s: built without it", info->name);
}

/* What no kernel that wants the old layout can read. */
static int check_legacy(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	if (!options->legacy_layout)
		return 0;
	if (options->dot_omitted)
		return REFUSE(diag, "legacy_layout", "kernels that need it want an entry \".\" in each directory");
	for (unsigned int i = 0; i < options->compression_count; i++)
		if (erofs_compressor_limits(options->compression[i].compressor)->algorithm != EROFS_ALGORITHM_LZ4)
			return REFUSE(diag, "legacy_layout", "kernels that need it read nothing but LZ4");
	if (options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return REFUSE(diag, "legacy_layout", "encoded extents lie byte behind byte");
	if (options->pack_tails || options->fragments || options->dedupe_runs ||
	    options->zero_extents == EROFS_ZERO_EXTENTS_ALWAYS || options->metabox >= EROFS_METABOX_IF_SMALLER)
		return REFUSE(diag, "legacy_layout",
			      "kernels that need it read no tails, fragments, shared runs or zeros, or metabox");
	return 0;
}

static int check_compressors(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	int err = 0;

	if (options->compression_count > sizeof(options->compression) / sizeof(options->compression[0]))
		return REFUSE(diag, "compression_count", "%u compressors are too many", options->compression_count);
	for (unsigned int i = 0; !err && i < options->compression_count; i++)
		err = check_compressor(options->compression[i].compressor, "compression", diag);
	if (err)
		return err;
	if (options->pack_tails && options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return REFUSE(diag, "pack_tails", "encoded extents lie byte behind byte, there is no tail to pack");
	if (options->zero_extents == EROFS_ZERO_EXTENTS_NEVER && options->compression_count &&
	    options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return REFUSE(diag, "zero_extents", "encoded extents of zeros never take any data");
	if (options->data_align_blocks > 1 && options->compression_count)
		return REFUSE(diag, "data_align_blocks", "compressed files take as few blocks as they can");
	if (options->data_outside && options->compression_count)
		return REFUSE(diag, "data_outside", "contents that stay where they are cannot be compressed");
	return 0;
}

static int check_chunks(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	uint32_t chunk = options->chunk_bytes;

	if (!chunk)
		return 0;
	if (!is_power_of_two(chunk) || chunk >> options->blkszbits == 0 || chunk > EROFS_CHUNK_BYTES_MAX)
		return REFUSE(diag, "chunk_bytes", "%" PRIu32 " is no power of two from the block size to %u", chunk,
			      EROFS_CHUNK_BYTES_MAX);
	if (options->compression_count)
		return REFUSE(diag, "chunk_bytes", "compressed files have no chunks");
	if (options->data_outside)
		return REFUSE(diag, "chunk_bytes", "contents that stay where they are have the chunks that fit them");
	if (options->fill_holes)
		return REFUSE(diag, "fill_holes", "chunks of zeros are holes");
	return 0;
}

static int check_data_device(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	if (!options->data_device)
		return 0;
	if (!*options->data_device)
		return REFUSE(diag, "data_device", "it has no name");
	if (!options->chunk_bytes)
		return REFUSE(diag, "data_device", "only chunks name a device: chunk_bytes");
	if (options->verity)
		return REFUSE(diag, "verity", "it would not cover the data");
	if (options->cache_entry)
		return REFUSE(diag, "cache_entry", "an entry is one file");
	if (options->metabox >= EROFS_METABOX_IF_SMALLER)
		return REFUSE(diag, "metabox", "its superblock leaves no room for the device table");
	return 0;
}

static int check_metabox(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	uint32_t piece = options->metabox_piece;

	if ((unsigned int)options->metabox > EROFS_METABOX_ALWAYS)
		return REFUSE(diag, "metabox", "there is no rule %d", (int)options->metabox);
	if (piece &&
	    (!is_power_of_two(piece) || piece >> options->blkszbits == 0 || piece > EROFS_PCLUSTER_ENCODED_MAX))
		return REFUSE(diag, "metabox_piece", "%" PRIu32 " is no power of two from the block size to %u", piece,
			      EROFS_PCLUSTER_ENCODED_MAX);
	if (options->metabox < EROFS_METABOX_IF_SMALLER)
		return 0;
	if (options->data_outside)
		return REFUSE(diag, "metabox", "an index of contents that stay where they are is not encoded");
	if (!options->metabox_compression_set)
		return options->compression_count ? 0 : REFUSE(diag, "metabox", "nothing says how to encode it");
	return check_compressor(options->metabox_compression.compressor, "metabox_compression", diag);
}

static int check_directories(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	if ((unsigned int)options->directories > EROFS_DIRECTORIES_COMPRESSED)
		return REFUSE(diag, "directories", "there is no rule %d", (int)options->directories);
	if (options->directories == EROFS_DIRECTORIES_COMPRESSED && !options->compression_count &&
	    options->metabox < EROFS_METABOX_IF_SMALLER)
		return REFUSE(diag, "directories", "nothing says how to compress them");
	return 0;
}

static int check_sizes(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	uint32_t blksz, extent = options->extent_size, most = options->max_extent_bytes;

	if (options->blkszbits < EROFS_BLKSZBITS_MIN || options->blkszbits > EROFS_BLKSZBITS_MAX)
		return REFUSE(diag, "blkszbits", "%u is not from %u to %u", options->blkszbits,
			      (unsigned int)EROFS_BLKSZBITS_MIN, (unsigned int)EROFS_BLKSZBITS_MAX);
	if (options->cache_entry && options->offset)
		return REFUSE(diag, "cache_entry", "an entry is a file of its own, without an offset");
	blksz = 1u << options->blkszbits;
	if (options->pcluster_size % blksz || options->pcluster_size > EROFS_PCLUSTER_ENCODED_MAX)
		return REFUSE(diag, "pcluster_size", "%" PRIu32 " is no multiple of the block size up to %u",
			      options->pcluster_size, EROFS_PCLUSTER_ENCODED_MAX);
	if (options->packed_pcluster_size % blksz || options->packed_pcluster_size > EROFS_PCLUSTER_ENCODED_MAX)
		return REFUSE(diag, "packed_pcluster_size", "%" PRIu32 " is no multiple of the block size up to %u",
			      options->packed_pcluster_size, EROFS_PCLUSTER_ENCODED_MAX);
	if (extent && (!is_power_of_two(extent) || extent < blksz || extent > EROFS_PCLUSTER_ENCODED_MAX))
		return REFUSE(diag, "extent_size", "%" PRIu32 " is no power of two from the block size to %u", extent,
			      EROFS_PCLUSTER_ENCODED_MAX);
	if (most && (most < blksz || most > EROFS_PCLUSTER_DECODED_MAX))
		return REFUSE(diag, "max_extent_bytes", "%" PRIu32 " is not from the block size to %u", most,
			      EROFS_PCLUSTER_DECODED_MAX);
	return 0;
}

int erofs_writer_options_check_archive(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	return options->data_outside && options->blkszbits != 9
		       ? REFUSE(diag, "data_outside", "it wants blocks of 512 bytes")
		       : 0;
}

int erofs_writer_options_check(const struct erofs_build_options *options, const struct erofs_diag *diag)
{
	int err = check_choices(options, diag);

	if (!err)
		err = check_strings(options, diag);
	if (!err)
		err = check_compressors(options, diag);
	if (!err)
		err = check_sizes(options, diag);
	if (!err)
		err = check_chunks(options, diag);
	if (!err)
		err = check_data_device(options, diag);
	if (!err)
		err = check_metabox(options, diag);
	if (!err)
		err = check_directories(options, diag);
	if (!err)
		err = check_legacy(options, diag);
	return err ? err : erofs_writer_compress_hints_check(options, diag);
}
