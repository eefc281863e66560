/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_REPORT_H
#define EROFS_UTIL_REPORT_H

#include <stdbool.h>

#include <erofs/diag.h>

/*
 * Sends a message to the sink; a NULL diag drops it. erofs_report() returns `err`, so that a function can report and fail
 * in one statement. A thread that works ahead may hold its messages back.
 */
int erofs_report(const struct erofs_diag *diag, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));
void erofs_message(const struct erofs_diag *diag, enum erofs_severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether a message of this severity would be wanted, for messages that are costly to prepare. */
bool erofs_wants(const struct erofs_diag *diag, enum erofs_severity severity);

/*
 * Messages of a thread that works ahead: kept until somebody gets to what they are about, in the order in which they came. What is
 * about bytes that nobody comes to want is never said.
 */
struct held_message;

struct erofs_held {
	struct held_message *first, *last;
};

/* From here on the messages of this thread are held there; NULL: they go to their sinks again. */
void erofs_report_hold(struct erofs_held *held);

/* Sends them on; to where this thread's are held, if they are. The thread that held them must be done. */
void erofs_report_send_held(struct erofs_held *held);
void erofs_report_drop_held(struct erofs_held *held);

#endif
