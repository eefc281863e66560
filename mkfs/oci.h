/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OCI_H
#define EROFS_MKFS_OCI_H

#include "mkfs/job.h"

/* Opens the image of --oci and builds from it: once, or once for each layer, with the job's output and oci_layer set. */
int mkfs_build_oci(struct mkfs_job *job, const struct erofs_diag *diag);

#endif
