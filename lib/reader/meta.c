/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/reader/reader.h"

/* Metadata do not get smaller than that: LZ4 cannot make them so, and other algorithms hardly do. */
#define METABOX_RATIO 256u

/* Of the addresses to which `offset` belongs. */
static uint64_t end_of_meta(const struct erofs_image *image, uint64_t offset)
{
	if (offset & EROFS_METABOX_AREA)
		return EROFS_METABOX_AREA + (image->metabox_err ? 0 : image->metabox.size);
	return image->primary.size;
}

uint64_t erofs_reader_meta_rest(const struct erofs_image *image, uint64_t offset)
{
	uint64_t end = end_of_meta(image, offset);

	return offset < end ? end - offset : 0;
}

bool erofs_reader_meta_fits(const struct erofs_image *image, uint64_t offset, uint64_t length)
{
	uint64_t end = end_of_meta(image, offset);

	return offset <= end && length <= end - offset;
}

static int read_metabox(const struct erofs_image *image, void *buf, size_t length, uint64_t offset)
{
	int64_t count = image->read_metabox(image, &image->metabox, buf, length, offset);

	if (count < 0)
		return (int)count;
	return (uint64_t)count == length ? 0 : -EUCLEAN;
}

int erofs_reader_read_meta(const struct erofs_image *image, void *buf, size_t length, uint64_t offset)
{
	if (!erofs_reader_meta_fits(image, offset, length))
		return -EUCLEAN;
	if (offset & EROFS_METABOX_AREA)
		return read_metabox(image, buf, length, offset - EROFS_METABOX_AREA);
	return erofs_device_read(&image->primary, buf, length, offset);
}

uint64_t erofs_reader_metabox_budget(const struct erofs_image *image)
{
	uint64_t size = image->primary.size;
	uint64_t most = size < UINT64_MAX / 2 / METABOX_RATIO ? METABOX_RATIO * size : UINT64_MAX / 2;

	if (image->metabox_err)
		return 0;
	return image->metabox.size < most ? image->metabox.size : most;
}

void erofs_reader_place_meta(struct erofs_extent *out, uint64_t offset)
{
	out->device = offset & EROFS_METABOX_AREA ? EROFS_DEVICE_METABOX : 0;
	out->physical = offset & ~EROFS_METABOX_AREA;
}
