/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/oci.h"

#include "mkfs/image.h"
#include "mkfs/oci_cache.h"
#include "mkfs/oci_each.h"
#include "mkfs/oci_image.h"

static int build(struct mkfs_job *job, const struct erofs_diag *diag)
{
	switch (job->options->oci_layers) {
	case MKFS_EACH:
		return mkfs_build_each(job, diag);
	case MKFS_CACHE:
		return mkfs_build_cache(job, diag);
	default:
		return mkfs_build_image(job, diag);
	}
}

int mkfs_build_oci(struct mkfs_job *job, const struct erofs_diag *diag)
{
	const struct mkfs_options *options = job->options;
	int err;

	if (options->oci_layers == MKFS_IMAGE)
		return mkfs_build_oci_image(job, diag);
	err = erofs_oci_open(&job->oci_image, &options->oci, job->scan.cancel, diag);

	if (!err)
		err = build(job, diag);
	erofs_oci_close(job->oci_image);
	job->oci_image = NULL;
	return err;
}
