/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_VERIFY_H
#define MOUNT_VERIFY_H

#include "mount/image.h"

/*
 * Checks the image as fsck.erofs --ishare does, unless it is remembered to have been found right. 0, or the status to exit
 * with after a message: also if others than root could change the image or one of its devices.
 */
int verify_image(const struct mount_image *image, const struct mount_request *request);

#endif
