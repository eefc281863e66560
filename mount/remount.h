/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_REMOUNT_H
#define MOUNT_REMOUNT_H

#include "mount/request.h"

/*
 * Changes the options of what is mounted on the target. Whether and with what it shares cannot be changed, so such options,
 * which mount(8) repeats, are left out. 0, or the status to exit with after a message.
 */
int remount(const struct mount_request *request);

#endif
