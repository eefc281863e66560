/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_ATTEMPT_H
#define MOUNT_ATTEMPT_H

#include "mount/image.h"

/* Mounts the image as the request says. 0, or the status to exit with after a message. */
int attempt_mount(const struct mount_image *image, const struct mount_request *request);

#endif
