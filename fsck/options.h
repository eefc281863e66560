/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FSCK_OPTIONS_H
#define FSCK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <erofs/check.h>

#include "common/progress.h"
#include "common/tool.h"

/* Exit status as in fsck(8). */
enum fsck_status {
	FSCK_CLEAN = 0,
	FSCK_ERRORS = 4,
	FSCK_FAILED = 8, /* the check could not be done */
	FSCK_USAGE = TOOL_EXIT_USAGE,
};

struct fsck_options {
	const char **images; /* image_count of them, at least 1 */
	size_t image_count;
	struct erofs_image_options open;
	const char **devices; /* what open.devices points to */
	struct erofs_check_options check;
	struct erofs_extract_options extract;
	const char *target; /* directory to extract to, NULL: nothing is written */
	bool force;	    /* the target may be the root directory */
	bool only;	    /* --path or --nid was given */
	bool no_follow;	    /* the path goes through no symbolic links */
	bool quiet;
	bool json;
	enum tool_progress_form progress;
	unsigned int verbosity; /* 0..9 */
};

/*
 * Reads the command line. -1: go on; else the status to exit with: --help and --version are done, a mistake is reported.
 * fsck_options_release() frees what it allocated.
 */
int fsck_parse_options(struct fsck_options *options, int argc, char **argv);
void fsck_options_release(struct fsck_options *options);

#endif
