/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"

struct held_message {
	struct held_message *next;
	const struct erofs_diag *diag;
	enum erofs_severity severity;
	char text[];
};

static _Thread_local struct erofs_held *current;

void erofs_report_hold(struct erofs_held *held)
{
	current = held;
}

/* If this thread's messages are held: keeps one. Without memory it has to go out at once: false. */
static bool take_held(const struct erofs_diag *diag, enum erofs_severity severity, const char *text)
{
	size_t size = strlen(text) + 1;
	struct held_message *message = current ? malloc(sizeof(*message) + size) : NULL;

	if (!message)
		return false;
	*message = (struct held_message){ .diag = diag, .severity = severity };
	memcpy(message->text, text, size);
	if (current->last)
		current->last->next = message;
	else
		current->first = message;
	current->last = message;
	return true;
}

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
	if (!take_held(diag, severity, text ? text : format))
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

static void empty(struct erofs_held *held, bool is_wanted)
{
	struct held_message *message = held->first, *next;

	*held = (struct erofs_held){ 0 };
	for (; message; message = next) {
		next = message->next;
		if (is_wanted)
			erofs_message(message->diag, message->severity, "%s", message->text);
		free(message);
	}
}

void erofs_report_send_held(struct erofs_held *held)
{
	empty(held, true);
}

void erofs_report_drop_held(struct erofs_held *held)
{
	empty(held, false);
}
