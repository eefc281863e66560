/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/reader/reader.h"

bool erofs_reader_meta_fits(const struct erofs_image *image, uint64_t offset, uint64_t length)
{
	return offset <= image->primary.size && length <= image->primary.size - offset;
}

int erofs_reader_read_meta(const struct erofs_image *image, void *buf, size_t length, uint64_t offset)
{
	if (!erofs_reader_meta_fits(image, offset, length))
		return -EUCLEAN;
	return erofs_device_read(&image->primary, buf, length, offset);
}
