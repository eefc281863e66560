/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_MOUNT_OPTIONS_H
#define FUSE_MOUNT_OPTIONS_H

#include "fuse/options.h"

#define STATUS_FAILED 1 /* of the program, for whatever reason */

/* Says what is wrong with the command line; the status to exit with. */
int mount_options_mistake(const char *format, const char *what);

/* Settings that have a long option and a mount option, by its name: -1, or the status to exit with. */
int mount_options_set_offset(struct options *options, const char *text);
int mount_options_set_cache_size(struct options *options, const char *text);
int mount_options_add_device(struct options *options, const char *path);

/*
 * " (did you mean 'NAME'?)" for an option of -o that nobody knows, whose name ends at `end` characters, or "". Returns `out`, which has
 * room for TOOL_HINT_MAX bytes (common/nearest.h).
 */
const char *mount_options_hint(char *out, const char *name, size_t length);

/* All of a list as -o has it. A comma that belongs to a value stands behind a backslash. */
int mount_options_take(struct options *options, const char *list);

#endif
