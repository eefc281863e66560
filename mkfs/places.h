/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_PLACES_H
#define EROFS_MKFS_PLACES_H

#include "mkfs/job.h"

/* Whether source, image and messages can be where they are said to be. False when reported; finds out `no_summary`. */
bool mkfs_check_places(struct mkfs_job *job);

/* The directory that a file is to be made in, with all links resolved; to be freed. NULL: errno says why. */
char *mkfs_real_directory(const char *path);

/* Whether all sources are EROFS images. */
bool mkfs_source_is_image(const struct mkfs_options *options);

#endif
