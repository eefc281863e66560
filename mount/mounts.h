/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_MOUNTS_H
#define MOUNT_MOUNTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* What /proc/self/mountinfo says of a mount. */
struct mounted {
	char target[PATH_MAX];
	char type[64];
	char source[PATH_MAX];
	char options[4096]; /* of the file system */
};

/* The mount that is on top at a directory. 0, -EINVAL if it is no mount point, or another negative errno. */
int mounts_at(struct mounted *out, const char *directory);

/* The last mount of EROFS from this source (a file or device). 0 or a negative errno, -ENOENT if there is none. */
int mounts_of(struct mounted *out, const char *source);

/* Whether the file system was mounted with this option, a flag. */
bool mounts_has_option(const struct mounted *mounted, const char *option);

#endif
