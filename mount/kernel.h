/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_KERNEL_H
#define MOUNT_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A mount in the making, by fsopen(2) and its kin, which hand out what the kernel says. All functions return 0 or a negative
 * errno; what the kernel said, or the errno's text, is in `said`.
 */
struct kernel_mount {
	int context; /* of fsopen(2) or fspick(2), -1: none */
	int mount;   /* of fsmount(2), -1: not yet */
	char said[512];
};

/* Begins a new file system, or with `mounted`, a change of the one mounted there. To be ended with kernel_end(). */
int kernel_begin(struct kernel_mount *mount, const char *mounted);

/* An option of the file system; value NULL: a flag. Of one that the kernel does not know, `said` names the nearest, too. */
int kernel_set(struct kernel_mount *mount, const char *key, const char *value);

/* Whether kernel_set() failed because the kernel has no such option. */
bool kernel_knows_not(const struct kernel_mount *mount);

/* Makes the file system and a mount of it with these attributes, which is nowhere yet. */
int kernel_make(struct kernel_mount *mount, uint64_t attributes);

/* Puts the mount where it belongs. */
int kernel_attach(struct kernel_mount *mount, const char *target);

/* Makes the changes of a file system that is mounted. */
int kernel_change(struct kernel_mount *mount);

/* Changes the attributes of the mount at `target`; what said is set like by the others. */
int kernel_change_attributes(struct kernel_mount *mount, const char *target, uint64_t set, uint64_t clear);

/* Closes everything; a mount that was not attached is gone. */
void kernel_end(struct kernel_mount *mount);

#endif
