/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/progress.h"

void erofs_writer_progress_init(struct erofs_progress *progress, const struct erofs_plan *plan)
{
	progress->plan = plan;
	atomic_init(&progress->files, 0);
	atomic_init(&progress->bytes, 0);
	atomic_flag_clear(&progress->reporting);
}

void erofs_writer_progress_add(struct erofs_progress *progress, uint64_t files, uint64_t bytes)
{
	const struct erofs_build_options *options = progress->plan->options;
	struct erofs_build_progress report = {
		.stage = EROFS_STAGE_PACK,
		.files = atomic_fetch_add(&progress->files, files) + files,
		.files_total = progress->plan->files,
		.bytes = atomic_fetch_add(&progress->bytes, bytes) + bytes,
		.bytes_total = progress->plan->file_bytes,
	};

	/* A thread that finds another one reporting has nothing newer to say. */
	if (!options->progress || atomic_flag_test_and_set(&progress->reporting))
		return;
	options->progress(options->progress_ctx, &report);
	atomic_flag_clear(&progress->reporting);
}
