/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_ARCHIVE_TAR_WRITE_H
#define EROFS_ARCHIVE_TAR_WRITE_H

#include <stdint.h>

#include "lib/archive/tar_header.h"
#include "lib/util/buffer.h"

/*
 * Appends what stands before the data of a regular file of mode 0644: nobody's, of no time. Names or sizes that the old header has no room for
 * are said in a pax header. -ENOMEM, -ENAMETOOLONG.
 */
int erofs_archive_tar_write_file(struct erofs_buffer *out, const char *path, uint64_t size);

/* How many zeros follow `size` bytes of data. */
static inline unsigned int erofs_archive_tar_padding(uint64_t size)
{
	return (unsigned int)(-size % TAR_BLOCK);
}

#endif
