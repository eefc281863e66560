/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_IMAGE_H
#define MOUNT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <erofs/image.h>

#include "mount/request.h"

/* The image that is to be mounted, as our own reader sees it. */
struct mount_image {
	const char *path; /* of the file or device, as the kernel gets it */
	bool is_file;	  /* it and its devices, and no block device */
	const char **devices;
	size_t device_count;
	size_t given; /* of them by device=, whose text is the request's; the others are owned */
	bool has_fingerprints;
	char backing[4096]; /* `path`, if that is not the source of the request */
};

/*
 * Looks at the source: takes the file below a loop device that mount(8) has made of it (unless a loop device is wanted), reads the
 * superblock, finds the files of the device table. 0, or the status to exit with after a message. image_release() whatever
 * was returned.
 */
int image_look_at(struct mount_image *image, const struct mount_request *request);
void image_release(struct mount_image *image);

/* How our reader opens it. */
struct erofs_image_options image_open_options(const struct mount_image *image, const struct mount_request *request);

#endif
