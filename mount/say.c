/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/tool.h"

static const char *name = "mount.erofs";
static bool wants_notes;
static const struct erofs_diag *library;

void say_begin(const char *program, bool verbose)
{
	name = program;
	wants_notes = verbose;
	tool_begin(program);
	if (!library)
		library = tool_diag(EROFS_SEV_ERROR, true);
}

const struct erofs_diag *say_diag(void)
{
	return library;
}

static void print(FILE *to, const char *before, const char *format, va_list values)
{
	fprintf(to, "%s: %s", name, before);
	vfprintf(to, format, values);
	fputc('\n', to);
}

int say_error(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print(stderr, "", format, values);
	va_end(values);
	return MOUNT_FAILED;
}

void say_warning(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print(stderr, "warning: ", format, values);
	va_end(values);
}

void say_note(const char *format, ...)
{
	va_list values;

	if (!wants_notes)
		return;
	va_start(values, format);
	print(stdout, "", format, values);
	va_end(values);
}

static int say_try_help(void)
{
	fprintf(stderr, "Try '%s --help'.\n", name);
	return MOUNT_USAGE;
}

int say_usage(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	print(stderr, "", format, values);
	va_end(values);
	return say_try_help();
}

int say_no_memory(void)
{
	say_error("out of memory");
	return MOUNT_SYSTEM;
}
