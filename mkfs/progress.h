/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_PROGRESS_H
#define EROFS_MKFS_PROGRESS_H

#include <erofs/build.h>

#include "common/progress.h"

/* Starts the clock; `build` leads to what is said on standard error from then on, unless `form` is for saying nothing. */
void mkfs_start_progress(struct tool_progress *progress, struct erofs_build_options *build,
			 enum tool_progress_form form);

#endif
