/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "mkfs/option.h"
#include "mkfs/options_table.h"

/* An index has to reach everything in the archive, which is made of blocks of 512 bytes. */
static bool settle_outside(struct mkfs_options *options)
{
	if (!options->build.data_outside)
		return true;
	if (options->build.compression_count)
		return mkfs_refuse("-z: --tar=i leaves the contents in the archive, as they are");
	options->build.blkszbits = 9;
	return true;
}

static bool settle_data_align(const struct mkfs_options *options)
{
	return options->build.data_align_blocks <= 1 || !options->build.compression_count ||
	       mkfs_refuse("--dsunit and -z: compressed files take as few blocks as they can");
}

static bool settle_data_device(const struct mkfs_options *options)
{
	const struct erofs_build_options *build = &options->build;

	if (!build->data_device)
		return true;
	if (options->is_thin)
		return mkfs_refuse("--blobdev: --index leaves the contents in the images, as they are");
	if (!build->chunk_bytes)
		return mkfs_refuse("--blobdev needs --chunksize: only files in chunks can lie on another device");
	if (options->input == MKFS_OCI && options->oci_layers != MKFS_FLATTEN)
		return mkfs_refuse("--blobdev: layers are images of one file each");
	if (build->verity)
		return mkfs_refuse("--blobdev and --verity: the hash tree would not cover the contents");
	return build->metabox < EROFS_METABOX_IF_SMALLER ||
	       mkfs_refuse("--blobdev and -m: a metabox leaves no room for the device table");
}

static bool settle_chunks(const struct mkfs_options *options)
{
	const struct erofs_build_options *build = &options->build;
	uint32_t chunk = build->chunk_bytes;

	if (!chunk)
		return true;
	if (build->compression_count)
		return mkfs_refuse(
			"--chunksize and -z: files are compressed or in chunks; equal parts of compressed ones "
			"are found by -Ededupe");
	if (build->data_outside)
		return mkfs_refuse("--chunksize: --tar=i leaves the contents in the archive, as they are");
	return chunk >> build->blkszbits ||
	       mkfs_refuse("--chunksize '%" PRIu32 "' is no power of two from the block size, %u, to %u", chunk,
			   1u << build->blkszbits, EROFS_CHUNK_BYTES_MAX);
}

static bool refuse_argument(int found, char **argv, const struct option *names)
{
	char *mistake = tool_option_mistake(found, argv, names);

	mkfs_refuse("%s; see mkfs.erofs --help", mistake ? mistake : "out of memory");
	free(mistake);
	return false;
}

/* Options about the run, and not about the bytes of the image. */
static bool is_about_run(const struct mkfs_option *option)
{
	static const char *const names[] = { "quiet",	  "workers",	       "oci",  "force",	  "no-fsync",
					     "vmdk-desc", "async-queue-limit", "json", "progress" };

	if (option->letter == 'd')
		return true;
	for (size_t i = 0; option->name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(option->name, names[i]) == 0)
			return true;
	return false;
}

/* What two runs have to have alike for one to use what the other has made. */
static bool note_option(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;
	char spelling[sizeof(parser->unfit)], *longer;

	if (is_about_run(parser->option))
		return true;
	mkfs_spell_option(spelling, sizeof(spelling), parser->option);
	if (strcmp(spelling, "--file-contexts") == 0 || strcmp(spelling, "--compress-hints") == 0)
		options->reads_files = true;
	if (asprintf(&longer, "%s%s=%s\n", options->recipe ? options->recipe : "", spelling, value ? value : "") < 0)
		return mkfs_refuse("out of memory");
	free(options->recipe);
	options->recipe = longer;
	return true;
}

static bool take_options(struct mkfs_parser *parser, int argc, char **argv)
{
	struct mkfs_options_table table;
	int found, name_index = 0;

	mkfs_fill_options_table(&table);
	while (!parser->done && (found = getopt_long(argc, argv, table.letters, table.names, &name_index)) != -1) {
		parser->option = mkfs_find_option(&table, found, name_index);
		if (!parser->option)
			return refuse_argument(found, argv, table.names);
		if (!parser->option->take(parser, optarg) || !note_option(parser, optarg))
			return false;
		if (!parser->option->fits_restamp && !parser->done)
			mkfs_spell_option(parser->unfit, sizeof(parser->unfit), parser->option);
	}
	return true;
}

enum mkfs_action mkfs_parse_options(struct mkfs_options *options, int argc, char **argv)
{
	struct mkfs_parser parser = { .options = options };

	*options = (struct mkfs_options){
		.debug_level = 2,
		.scan = erofs_scan_options_init(),
		.rules = erofs_tree_rules_init(),
		.oci = erofs_oci_options_init(),
	};
	erofs_build_defaults(&options->build);
	options->scan.workers = options->build.workers;
	if (!take_options(&parser, argc, argv))
		return MKFS_FAIL;
	if (parser.wants_help)
		mkfs_print_help();
	if (parser.done)
		return tool_flush_stdout() ? MKFS_DONE : MKFS_LOST;
	options->scan.overlay_xattrs = options->rules.strip_overlay;
	if (!mkfs_settle_times(&parser) || !mkfs_settle_positionals(options, argc - optind, argv + optind) ||
	    !mkfs_settle_layers(&parser) || !mkfs_settle_restamp(&parser) || !mkfs_settle_thin(&parser) ||
	    !settle_data_align(options) || !settle_chunks(options) || !settle_data_device(options) ||
	    !settle_outside(options) || !mkfs_settle_hot_files(options) || !mkfs_settle_compression(options))
		return MKFS_FAIL;
	return MKFS_BUILD;
}

void mkfs_release_options(struct mkfs_options *options)
{
	free(options->exclude_paths);
	free(options->exclude_regexes);
	free(options->devices);
	free(options->xattr_prefixes);
	free(options->fingerprint_name);
	free(options->oci_text);
	free(options->oci_caches);
	free(options->recipe);
	erofs_compress_hints_free(options->hints);
	erofs_hot_files_free(options->hot_files);
}
