/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>
#include <uuid/uuid.h>

#include "common/tool.h"
#include "mkfs/option.h"

static bool take_block_size(struct mkfs_parser *parser, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, 1u << 20) || size < 512 || size > 4096 || (size & (size - 1)))
		return mkfs_refuse("-b '%s': the block size is 512, 1024, 2048 or 4096", value);
	parser->options->build.blkszbits = (unsigned int)__builtin_ctzll(size);
	parser->options->block_size_given = true;
	return true;
}

static bool take_label(struct mkfs_parser *parser, const char *value)
{
	if (strlen(value) > EROFS_VOLUME_NAME_MAX)
		return mkfs_refuse("-L '%s': a label has at most %u bytes", value, EROFS_VOLUME_NAME_MAX);
	strcpy(parser->options->build.volume_name, value);
	return true;
}

static bool take_uuid(struct mkfs_parser *parser, const char *value)
{
	parser->uuid_given = true;
	parser->options->build.uuid_rule = EROFS_UUID_GIVEN;
	if (strcmp(value, "random") == 0)
		parser->options->build.uuid_rule = EROFS_UUID_RANDOM;
	else if (strcmp(value, "clear") == 0)
		memset(parser->options->build.uuid, 0, sizeof(parser->options->build.uuid));
	else if (uuid_parse(value, parser->options->build.uuid))
		return mkfs_refuse("-U '%s' is no UUID", value);
	return true;
}

static bool take_xattr_users(struct mkfs_parser *parser, const char *value)
{
	int64_t users;

	if (!tool_parse_signed(&users, value, -1, INT32_MAX))
		return mkfs_refuse("-x '%s' is no number of inodes (-1: no xattrs)", value);
	parser->options->build.shared_xattr_users = (int)users;
	parser->options->scan.ignore_xattrs = users < 0;
	return true;
}

static bool take_xattr_prefix(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;

	return mkfs_add_to_list(&options->xattr_prefixes, &options->build.xattr_prefixes,
				&options->build.xattr_prefix_count, value);
}

static bool take_dedupe_files(struct mkfs_parser *parser, const char *value)
{
	unsigned int on = 0;

	if (!mkfs_parse_small(parser, &on, value, 1))
		return false;
	parser->options->build.dedupe_files = on;
	return true;
}

static bool take_offset(struct mkfs_parser *parser, const char *value)
{
	uint64_t *offset = &parser->options->build.offset;

	return (tool_parse_size(offset, value, INT64_MAX) && *offset % 512 == 0) ||
	       mkfs_refuse("--offset '%s' is no number of bytes that 512 divides", value);
}

static bool take_align(struct mkfs_parser *parser, const char *value)
{
	uint64_t blocks;

	if (!tool_parse_number(&blocks, value, UINT32_MAX) || !blocks)
		return mkfs_refuse("--fsalignblks '%s' is no number of blocks from 1 to %u", value, UINT32_MAX);
	parser->options->build.align_blocks = (uint32_t)blocks;
	return true;
}

static bool take_data_align(struct mkfs_parser *parser, const char *value)
{
	uint64_t blocks;

	if (!tool_parse_number(&blocks, value, UINT16_MAX))
		return mkfs_refuse("--dsunit '%s' is no number of blocks up to %u", value, UINT16_MAX);
	parser->options->build.data_align_blocks = (uint32_t)blocks;
	return true;
}

static bool take_chunk_size(struct mkfs_parser *parser, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, UINT32_MAX) || size < 512 || size > EROFS_CHUNK_BYTES_MAX ||
	    (size & (size - 1)))
		return mkfs_refuse("--chunksize '%s' is no power of two from the block size to %u", value,
				   EROFS_CHUNK_BYTES_MAX);
	parser->options->build.chunk_bytes = (uint32_t)size;
	return true;
}

static bool take_data_device(struct mkfs_parser *parser, const char *value)
{
	parser->options->build.data_device = value;
	return *value || mkfs_refuse("--blobdev needs the name of a file or device");
}

static bool take_verity(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->build.verity = true;
	return true;
}

static bool take_force(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->build.force = true;
	return true;
}

static bool take_no_fsync(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->build.no_sync = true;
	return true;
}

