/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_TAR_FILTER_H
#define EROFS_SOURCE_TAR_FILTER_H

#include "lib/source/source_tar_input.h"

/* Takes the compression off an archive. Failures are reported. */

/* `compression` is its name, "gzip" and the like; -EOPNOTSUPP if this build cannot take it off. */
int erofs_tar_filter_open(struct erofs_tar_input *input, const char *compression);
void erofs_tar_filter_close(struct erofs_tar_input *input);

/* Some decompressed bytes, `length` at most; 0 at the end. */
int64_t erofs_tar_filter_read(struct erofs_tar_input *input, uint8_t *buf, size_t length);

#endif
