/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "mkfs/option.h"

#define EXTENT_SIZE_MAX (1024u * 1024)

/* `at`: where the algorithm begins. If it is none, the nearest one is named. */
static bool refuse_algorithm(const char *option, const char *value, const char *at, const char *reason)
{
	struct tool_nearest nearest = tool_nearest_to(at, strcspn(at, ",:"));
	const struct erofs_compressor_info *info;
	char hint[TOOL_HINT_MAX];

	for (int i = 0; (info = erofs_compressor_limits((enum erofs_compressor)i)); i++)
		tool_nearest_offer(&nearest, info->name);
	return mkfs_refuse("%s '%s': %s%s", option, value, reason,
			   nearest.mistakes ? tool_nearest_hint(&nearest, hint, "") : "");
}

/* Each -z adds to the list, from which --compress-hints chooses by number. */
static bool take_compression(struct mkfs_parser *parser, const char *value)
{
	struct erofs_build_options *build = &parser->options->build;
	const char *reason = NULL, *at = value;

	for (;; at++) {
		if (build->compression_count == EROFS_COMPRESSIONS_MAX)
			return mkfs_refuse("-z '%s': an image chooses from up to %d algorithms and settings", value,
					   EROFS_COMPRESSIONS_MAX);
		if (!*at)
			return mkfs_refuse("-z '%s': the name of an algorithm is missing, such as lz4hc or zstd,9",
					   value);
		if (erofs_compression_parse(&build->compression[build->compression_count++], at, &at, &reason))
			return refuse_algorithm("-z", value, at, reason);
		if (!*at)
			return true;
	}
}

static bool take_cluster_size(struct mkfs_parser *parser, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, EROFS_PCLUSTER_ENCODED_MAX) || !size)
		return mkfs_refuse("-C '%s': a cluster has up to %u bytes", value, EROFS_PCLUSTER_ENCODED_MAX);
	parser->options->build.pcluster_size = (uint32_t)size;
	return true;
}

static bool take_max_extent(struct mkfs_parser *parser, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, UINT64_MAX))
		return mkfs_refuse("--max-extent-bytes '%s' is no number of bytes", value);
	/* More than the format allows is no limit. */
	parser->options->build.max_extent_bytes = size < EROFS_PCLUSTER_DECODED_MAX ? (uint32_t)size : 0;
	return true;
}

static bool take_compress_hints(struct mkfs_parser *parser, const char *value)
{
	parser->options->hints_path = value;
	return true;
}

static bool take_extent_size(struct mkfs_parser *parser, const char *value)
{
	uint64_t size;

	if (!tool_parse_size(&size, value, EXTENT_SIZE_MAX) || !size || (size & (size - 1)))
		return mkfs_refuse("--extent-size '%s': a power of two from the block size to %u", value,
				   EXTENT_SIZE_MAX);
	parser->options->build.extent_size = (uint32_t)size;
	return true;
}

/* "SIZE", "SIZE:ALG[,LEVEL][,KEY=VALUE...]", "off". */
static bool take_metabox(struct mkfs_parser *parser, const char *value)
{
	struct erofs_build_options *build = &parser->options->build;
	const char *algorithm = strchr(value, ':'), *end = "", *reason = NULL;
	size_t length = algorithm ? (size_t)(algorithm - value) : strlen(value);
	char text[32];
	uint64_t size = 0;

	build->metabox = EROFS_METABOX_NEVER;
	build->metabox_compression_set = false;
	if (strcmp(value, "off") == 0)
		return true;
	snprintf(text, sizeof(text), "%.*s", (int)length, value);
	if (length >= sizeof(text) || !tool_parse_size(&size, text, EROFS_PCLUSTER_ENCODED_MAX) || !size ||
	    (size & (size - 1)))
		return mkfs_refuse("-m '%s': pieces of metadata have a power of two from the block size to %u bytes; "
				   "'off' leaves the metabox out",
				   value, EROFS_PCLUSTER_ENCODED_MAX);
	build->metabox = EROFS_METABOX_ALWAYS;
	build->metabox_piece = (uint32_t)size;
	if (!algorithm)
		return true;
	build->metabox_compression_set = true;
	if (erofs_compression_parse(&build->metabox_compression, algorithm + 1, &end, &reason))
		return refuse_algorithm("-m", value, algorithm + 1, reason);
	return !*end || mkfs_refuse("-m '%s': the metabox is encoded by one algorithm", value);
}

