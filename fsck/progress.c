/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fsck/progress.h"

static void update_check(void *ctx, const struct erofs_check_progress *progress)
{
	struct fsck_progress *to = ctx;
	bool is_tree = progress->stage == EROFS_CHECK_TREE;
	const struct tool_progress_state state = {
		.doing = is_tree ? "checking the tree" : "checking contents",
		.item = is_tree ? "inode" : "file",
		.items = progress->files,
		.items_total = progress->files_total,
		.bytes = progress->bytes,
		.bytes_total = progress->bytes_total,
	};

	tool_progress_update(&to->shown, &state);
}

static void update_extract(void *ctx, const struct erofs_extract_progress *progress)
{
	struct fsck_progress *to = ctx;
	const struct tool_progress_state state = {
		.doing = "unpacking",
		.item = "file",
		.items = progress->files,
		.items_total = to->files,
		.bytes = progress->bytes,
		.bytes_total = to->bytes,
	};

	tool_progress_update(&to->shown, &state);
}

void fsck_start_progress(struct fsck_progress *progress, struct erofs_check_options *check,
			 struct erofs_extract_options *extract, const struct fsck_options *options)
{
	bool is_quiet = options->quiet || !options->verbosity;
	enum tool_progress_form form = is_quiet ? TOOL_PROGRESS_NONE : options->progress;

	*progress = (struct fsck_progress){ 0 };
	tool_progress_start(&progress->shown, form);
	if (form == TOOL_PROGRESS_NONE)
		return;
	check->progress = update_check;
	extract->progress = update_extract;
	check->progress_ctx = extract->progress_ctx = progress;
}

void fsck_expect_files(struct fsck_progress *progress, const struct erofs_check_summary *summary)
{
	progress->files = summary->regular_files;
	progress->bytes = summary->data_bytes;
}
