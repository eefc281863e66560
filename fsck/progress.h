/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FSCK_PROGRESS_H
#define FSCK_PROGRESS_H

#include "common/progress.h"
#include "fsck/options.h"

/* How far the check of an image is, and its unpacking. */
struct fsck_progress {
	struct tool_progress shown;
	uint64_t files, bytes; /* to be unpacked; 0 where that is not known */
};

/* Starts the clock; `check` and `extract` lead to what is said from then on, if anything is. tool_progress_stop() ends it. */
void fsck_start_progress(struct fsck_progress *progress, struct erofs_check_options *check,
			 struct erofs_extract_options *extract, const struct fsck_options *options);

/* Tells what there is to unpack, when the check has counted it. */
void fsck_expect_files(struct fsck_progress *progress, const struct erofs_check_summary *summary);

#endif
