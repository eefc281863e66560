/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_DEVICES_H
#define MOUNT_DEVICES_H

#include "mount/image.h"

/*
 * Completes image->devices: for the slots of the device table behind those that were given, files in `directory` (NULL: none)
 * that are called as the slot's tag says. An image that holds the data of its slots itself needs none. 0, or the status to
 * exit with after a message.
 */
int devices_find(struct mount_image *image, const struct erofs_image *opened, const char *directory);

#endif
