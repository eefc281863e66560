/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/progress.h"

#include <stdbool.h>

void erofs_writer_progress_init(struct erofs_progress *progress, const struct erofs_plan *plan)
{
	progress->plan = plan;
	atomic_init(&progress->files, 0);
	atomic_init(&progress->bytes, 0);
	atomic_flag_clear(&progress->reporting);
}

static bool is_news(const struct erofs_progress *progress, const struct erofs_build_progress *report)
{
	return atomic_load(&progress->files) != report->files || atomic_load(&progress->bytes) != report->bytes;
}

void erofs_writer_progress_add(struct erofs_progress *progress, uint64_t files, uint64_t bytes)
{
	const struct erofs_build_options *options = progress->plan->options;
	struct erofs_build_progress report = {
		.stage = EROFS_STAGE_PACK,
		.files_total = progress->plan->files,
		.bytes_total = progress->plan->file_bytes,
	};

	atomic_fetch_add(&progress->files, files);
	atomic_fetch_add(&progress->bytes, bytes);
	/* A thread that finds another one reporting leaves it to that one, which looks once more when it is done. */
	while (options->progress && is_news(progress, &report) && !atomic_flag_test_and_set(&progress->reporting)) {
		report.files = atomic_load(&progress->files);
		report.bytes = atomic_load(&progress->bytes);
		options->progress(options->progress_ctx, &report);
		atomic_flag_clear(&progress->reporting);
	}
}
