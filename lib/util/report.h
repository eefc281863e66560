/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_REPORT_H
#define EROFS_UTIL_REPORT_H

#include <stdbool.h>

#include <erofs/diag.h>

/*
 * Sends a message to the sink; a NULL diag drops it. erofs_report() returns `err`, so that a function can report and fail
 * in one statement.
 */
int erofs_report(const struct erofs_diag *diag, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));
void erofs_message(const struct erofs_diag *diag, enum erofs_severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether a message of this severity would be wanted, for messages that are costly to prepare. */
bool erofs_wants(const struct erofs_diag *diag, enum erofs_severity severity);

#endif
