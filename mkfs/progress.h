/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_PROGRESS_H
#define EROFS_MKFS_PROGRESS_H

#include <erofs/build.h>

#include "mkfs/options.h"

/* Starts the clock of the summary, and on a terminal the progress line on stderr. */
void mkfs_start_progress(struct mkfs_options *options);

/* Wipes the progress line. */
void mkfs_stop_progress(void);

/* What was built, on stdout. */
void mkfs_print_summary(const struct mkfs_options *options, const struct erofs_build_summary *summary,
			uint64_t dropped_xattrs);

#endif
