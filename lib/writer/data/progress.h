/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PROGRESS_H
#define EROFS_WRITER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/util/monitor.h"
#include "lib/writer/plan/plan.h"

/* Counts what has been read, and tells the caller of the build now and then. For any thread. */
struct erofs_progress {
	const struct erofs_plan *plan;
	struct erofs_monitor monitor; /* of all below; not held while the caller is told */
	uint64_t files, bytes;
	bool is_reporting;
};

void erofs_writer_progress_init(struct erofs_progress *progress, const struct erofs_plan *plan);
void erofs_writer_progress_release(struct erofs_progress *progress); /* of zeroed ones, too */
void erofs_writer_progress_add(struct erofs_progress *progress, uint64_t files, uint64_t bytes);

#endif
