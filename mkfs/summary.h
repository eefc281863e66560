/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_SUMMARY_H
#define EROFS_MKFS_SUMMARY_H

#include "mkfs/job.h"

/* Whether anybody wants to read it: not with --quiet, nor where stdout is the image or JSON. */
bool mkfs_wants_summary(const struct mkfs_job *job);

/* What was built, on stdout. */
void mkfs_print_summary(const struct mkfs_job *job);

#endif
