/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/tool.h"
#include "common/units.h"

#define REDRAW_SECONDS 0.2
#define LOG_SECONDS    10.0
#define LINE_MAX_CHARS 160
#define COLUMNS	       80u /* of a terminal that does not tell */

bool tool_progress_parse(enum tool_progress_form *out, const char *value)
{
	static const char *const names[] = {
		[TOOL_PROGRESS_AUTO] = "auto", [TOOL_PROGRESS_PLAIN] = "plain", [TOOL_PROGRESS_NONE] = "none"
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		*out = (enum tool_progress_form)i;
		return true;
	}
	return false;
}

static double read_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- what is said ----------------------------------------------------------------------------------------------------------- */

/* Appends a part as a whole, or nothing. False: there was no room. */
static bool append(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool append(char *out, size_t size, const char *format, ...)
{
	size_t used = strlen(out);
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(out + used, size - used, format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < size - used)
		return true;
	/* The first part is cut; there would be nothing without it. */
	if (used)
		out[used] = 0;
	return false;
}

static bool append_items(char *out, size_t size, const struct tool_progress_state *state)
{
	if (!state->item)
		return append(out, size, "%s", state->doing);
	if (state->items_total)
		return append(out, size, "%s: %" PRIu64 "/%" PRIu64 " %ss", state->doing, state->items,
			      state->items_total, state->item);
	return append(out, size, "%s: %" PRIu64 " %s%s", state->doing, state->items, state->item,
		      tool_plural(state->items));
}

static bool append_bytes(char *out, size_t size, const struct tool_progress_state *state)
{
	if (!state->bytes && !state->bytes_total)
		return true;
	if (!state->bytes_total)
		return append(out, size, ", %s", TOOL_SIZE(state->bytes));
	return append(out, size, ", %s of %s", TOOL_SIZE(state->bytes), TOOL_SIZE(state->bytes_total));
}

void tool_progress_describe(char *out, size_t size, const struct tool_progress *progress, double now)
{
	const struct tool_progress_state *state = &progress->state;
	double elapsed = now - progress->stage_started;
	double rate = elapsed > 0 ? (double)state->bytes / elapsed : 0;
	bool fits;

	*out = 0;
	fits = append_items(out, size, state) && append_bytes(out, size, state);
	if (fits && rate > 0)
		fits = append(out, size, ", %s/s", TOOL_SIZE((uint64_t)rate));
	if (fits && !progress->is_line)
		fits = append(out, size, ", %.0f s", now - progress->started);
	if (fits && rate > 0 && state->bytes < state->bytes_total)
		append(out, size, ", %.0f s left", (double)(state->bytes_total - state->bytes) / rate);
}

/* ---- when and where --------------------------------------------------------------------------------------------------------- */

bool tool_progress_is_due(struct tool_progress *progress, const struct tool_progress_state *state, double now)
{
	if (!progress->is_wanted)
		return false;
	if (progress->state.doing != state->doing)
		progress->stage_started = now;
	progress->state.doing = state->doing;
	if (now - progress->written < (progress->is_line ? REDRAW_SECONDS : LOG_SECONDS))
		return false;
	progress->written = now;
	return true;
}

/* For messages, too; the line comes again with the next update. */
static void wipe(void *ctx)
{
	struct tool_progress *progress = ctx;

	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}

/* A line that is longer than the terminal would stay behind when it is drawn again. */
static void draw(void *ctx)
{
	struct tool_progress *progress = ctx;
	struct winsize window;
	char text[LINE_MAX_CHARS];
	size_t columns = COLUMNS;

	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &window) && window.ws_col)
		columns = window.ws_col;
	if (columns < 2)
		return;
	tool_progress_describe(text, columns < sizeof(text) ? columns : sizeof(text), progress, progress->written);
	fprintf(stderr, "\r\033[K%s", text);
	progress->is_shown = true;
}

void tool_progress_update(struct tool_progress *progress, const struct tool_progress_state *state)
{
	char text[LINE_MAX_CHARS];

	if (!tool_progress_is_due(progress, state, read_clock()))
		return;
	progress->state = *state;
	if (progress->is_line) {
		tool_alone(draw, progress);
		return;
	}
	tool_progress_describe(text, sizeof(text), progress, progress->written);
	tool_say(text);
}

void tool_progress_start(struct tool_progress *progress, enum tool_progress_form form)
{
	double now = read_clock();

	*progress = (struct tool_progress){
		.is_wanted = form != TOOL_PROGRESS_NONE,
		.is_line = form == TOOL_PROGRESS_AUTO && isatty(STDERR_FILENO),
		.started = now,
		.stage_started = now,
	};
	/* A log begins when a run turns out to be a long one. */
	if (!progress->is_line)
		progress->written = now;
	else
		tool_set_message_hook(wipe, progress);
}

void tool_progress_stop(struct tool_progress *progress)
{
	if (progress->is_line)
		tool_set_message_hook(NULL, NULL);
	wipe(progress);
	progress->is_wanted = false;
}

double tool_progress_seconds(const struct tool_progress *progress)
{
	return read_clock() - progress->started;
}
