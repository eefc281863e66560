/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "common/tool.h"
#include "dump/options.h"

#define TOP_MAX	   10000u
#define COPIES_MAX 1000000u

/* A percentage with up to two decimals, in hundredths. */
static bool parse_percent(unsigned int *out, const char *text)
{
	const char *point = strchr(text, '.');
	size_t digits = point ? strlen(point + 1) : 0;
	char whole[8];
	uint64_t before, behind = 0;
	size_t length = point ? (size_t)(point - text) : strlen(text);

	if (length >= sizeof(whole) || (point && (!digits || digits > 2)))
		return false;
	memcpy(whole, text, length);
	whole[length] = 0;
	if (!tool_parse_number(&before, whole, 100) || (point && !tool_parse_number(&behind, point + 1, 99)))
		return false;
	*out = (unsigned int)(before * 100 + (digits == 1 ? behind * 10 : behind));
	return *out <= 10000;
}

static bool parse_page_size(uint32_t *out, const char *text)
{
	uint64_t size;

	if (!tool_parse_size(&size, text, 1u << 20) || size < 512 || size & (size - 1))
		return false;
	*out = (uint32_t)size;
	return true;
}

bool options_parse_copies(uint32_t *out, const char *text)
{
	uint64_t number;

	if (!tool_parse_number(&number, text, COPIES_MAX) || !number)
		return false;
	*out = (uint32_t)number;
	return true;
}

int options_set_report(struct dump_options *out, const char *name, const char *value)
{
	uint64_t number;

	if (strcmp(name, "page-size") == 0 || strcmp(name, "html") == 0)
		out->html_or_page = name;
	else
		out->report_option = name;
	if (strcmp(name, "page-size") == 0)
		return parse_page_size(&out->page_size, value)
			       ? 0
			       : options_usage("--page-size=%s: not a power of two from 512 to 1M", value);
	if (strcmp(name, "min-saving") == 0)
		return parse_percent(&out->min_saving, value)
			       ? 0
			       : options_usage("--min-saving=%s: not a percentage", value);
	if (strcmp(name, "top") == 0) {
		if (!tool_parse_number(&number, value, TOP_MAX))
			return options_usage("--top=%s: not a number up to %u", value, TOP_MAX);
		out->top = (size_t)number;
		return 0;
	}
	if (strcmp(name, "copies") == 0)
		return options_parse_copies(&out->copies, value)
			       ? 0
			       : options_usage("--copies=%s: not a number from 1 to %u", value, COPIES_MAX);
	if (strcmp(name, "progress") == 0)
		return tool_progress_parse(&out->progress, value)
			       ? 0
			       : options_usage("--progress=%s: not auto, plain or none", value);
	if (strcmp(name, "html") == 0) {
		out->html = value;
		return *value ? 0 : options_usage("--html needs a file");
	}
	out->block_backend = strcmp(value, "block") == 0;
	return out->block_backend || strcmp(value, "file") == 0
		       ? 0
		       : options_usage("--backend=%s: not file or block", value);
}
