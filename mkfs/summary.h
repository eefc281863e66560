/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_SUMMARY_H
#define EROFS_MKFS_SUMMARY_H

#include "mkfs/job.h"

/* What was built, on stdout. */
void mkfs_print_summary(const struct mkfs_job *job);

#endif
