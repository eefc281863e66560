/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OCI_EACH_H
#define EROFS_MKFS_OCI_EACH_H

#include "mkfs/job.h"

/* layers=each: an image of each layer in the directory `output`, and the list of their order. All of it, or nothing new. */
int mkfs_build_each(struct mkfs_job *job, const struct erofs_diag *diag);

#endif
