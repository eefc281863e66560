/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/progress.h"

static void tell(const void *ctx, uint64_t files, uint64_t bytes)
{
	const struct erofs_plan *plan = ctx;
	const struct erofs_build_progress report = {
		.stage = EROFS_STAGE_PACK,
		.files = files,
		.files_total = plan->files,
		.bytes = bytes,
		.bytes_total = plan->file_bytes,
	};

	plan->options->progress(plan->options->progress_ctx, &report);
}

void erofs_writer_progress_init(struct erofs_progress *progress, const struct erofs_plan *plan)
{
	erofs_progress_init(progress, plan->options->progress ? tell : NULL, plan);
}
