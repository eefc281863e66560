/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_HINTS_H
#define EROFS_MKFS_HINTS_H

#include "mkfs/job.h"

/* Wrong turns that show before anything is read. False when reported; a warning of what may be meant is no failure. */
bool mkfs_check_turns(const struct mkfs_options *options);

#endif
