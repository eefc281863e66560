/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/tool.h"
#include "common/units.h"

#define REDRAW_SECONDS 0.2

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* For messages, too; the line comes again with the next progress. */
static void wipe(void *ctx)
{
	struct mkfs_progress *line = ctx;

	if (line->shown)
		fputs("\r\033[K", stderr);
	line->shown = false;
}

static void write_line(char *out, size_t size, const struct mkfs_progress *line)
{
	const struct erofs_build_progress *progress = &line->latest;
	double elapsed = line->drawn - line->started;
	double rate = elapsed > 0 ? (double)progress->bytes / elapsed : 0;
	int length;

	/* What will arrive is not known. */
	if (!progress->bytes_total) {
		snprintf(out, size, "packing: %" PRIu64 " file%s, %s, %s/s", progress->files,
			 tool_plural(progress->files), TOOL_SIZE(progress->bytes), TOOL_SIZE((uint64_t)rate));
		return;
	}
	length = snprintf(out, size, "%s: %" PRIu64 "/%" PRIu64 " files, %s of %s, %s/s",
			  progress->stage == EROFS_STAGE_PACK ? "packing" : "writing metadata", progress->files,
			  progress->files_total, TOOL_SIZE(progress->bytes), TOOL_SIZE(progress->bytes_total),
			  TOOL_SIZE((uint64_t)rate));
	if (rate > 0 && progress->bytes < progress->bytes_total && (size_t)length < size)
		snprintf(out + length, size - (size_t)length, ", %.0f s left",
			 (double)(progress->bytes_total - progress->bytes) / rate);
}

/* A line that is longer than the terminal would stay behind when it is drawn again. */
static void draw(void *ctx)
{
	struct mkfs_progress *line = ctx;
	struct winsize window;
	char text[160];

	line->shown = true;
	write_line(text, sizeof(text), line);
	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &window) && window.ws_col > 1 && window.ws_col <= sizeof(text))
		text[window.ws_col - 1] = 0;
	fprintf(stderr, "\r\033[K%s", text);
}

static void update(void *ctx, const struct erofs_build_progress *progress)
{
	struct mkfs_progress *line = ctx;
	double time = now();

	if (time - line->drawn < REDRAW_SECONDS)
		return;
	line->drawn = time;
	line->latest = *progress;
	tool_alone(draw, line);
}

void mkfs_start_progress(struct mkfs_progress *progress, struct erofs_build_options *build, bool quiet)
{
	*progress = (struct mkfs_progress){ .started = now() };
	if (quiet || !isatty(STDERR_FILENO))
		return;
	build->progress = update;
	build->progress_ctx = progress;
	tool_set_message_hook(wipe, progress);
}

void mkfs_stop_progress(struct mkfs_progress *progress)
{
	tool_set_message_hook(NULL, NULL);
	wipe(progress);
}

double mkfs_progress_seconds(const struct mkfs_progress *progress)
{
	return now() - progress->started;
}