static bool take_vmdk(struct mkfs_parser *parser, const char *value)
{
	parser->options->vmdk_path = value;
	return *value || mkfs_refuse("--vmdk-desc needs the name of a file");
}

static const struct mkfs_option rows[] = {
	{ NULL, 'b', MUST, take_block_size,
	  .help = "  -b BYTES                   block size: 512, 1024, 2048 or 4096 (4096)\n" },
	{ NULL, 'L', MUST, take_label, .fits_restamp = true,
	  .help = "  -L LABEL                   volume label, up to 15 bytes\n" },
	{ NULL, 'U', MUST, take_uuid, .fits_restamp = true,
	  .help = "  -U UUID|random|clear       UUID (random; derived from the content if a time is given)\n" },
	{ NULL, 'T', MUST, mkfs_take_time,
	  .help = "  -T SECONDS                 time of the build, and of all files (see --mkfs-time)\n" },
	{ "all-time", 0, NO, mkfs_take_all_time,
	  .help = "      --all-time             the time of -T is that of all files (default)\n" },
	{ "mkfs-time", 0, NO, mkfs_take_mkfs_time,
	  .help = "      --mkfs-time            the time of -T is that of the build only\n" },
	{ "preserve-mtime", 0, NO, mkfs_take_preserve_mtime,
	  .help = "      --preserve-mtime       every file keeps its mtime, unless -T is given (default)\n" },
	{ "ignore-mtime", 0, NO, mkfs_take_ignore_mtime,
	  .help = "      --ignore-mtime         every file gets the time of the build\n" },
	{ NULL, 'x', MUST, take_xattr_users,
	  .help = "  -x N                       store an xattr once if more than N inodes have it (2); -1: no xattrs\n" },
	{ "xattr-prefix", 0, MUST, take_xattr_prefix,
	  .help = "      --xattr-prefix=PREFIX  a long xattr name prefix to use, such as trusted.overlay.\n" },
	{ NULL, 'E', MUST, mkfs_take_features,
	  .help = "  -E [^]FEATURE,...          inline_data (default), noinline_data, force-inode-compact,\n"
		  "                             force-inode-extended, force-inode-blockmap (default),\n"
		  "                             force-chunk-indexes, xattr-name-filter (default), nosbcrc\n" },
	{ "dedupe-files", 0, MUST, take_dedupe_files, .fits_restamp = true,
	  .help = "      --dedupe-files=0|1     store files of equal content once (1)\n" },
	{ "chunksize", 0, MUST, take_chunk_size,
	  .help = "      --chunksize=BYTES      make files chunk-based; equal chunks of this size are stored once\n" },
	{ "blobdev", 0, MUST, take_data_device,
	  .help = "      --blobdev=FILE         put the chunks of --chunksize into this file or device; IMAGE has metadata alone\n" },
	{ "offset", 0, MUST, take_offset, .fits_restamp = true,
	  .help = "      --offset=BYTES         start the image at this offset of IMAGE, in place\n" },
	{ "fsalignblks", 0, MUST, take_align, .fits_restamp = true,
	  .help = "      --fsalignblks=N        make the size of the image a multiple of N blocks\n" },
	{ "dsunit", 0, MUST, take_data_align,
	  .help = "      --dsunit=N             the blocks of each file begin at a multiple of N blocks\n" },
	{ "verity", 0, NO, take_verity, .fits_restamp = true,
	  .help = "      --verity               append a dm-verity hash tree; IMAGE.dmverity has its root hash and offset\n" },
	{ "vmdk-desc", 0, MUST, take_vmdk, .fits_restamp = true,
	  .help = "      --vmdk-desc=FILE       write a VMDK descriptor: the image and its devices as one disk\n" },
	{ "force", 0, NO, take_force, .fits_restamp = true,
	  .help = "      --force                overwrite an IMAGE that holds other data\n" },
	{ "no-fsync", 0, NO, take_no_fsync, .fits_restamp = true,
	  .help = "      --no-fsync             do not wait until the image is on the disk\n" },
};

const struct mkfs_option_group mkfs_image_options = MKFS_OPTION_GROUP("Image", rows);
