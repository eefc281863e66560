/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PROGRESS_H
#define EROFS_WRITER_PROGRESS_H

#include "lib/util/progress.h"
#include "lib/writer/plan/plan.h"

/* Counts what has been read for the caller of the build, if that wants to know. */
void erofs_writer_progress_init(struct erofs_progress *progress, const struct erofs_plan *plan);

#endif
