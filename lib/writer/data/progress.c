/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/progress.h"

static void tell(const void *ctx, uint64_t files, uint64_t bytes)
{
	const struct erofs_stage_progress *progress = ctx;
	const struct erofs_build_options *options = progress->plan->options;
	const struct erofs_build_progress report = {
		.stage = progress->stage,
		.files = files,
		.files_total = progress->files_total,
		.bytes = bytes,
		.bytes_total = progress->bytes_total,
	};

	options->progress(options->progress_ctx, &report);
}

void erofs_writer_progress_init(struct erofs_stage_progress *progress, const struct erofs_plan *plan,
				enum erofs_build_stage stage)
{
	progress->plan = plan;
	progress->stage = stage;
	progress->files_total = plan->files;
	progress->bytes_total = plan->file_bytes;
	erofs_progress_init(&progress->count, plan->options->progress ? tell : NULL, progress);
}
