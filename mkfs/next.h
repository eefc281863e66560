/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_NEXT_H
#define EROFS_MKFS_NEXT_H

#include "mkfs/job.h"

/* On a terminal, below the summary: the commands that mount the image. */
void mkfs_print_next(const struct mkfs_job *job);

#endif
