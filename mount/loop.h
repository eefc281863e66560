/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_LOOP_H
#define MOUNT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOP_PATH_SIZE 32

/* Loop devices. Functions return 0 or a negative errno. */

/*
 * Makes a read-only loop device over the file that `file` is open for, which goes away with its last user. `*device` is open
 * for it: to be closed when the device is mounted. `path` (LOOP_PATH_SIZE bytes) is its name. size_limit 0: to the file's end.
 */
int loop_attach(int *device, char *path, int file, uint64_t offset, uint64_t size_limit);

/*
 * The file below a loop device that goes away by itself and shows all of the file: such as mount(8) makes of a file before it
 * calls its helper. -ENOENT for everything else, and if the file has no name any more.
 */
int loop_backing_file(const char *device, char *path, size_t size);

/*
 * What any loop device shows a part of. -ENOENT if it is none that is in use, -ESTALE if the name of what is below cannot be told
 * any more.
 */
int loop_find_below(const char *device, char *path, size_t size);

/* Whether this is a loop device that is in use. */
bool loop_is_attached(const char *device);

#endif
