/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PROGRESS_H
#define EROFS_WRITER_PROGRESS_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/writer/plan/plan.h"

/* Counts what has been read, and tells the caller of the build now and then. For any thread. */
struct erofs_progress {
	const struct erofs_plan *plan;
	atomic_uint_fast64_t files, bytes;
	atomic_flag reporting;
};

void erofs_writer_progress_init(struct erofs_progress *progress, const struct erofs_plan *plan);
void erofs_writer_progress_add(struct erofs_progress *progress, uint64_t files, uint64_t bytes);

#endif