/* Others put inodes and directories between the data unless they are asked not to. */
static bool take_zones(struct mkfs_parser *parser, const char *value)
{
	(void)parser;
	if (!value || strcmp(value, "i") == 0 || strcmp(value, "d") == 0 || strcmp(value, "id") == 0 ||
	    strcmp(value, "di") == 0)
		return true;
	if (strcmp(value, "0") == 0)
		return mkfs_refuse("--MZ=0: inodes and directories always lie in zones of their own");
	return mkfs_refuse("--MZ='%s': 'i' stands for inodes, 'd' for directories", value);
}

static bool take_directories(struct mkfs_parser *parser, const char *value)
{
	bool is_off = value && strcmp(value, "0") == 0;

	if (value && !is_off && strcmp(value, "1") != 0)
		return mkfs_refuse("--zD='%s': 1 compresses directories, 0 does not", value);
	parser->options->build.directories = is_off ? EROFS_DIRECTORIES_STORED : EROFS_DIRECTORIES_COMPRESSED;
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
static bool take_min_kernel(struct mkfs_parser *parser, const char *value)
{
	struct erofs_kernel *kernel = &parser->options->min_kernel;
	const char *at = value;

	if (take_number(&kernel->major, &at) && kernel->major && *at++ == '.' && take_number(&kernel->minor, &at) &&
	    (!*at || strchr(".-+", *at)))
		return true;
	return mkfs_refuse("--min-kernel '%s' is no version of Linux such as 6.12", value);
}

static const struct mkfs_option rows[] = {
	{ NULL, 'z', MUST, take_compression,
	  .help = "  -z ALG[,LEVEL][,KEY=VALUE...][:ALG2...]\n"
		  "                             lz4, lz4hc (0-12), lzma (0-9, 100-109), deflate (0-12), zstd (0-22);\n"
		  "                             keys: level, dictsize, and for lzma lc, lp, pb; all files get the\n"
		  "                             first, those of --compress-hints any; -z again adds to the list\n" },
	{ NULL, 'C', MUST, take_cluster_size,
	  .help = "  -C BYTES                   largest compressed cluster, up to 1M (one block; of fragments 64K)\n" },
	{ "max-extent-bytes", 0, MUST, take_max_extent,
	  .help = "      --max-extent-bytes=N   no cluster or extent decodes to more\n" },
	{ "compress-hints", 0, MUST, take_compress_hints,
	  .help = "      --compress-hints=FILE  lines of SIZE [INDEX] REGEX: other clusters, other algorithms\n" },
	{ "min-kernel", 0, MUST, take_min_kernel,
	  .help = "      --min-kernel=X.Y       what this Linux and newer ones can read, as good as that gets\n" },
	{ .help = "  -E [^]48bit                encoded extents instead of clusters (Linux >= 6.15)\n" },
	{ "extent-size", 0, MUST, take_extent_size,
	  .help = "      --extent-size=N        bytes of the file in one encoded extent (128K)\n" },
	{ NULL, 'm', MUST, take_metabox,
	  .help = "  -m SIZE[:ALG] | off        metadata and small files encoded in pieces of SIZE bytes, by ALG or as\n"
		  "                             files are (Linux >= 6.17); --min-kernel=6.17 does it where it is smaller\n" },
	{ "zD", 0, MAY, take_directories,
	  .help = "      --zD[=0|1]             compress directories of more than a block; with a metabox 1 is the\n"
		  "                             default, and they are compressed as it is, else 0\n" },
	{ "MZ", 0, MAY, take_zones,
	  .help = "      --MZ[=i|d|id]          inodes, directories in zones of their own, as they always are\n" },
	{ .help = "  -E [^]full-index           clusters with full indexes instead of compact ones\n" },
	{ .help = "  -E [^]zero-extents         long runs of zeros in clusters take no data (Linux >= 6.1), for which files\n"
		  "                             get full indexes; without it where both are needed anyway\n" },
	{ .help = "  -E [^]ztailpacking         the last cluster of a file lies behind its index if it fits (Linux >= 5.17)\n" },
	{ .help = "  -E [^]fragments[=BYTES]    tails and small files, up to BYTES (small: 16K), together in the packed inode,\n"
		  "                             which Linux (>= 6.1) keeps in memory beside the files, and never shares\n" },
	{ .help = "  -E [^]all-fragments        whole files, too\n" },
	{ .help = "  -E [^]fragdedupe[=WHICH]   equal fragments once: full (default), inode (those of equal files), off\n" },
	{ .help = "  -E [^]dedupe               equal runs of bytes inside of files once (Linux >= 6.1); reads them\n"
		  "                             twice. Without -z: equal blocks, and zeros not at all (5.15)\n" },
};

const struct mkfs_option_group mkfs_compress_options = MKFS_OPTION_GROUP("Compression", rows);
