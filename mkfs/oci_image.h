/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_OCI_IMAGE_H
#define EROFS_MKFS_OCI_IMAGE_H

#include "mkfs/job.h"

/* layers=image: the container image again, with EROFS images as its layers: an OCI layout or archive, or in a registry, `output`. */
int mkfs_build_oci_image(struct mkfs_job *job, const struct erofs_diag *diag);

#endif
