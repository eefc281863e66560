/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/progress.h"

void erofs_writer_progress_init(struct erofs_progress *progress, const struct erofs_plan *plan)
{
	*progress = (struct erofs_progress){ .plan = plan };
	erofs_monitor_init(&progress->monitor);
}

void erofs_writer_progress_release(struct erofs_progress *progress)
{
	if (progress->plan)
		erofs_monitor_destroy(&progress->monitor);
}

static void add(struct erofs_progress *progress, uint64_t files, uint64_t bytes)
{
	erofs_monitor_hold(&progress->monitor);

	progress->files += files;
	progress->bytes += bytes;
}

/* Takes the news to report them. False if there are none, or another thread is reporting. */
static bool take_news(struct erofs_progress *progress, struct erofs_build_progress *report)
{
	erofs_monitor_hold(&progress->monitor);

	if (progress->is_reporting || (progress->files == report->files && progress->bytes == report->bytes))
		return false;
	progress->is_reporting = true;
	report->files = progress->files;
	report->bytes = progress->bytes;
	return true;
}

static void end_report(struct erofs_progress *progress)
{
	erofs_monitor_hold(&progress->monitor);

	progress->is_reporting = false;
}

void erofs_writer_progress_add(struct erofs_progress *progress, uint64_t files, uint64_t bytes)
{
	const struct erofs_build_options *options = progress->plan->options;
	struct erofs_build_progress report = {
		.stage = EROFS_STAGE_PACK,
		.files_total = progress->plan->files,
		.bytes_total = progress->plan->file_bytes,
	};

	add(progress, files, bytes);
	/* A thread that finds another one reporting leaves it to that one, which looks once more when it is done. */
	while (options->progress && take_news(progress, &report)) {
		options->progress(options->progress_ctx, &report);
		end_report(progress);
	}
}
