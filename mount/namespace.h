/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_NAMESPACE_H
#define MOUNT_NAMESPACE_H

/* Enters a mount namespace: a process' number, or a file. 0, or MOUNT_FAILED after a message. */
int namespace_enter(const char *name);

#endif
