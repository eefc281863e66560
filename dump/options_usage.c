/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdarg.h>
#include <stdio.h>

#include "dump/options.h"

int options_usage(const char *format, ...)
{
	va_list args;

	fputs("dump.erofs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see dump.erofs --help\n", stderr);
	return -1;
}
