/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/oci.h"

#include "mkfs/oci_cache.h"
#include "mkfs/oci_each.h"
#include "mkfs/oci_image.h"

int mkfs_scan_oci(struct erofs_tree *tree, const struct mkfs_job *job, const struct erofs_diag *diag)
{
	if (job->options->oci_layers != MKFS_FLATTEN)
		return erofs_scan_oci_layer(tree, job->oci_image, job->oci_layer, &job->scan, diag);
	return erofs_scan_oci(tree, job->oci_image, &job->scan, diag);
}

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
