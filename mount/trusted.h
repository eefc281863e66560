/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_TRUSTED_H
#define MOUNT_TRUSTED_H

/*
 * Whether nobody but root can change what is found at `path`: the file, and each directory on the way from the root, belong to
 * root and are writable for nobody else. A directory with the sticky bit (/tmp) may be, because root's files in it are safe.
 * What is verified must be what is mounted, and stay so: of a loop device, the file below it, too. 0, or MOUNT_FAILED after a message.
 */
int trusted_path(const char *path);

#endif
