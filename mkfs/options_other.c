/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/tool.h"
#include "mkfs/option.h"

static bool take_workers(struct mkfs_parser *parser, const char *value)
{
	struct mkfs_options *options = parser->options;

	if (!mkfs_parse_small(parser, &options->build.workers, value, 1024))
		return false;
	options->scan.workers = options->build.workers;
	return true;
}

static bool take_queue_limit(struct mkfs_parser *parser, const char *value)
{
	uint64_t jobs;

	if (!tool_parse_number(&jobs, value, UINT32_MAX) || !jobs)
		return mkfs_refuse("--async-queue-limit '%s' is no number of jobs from 1 to %u", value, UINT32_MAX);
	parser->options->build.jobs_most = (uint32_t)jobs;
	return true;
}

enum erofs_severity mkfs_verbosity(const struct mkfs_options *options)
{
	if (options->quiet || options->debug_level == 0)
		return EROFS_SEV_ERROR;
	if (options->debug_level >= 7)
		return EROFS_SEV_DEBUG;
	return options->debug_level >= 3 ? EROFS_SEV_NOTE : EROFS_SEV_WARNING;
}

static bool take_quiet(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->quiet = true;
	return true;
}

static bool take_progress(struct mkfs_parser *parser, const char *value)
{
	return tool_progress_parse(&parser->options->progress, value) ||
	       mkfs_refuse("--progress takes auto, plain or none, not '%s'", value);
}

static bool take_json(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->json = true;
	return true;
}

static bool take_debug_level(struct mkfs_parser *parser, const char *value)
{
	unsigned int level = 0;

	if (!mkfs_parse_small(parser, &level, value, 9))
		return false;
	parser->options->debug_level = (int)level;
	return true;
}

static bool take_help(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->wants_help = parser->done = true;
	return true;
}

static bool take_version(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	tool_print_version();
	tool_print_compatible();
	tool_print_compressors("available compressors");
	tool_print_build();
	parser->done = true;
	return true;
}

static const struct mkfs_option rows[] = {
	{ "workers", 0, MUST, take_workers, .fits_restamp = true,
	  .help = "      --workers=N            threads that read, hash, compress (all processors); 0: none\n" },
	{ "async-queue-limit", 0, MUST, take_queue_limit, .fits_restamp = true,
	  .help = "      --async-queue-limit=N  at most N jobs at a time, but one more than workers\n" },
	{ "quiet", 0, NO, take_quiet, .fits_restamp = true,
	  .help = "      --quiet                print nothing but errors\n" },
	{ "progress", 0, MUST, take_progress, .fits_restamp = true,
	  .help = "      --progress=HOW         auto: a line on a terminal, else one to the log every 10 s;\n"
		  "                             plain: as for a log; none\n" },
	{ "json", 0, NO, take_json, .fits_restamp = true,
	  .help = "      --json                 print what was made as JSON (doc/json.schema.json)\n" },
	{ NULL, 'd', MUST, take_debug_level, .fits_restamp = true,
	  .help = "  -d LEVEL                   0: errors only ... 9: a line for each file\n" },
	{ "help", 'h', NO, take_help, .help = "  -h, --help                 this text\n" },
	{ "version", 'V', NO, take_version,
	  .help = "  -V, --version              version, and what it was built with\n" },
};

const struct mkfs_option_group mkfs_other_options = MKFS_OPTION_GROUP("Other", rows);
