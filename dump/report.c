/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/dump.h"
#include "dump/text.h"

static void message(const struct dump *dump, enum erofs_severity severity, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	dump->diag->message(dump->diag->ctx, severity, text ? text : format);
	free(text);
}

int dump_error(const struct dump *dump, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(dump, EROFS_SEV_ERROR, format, args);
	va_end(args);
	return err;
}

void dump_warning(const struct dump *dump, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(dump, EROFS_SEV_WARNING, format, args);
	va_end(args);
}

const char *dump_reason(int err)
{
	switch (err) {
	case -EUCLEAN:
		return "the image is damaged here";
	case -EOPNOTSUPP:
		return "this version cannot read this kind of data";
	case -ENXIO:
		return "its device was not given (--device)";
	default:
		return strerror(-err);
	}
}

static int path_error(const struct dump *dump, int err, const char *path, const char *what, const char *reason)
{
	char *shown = erofs_escape(path, strlen(path));

	dump_error(dump, err, "%s: %s%s%s", shown ? shown : "?", what, *what && *reason ? ": " : "", reason);
	free(shown);
	return err;
}

int dump_path_error(const struct dump *dump, int err, const char *path, const char *what)
{
	return path_error(dump, err, path, what, dump_reason(err));
}

int dump_path_misuse(const struct dump *dump, int err, const char *path, const char *what)
{
	return path_error(dump, err, path, what, "");
}
