/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_H
#define EROFS_SOURCE_SOURCE_OCI_H

#include <erofs/oci.h>

#include "lib/oci/blob.h"

/* An image whose documents were read and found good. */
struct erofs_oci_image {
	struct oci_store *store;
	const struct erofs_diag *diag;
	const struct erofs_cancel *cancel;
	struct oci_saved saved; /* of `docker save`: what the manifest's paths are part of */
	struct oci_manifest manifest;
	struct oci_config config;
};

/* The store of the location that options name. */
int erofs_source_oci_open_store(struct erofs_oci_image *image, const struct erofs_oci_options *options);
/* Whether all layers are of a kind that can be read, and can be checked. Reported. */
int erofs_source_oci_check_layers(const struct erofs_oci_image *image);

/*
 * Finds manifest and configuration of the image that was asked for, by name and platform. Reports what is wrong, or what there
 * is to choose from.
 */
int erofs_source_oci_choose(struct erofs_oci_image *image, const struct erofs_oci_options *options);

#endif
