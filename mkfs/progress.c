/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/progress.h"

static void update(void *ctx, const struct erofs_build_progress *progress)
{
	static const char *const doing[] = {
		[EROFS_STAGE_PACK] = "packing",
		[EROFS_STAGE_EMIT] = "writing metadata",
		[EROFS_STAGE_REPEATS] = "looking for repeats",
		[EROFS_STAGE_FRAGMENTS] = "packing fragments",
	};
	const struct tool_progress_state state = {
		.doing = doing[progress->stage],
		.item = progress->stage == EROFS_STAGE_FRAGMENTS ? NULL : "file",
		.items = progress->files,
		.items_total = progress->files_total,
		.bytes = progress->bytes,
		.bytes_total = progress->bytes_total,
	};

	tool_progress_update(ctx, &state);
}

void mkfs_start_progress(struct tool_progress *progress, struct erofs_build_options *build,
			 enum tool_progress_form form)
{
	tool_progress_start(progress, form);
	if (form == TOOL_PROGRESS_NONE)
		return;
	build->progress = update;
	build->progress_ctx = progress;
}
