/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PROGRESS_H
#define EROFS_WRITER_PROGRESS_H

#include "lib/util/progress.h"
#include "lib/writer/plan/plan.h"

/* What has been read in one stage of the build, for its caller, if that wants to know. */
struct erofs_stage_progress {
	struct erofs_progress count;
	const struct erofs_plan *plan;
	enum erofs_build_stage stage;
	uint64_t files_total, bytes_total; /* at first those of the plan */
};

/* It must stay where it is until its count is released. */
void erofs_writer_progress_init(struct erofs_stage_progress *progress, const struct erofs_plan *plan,
				enum erofs_build_stage stage);

#endif
