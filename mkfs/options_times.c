/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/tool.h"
#include "mkfs/option.h"

bool mkfs_take_time(struct mkfs_parser *parser, const char *value)
{
	if (!tool_parse_signed(&parser->time, value, INT64_MIN, INT64_MAX))
		return mkfs_refuse("-T '%s' is no number of seconds", value);
	parser->time_given = true;
	return true;
}

bool mkfs_take_all_time(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->times = MKFS_TIMES_FIX;
	return true;
}

bool mkfs_take_mkfs_time(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->times = MKFS_TIMES_KEEP;
	return true;
}

/* Undoes --ignore-mtime; what -T says it does not touch, as callers know it. */
bool mkfs_take_preserve_mtime(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->times = parser->ignore_mtime ? MKFS_TIMES_DEFAULT : parser->times;
	parser->ignore_mtime = false;
	parser->preserve_mtime = true;
	return true;
}

bool mkfs_take_ignore_mtime(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->times = MKFS_TIMES_FIX;
	parser->ignore_mtime = true;
	return true;
}

/* SOURCE_DATE_EPOCH: the time of the build, and the latest that a file may have. -T overrules it. */
static bool read_environment(struct mkfs_parser *parser)
{
	const char *value = getenv("SOURCE_DATE_EPOCH");

	if (!value || !*value || parser->time_given)
		return true;
	/* Always decimal: its zeros in front say nothing. */
	if (!tool_parse_signed(&parser->time, value + (strlen(value) > 1 ? strspn(value, "0") : 0), 0, INT64_MAX))
		return mkfs_refuse("SOURCE_DATE_EPOCH '%s' is no number of seconds", value);
	parser->time_given = parser->epoch_given = true;
	parser->options->rules.time_rule = EROFS_TIME_CLAMP;
	return true;
}

bool mkfs_settle_times(struct mkfs_parser *parser)
{
	struct mkfs_options *options = parser->options;
	struct timespec now;

	options->rules.time_rule = EROFS_TIME_FIX;
	if (!read_environment(parser))
		return false;
	if (parser->times == MKFS_TIMES_FIX && !parser->time_given && !parser->ignore_mtime)
		return mkfs_refuse("--all-time needs a time: -T or SOURCE_DATE_EPOCH");
	if (parser->times == MKFS_TIMES_FIX)
		options->rules.time_rule = EROFS_TIME_FIX;
	if (parser->times == MKFS_TIMES_KEEP || (parser->times == MKFS_TIMES_DEFAULT && !parser->time_given) ||
	    (parser->times == MKFS_TIMES_DEFAULT && parser->epoch_given && parser->preserve_mtime))
		options->rules.time_rule = EROFS_TIME_KEEP;
	clock_gettime(CLOCK_REALTIME, &now);
	options->build.build_time = parser->time_given ? parser->time : now.tv_sec;
	options->rules.time = options->build.build_time;
	/* A given time asks for the same bytes again. */
	if (!parser->uuid_given)
		options->build.uuid_rule = parser->time_given ? EROFS_UUID_CONTENT : EROFS_UUID_RANDOM;
	return true;
}
