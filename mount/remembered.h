/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_REMEMBERED_H
#define MOUNT_REMEMBERED_H

#include <stdbool.h>

#include "mount/image.h"
#include "mount/measured.h"

/*
 * Images that were verified since the machine started, by the fs-verity digests of their files or the root hashes of their
 * dm-verity devices: the kernel answers for those contents, whatever the files are called and however often they are read. A
 * record is a file in REMEMBERED_DIR, which belongs to root and is writable for nobody else, or is not used. It is called as the image's digest, and lists what else was part of the check:
 * the release of this program, the offset, the digests of the devices. What has no such digest is not remembered.
 */
#define REMEMBERED_DIR "/run/erofs-verified"

/* The record of an image with its devices; `name` is "" if one of the files has no digest. */
struct remembered {
	char name[MEASURED_MAX];
	char *text; /* owned */
};

/* 0, or MOUNT_SYSTEM after a message. remembered_release() whatever was returned. */
int remembered_measure(struct remembered *record, const struct mount_image *image, const struct mount_request *request);
void remembered_release(struct remembered *record);

bool remembered_is_known(const struct remembered *record);

/* Adds a record. What keeps it from doing so is worth a warning. */
void remembered_add(const struct remembered *record);

#endif
