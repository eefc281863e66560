/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/image.h>

#include "lib/reader/reader.h"

/* Never goes deeper than this: an extent of the packed inode is no fragment. */
static int read_fragment(const struct erofs_image *image, uint8_t *buf, size_t length, uint64_t offset)
{
	int64_t count = erofs_image_read(image, &image->packed, buf, length, offset);

	if (count < 0)
		return (int)count;
	return (uint64_t)count == length ? 0 : -EUCLEAN;
}

static int read_extent(const struct erofs_image *image, const struct erofs_extent *extent, uint8_t *buf, size_t length,
		       uint64_t skip)
{
	switch (extent->kind) {
	case EROFS_EXTENT_HOLE:
		memset(buf, 0, length);
		return 0;
	case EROFS_EXTENT_PLAIN:
	case EROFS_EXTENT_INLINE:
		return erofs_reader_read_device(image, extent->device, buf, length, extent->physical + skip);
	case EROFS_EXTENT_ENCODED:
		return erofs_reader_read_encoded(image, extent, buf, length, skip);
	case EROFS_EXTENT_FRAGMENT:
		return read_fragment(image, buf, length, extent->physical + skip);
	}
	return -EOPNOTSUPP;
}

/* What a call to erofs_image_read() goes through: a compressed file's index stays open meanwhile. */
struct reader {
	const struct erofs_image *image;
	const struct erofs_inode *inode;
	struct erofs_zmap map;
	bool open;
};

/* As erofs_reader_map_some(). */
static int map_next(struct reader *reader, struct erofs_extent *out, uint64_t offset, uint64_t want)
{
	int err;

	if (!erofs_inode_is_compressed(reader->inode) || !erofs_reader_inode_has_data(reader->inode) ||
	    offset >= reader->inode->size)
		return erofs_reader_map_some(reader->image, out, reader->inode, offset, want);
	if (!reader->open) {
		err = erofs_reader_zmap_open(&reader->map, reader->image, reader->inode, NULL);
		if (err)
			return err;
		reader->open = true;
	}
	err = erofs_reader_zmap_map(&reader->map, out, offset, NULL);
	return err ? err : 1;
}

int64_t erofs_image_read(const struct erofs_image *image, const struct erofs_inode *inode, void *buf, size_t length,
			 uint64_t offset)
{
	struct reader reader;
	uint8_t *to = buf;
	size_t done = 0;

	if (!image || !inode || (!buf && length))
		return -EINVAL;
	reader.image = image;
	reader.inode = inode;
	reader.open = false;
	if (length > INT64_MAX)
		length = INT64_MAX;
	while (done < length) {
		struct erofs_extent extent;
		uint64_t skip, part;
		int err = map_next(&reader, &extent, offset + done, length - done);

		if (err < 0)
			return err;
		if (!err)
			break;
		skip = offset + done - extent.logical;
		part = extent.length - skip;
		if (part > length - done)
			part = length - done;
		err = read_extent(image, &extent, to + done, (size_t)part, skip);
		if (err)
			return err;
		done += (size_t)part;
	}
	return (int64_t)done;
}

int erofs_image_read_extent(const struct erofs_image *image, const struct erofs_extent *extent, void *buf,
			    size_t length)
{
	if (!image || !extent || (!buf && length) || length > extent->length)
		return -EINVAL;
	if (!length)
		return 0;
	if (extent->kind == EROFS_EXTENT_ENCODED)
		return erofs_reader_read_start(image, extent, buf, length);
	return read_extent(image, extent, buf, length, 0);
}
