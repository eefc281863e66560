/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_IMAGE_H
#define EROFS_MKFS_IMAGE_H

#include "mkfs/job.h"

/*
 * Makes one image, the job's `output`, and prints its summary. For --oci the job has the container image open, and says which
 * layer if there is to be an image for each. 0 or -errno.
 */
int mkfs_build_image(struct mkfs_job *job, const struct erofs_diag *diag);

#endif
