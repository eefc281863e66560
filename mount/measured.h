/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_MEASURED_H
#define MOUNT_MEASURED_H

#define MEASURED_MAX 192u

/* What the kernel compares every byte of a file or device with when it is read. */
struct measured {
	char digest[MEASURED_MAX];  /* can be a file's name; "" if the kernel compares with nothing */
	char details[MEASURED_MAX]; /* what the digest depends on besides the contents: "" or one line */
};

/*
 * Of a file its fs-verity digest, of a device the root hash of the one dm-verity target that it consists of, if what is read
 * is compared with it each time. Whatever cannot be found out counts as nothing.
 */
void measured_take(struct measured *measured, const char *path);

#endif
