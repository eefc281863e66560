/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_VMDK_H
#define EROFS_MKFS_VMDK_H

#include "mkfs/job.h"

/* Whether names of the image and its devices can stand in a descriptor, before anything is built. Reports. */
bool mkfs_check_vmdk(const struct mkfs_options *options);

/*
 * Writes the descriptor of --vmdk-desc: the finished image, and behind it its devices where its device table has them. It has
 * its name when it is whole. Reports.
 */
int mkfs_write_vmdk(const struct mkfs_job *job, const struct erofs_diag *diag);

#endif
