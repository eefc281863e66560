/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/option.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/tool.h"

static bool refused;

bool mkfs_has_refused(void)
{
	return refused;
}

bool mkfs_refuse(const char *format, ...)
{
	va_list args;

	refused = true;
	fputs("mkfs.erofs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

void mkfs_spell_option(char *out, size_t size, const struct mkfs_option *option)
{
	if (option->letter)
		snprintf(out, size, "-%c", option->letter);
	else
		snprintf(out, size, "--%s", option->name);
}

bool mkfs_parse_small(const struct mkfs_parser *parser, unsigned int *out, const char *value, unsigned int most)
{
	char spelling[sizeof(parser->unfit)];
	uint64_t number;

	if (!tool_parse_number(&number, value, most)) {
		mkfs_spell_option(spelling, sizeof(spelling), parser->option);
		return mkfs_refuse("%s '%s' is not a number from 0 to %u", spelling, value, most);
	}
	*out = (unsigned int)number;
	return true;
}

bool mkfs_add_to_list(const char ***list, const char *const **shown, size_t *count, const char *value)
{
	bool is_there = tool_append(list, count, value);

	*shown = *list;
	return is_there || mkfs_refuse("out of memory");
}
