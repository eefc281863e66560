/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_LOCATION_H
#define EROFS_MKFS_LOCATION_H

#include "mkfs/options.h"

/* Locations of container images. */

/* Whether it is an image in a registry. */
bool mkfs_is_registry(const char *location);

/* The location of --oci: LAYOUT:TAG is split, keys that there are not are reported. */
bool mkfs_settle_location(struct mkfs_options *options);

#endif
