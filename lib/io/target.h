/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_IO_TARGET_H
#define EROFS_IO_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/diag.h>

/* What is in an existing file or device that is to become an image. A wrong order of arguments must not destroy data. */
struct erofs_target {
	int fd; /* open for reading; for erofs_target_forget() for writing, too */
	const char *path;
	uint64_t offset; /* where the image is to start */
	bool is_device;
	bool has_data_alone; /* it is to become no image, but what holds the data of one */
};

/* Stands at the start of an unfinished image, in bytes that belong to no record; goes when the image is complete. */
#define EROFS_TARGET_UNFINISHED "unfinished EROFS image\n"
/* Stands at the start of a file that holds the data of an image, and nothing else. */
#define EROFS_TARGET_DATA "EROFS data device\n"
/* Bytes that make an image out of a row of bytes, with what stands around them. */
#define EROFS_TARGET_FRONT 4096u

/* Whether what is there may go: -EEXIST, reported, if not. */
int erofs_target_check_content(const struct erofs_target *target, const struct erofs_diag *diag);

/* Wipes the signatures of other file systems, which may lie where the image does not reach. Reports failures. */
int erofs_target_forget(const struct erofs_target *target, const struct erofs_diag *diag);

/* -EBUSY, reported, if the file is an image that is mounted as far as this process can see. */
int erofs_target_check_unused(const struct erofs_target *target, const struct erofs_diag *diag);

/*
 * The name of a file system or partition table that libblkid finds behind the offset: 1, or 0 if it finds none, none but
 * EROFS, or was left out of the build. A negative errno, not reported.
 */
int erofs_target_probe(const struct erofs_target *target, char *name, size_t size);

#endif
