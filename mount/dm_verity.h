/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_DM_VERITY_H
#define MOUNT_DM_VERITY_H

#include <sys/types.h>

#include "mount/measured.h"

/* Fills in what a device of the device mapper is compared with, and leaves `measured` alone if it is not wholly one dm-verity target. */
void dm_verity_measure(struct measured *measured, dev_t device);

#endif
