/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_COMMON_RESOLVE_H
#define EROFS_COMMON_RESOLVE_H

#include <stdbool.h>

#include <erofs/image.h>

/*
 * Finds a path as a kernel would whose root directory is the image's: through symbolic links, 40 at most, and with `..`. The last
 * component is followed with `follow_last`, or where a slash stands behind it. `*real` is the path without links, to be freed;
 * "/" is the root. -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, and what the reader says.
 */
int tool_resolve_path(const struct erofs_image *image, struct erofs_inode *out, char **real, const char *path,
		      bool follow_last);

#endif
