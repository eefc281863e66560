/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_PROGRESS_H
#define EROFS_MKFS_PROGRESS_H

#include <stdbool.h>

#include <erofs/build.h>

/* The clock of the summary, and the progress line on stderr. */
struct mkfs_progress {
	double started;
	/* Progress comes from one thread at a time, a message perhaps from another: tool_alone() keeps them apart. */
	double drawn;			    /* when the line was drawn last */
	bool shown;			    /* a line stands on the terminal */
	struct erofs_build_progress latest; /* what it is to say */
};

/* Starts the clock, and on a terminal, unless `quiet`, the line. `build` leads to it from then on. */
void mkfs_start_progress(struct mkfs_progress *progress, struct erofs_build_options *build, bool quiet);

/* Wipes the line. */
void mkfs_stop_progress(struct mkfs_progress *progress);

/* Seconds since the start. */
double mkfs_progress_seconds(const struct mkfs_progress *progress);

#endif
