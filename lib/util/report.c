/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/util/cleanup.h"

bool erofs_wants(const struct erofs_diag *diag, enum erofs_severity severity)
{
	return diag && diag->message && severity <= diag->verbosity;
}

static void vmessage(const struct erofs_diag *diag, enum erofs_severity severity, const char *format, va_list args)
{
	erofs_auto_free char *text = NULL;

	if (!erofs_wants(diag, severity))
		return;
	/* Out of memory: the format itself still says more than silence. */
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	diag->message(diag->ctx, severity, text ? text : format);
}

void erofs_message(const struct erofs_diag *diag, enum erofs_severity severity, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vmessage(diag, severity, format, args);
	va_end(args);
}

int erofs_report(const struct erofs_diag *diag, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vmessage(diag, EROFS_SEV_ERROR, format, args);
	va_end(args);
	return err;
}
