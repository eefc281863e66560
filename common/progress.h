/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_COMMON_PROGRESS_H
#define EROFS_COMMON_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What --progress takes. */
enum tool_progress_form {
	TOOL_PROGRESS_AUTO,  /* a line on the terminal, where standard error is one; else as PLAIN */
	TOOL_PROGRESS_PLAIN, /* a line every ten seconds, for logs */
	TOOL_PROGRESS_NONE,
};

/* False: it is none of auto, plain, none. */
bool tool_progress_parse(enum tool_progress_form *out, const char *value);

/* How far it is. */
struct tool_progress_state {
	const char *doing; /* "packing"; a new pointer begins a new stage, which has a clock of its own */
	const char *item;  /* "file", of which there are the following; NULL: they are not said */
	uint64_t items, items_total;
	uint64_t bytes, bytes_total; /* totals: 0 where they are not known; all 0: bytes are not counted */
};

/* The clock of a run, and what is said of it on standard error. Updates come from one thread at a time, messages from any. */
struct tool_progress {
	bool is_wanted;
	bool is_line;	/* drawn again and again, on a terminal */
	double started; /* in seconds, as all times here */
	double stage_started;
	double written; /* when something was written last */
	bool is_shown;	/* a line stands on the terminal */
	struct tool_progress_state state;
};

/* Starts the clock, and takes the hook of messages where there will be a line. */
void tool_progress_start(struct tool_progress *progress, enum tool_progress_form form);

/* Notes how far it is, and says so if the last time was long enough ago. It costs a look at the clock. */
void tool_progress_update(struct tool_progress *progress, const struct tool_progress_state *state);

/* Wipes the line. */
void tool_progress_stop(struct tool_progress *progress);

/* Seconds since the start. */
double tool_progress_seconds(const struct tool_progress *progress);

/* ---- parts of an update, for tests ------------------------------------------------------------------------------------------- */

/* Whether something is to be written at this time; it counts as written then. */
bool tool_progress_is_due(struct tool_progress *progress, const struct tool_progress_state *state, double now);

/* What is written, in less than `size` characters: parts that have no room are left out, the last ones first. */
void tool_progress_describe(char *out, size_t size, const struct tool_progress *progress, double now);

#endif
