/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/image.h>

#include "lib/format/format_xattr.h"
#include "lib/reader/reader.h"

#define RECORD_MAX 260u /* size field, base index and the longest infix, padded */

/* Where the table lies: in the data of the metabox or the packed inode, or (within NULL) on the primary device. */
struct table {
	const struct erofs_image *image;
	const struct erofs_inode *within;
};

static int find_table(struct table *table, const struct erofs_image *image)
{
	table->image = image;
	table->within = NULL;
	if (erofs_has_compat(&image->sb, EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX))
		return 0;
	if (image->metabox_err != -ENODATA) {
		table->within = &image->metabox;
		return image->metabox_err;
	}
	if (image->packed_err != -ENODATA) {
		table->within = &image->packed;
		return image->packed_err;
	}
	return 0;
}

/* Up to `length` bytes at `offset`; how many, 0 behind the end. */
static int64_t read_table(const struct table *table, void *buf, size_t length, uint64_t offset)
{
	uint64_t size = table->image->primary.size;
	int err;

	if (table->within)
		return erofs_image_read(table->image, table->within, buf, length, offset);
	if (offset >= size)
		return 0;
	if (length > size - offset)
		length = (size_t)(size - offset);
	err = erofs_reader_read_meta(table->image, buf, length, offset);
	return err ? err : (int64_t)length;
}

static int read_record(const struct table *table, struct erofs_xattr_prefix *out, uint64_t *offset)
{
	uint8_t raw[RECORD_MAX];
	const uint8_t *infix;
	size_t infix_len, span;
	int64_t avail = read_table(table, raw, sizeof(raw), *offset);

	if (avail < 0)
		return (int)avail;
	span = erofs_xattr_prefix_decode(&out->base_index, &infix, &infix_len, raw, (size_t)avail);
	if (!span || !erofs_xattr_base_prefix(out->base_index))
		return -EUCLEAN;
	out->infix_len = (uint8_t)infix_len;
	memcpy(out->infix, infix, infix_len);
	out->infix[infix_len] = 0;
	*offset += span;
	return 0;
}

int erofs_reader_read_prefixes(struct erofs_image *image)
{
	uint64_t offset = (uint64_t)image->sb.xattr_prefix_start * EROFS_XATTR_ALIGN;
	unsigned int count = image->sb.xattr_prefix_count;
	struct table table;

	if (!count)
		return 0;
	if (count > EROFS_XATTR_PREFIXES_MAX) {
		image->prefix_err = -EUCLEAN;
		return 0;
	}
	image->prefix_err = find_table(&table, image);
	if (image->prefix_err)
		return 0;
	image->prefixes = calloc(count, sizeof(*image->prefixes));
	if (!image->prefixes)
		return -ENOMEM;
	while (!image->prefix_err && image->prefix_count < count) {
		image->prefix_err = read_record(&table, &image->prefixes[image->prefix_count], &offset);
		if (!image->prefix_err)
			image->prefix_count++;
	}
	return 0;
}

int erofs_image_xattr_prefix(const struct erofs_image *image, struct erofs_xattr_prefix *out, unsigned int id)
{
	if (!image || !out)
		return -EINVAL;
	if (id >= image->sb.xattr_prefix_count)
		return -ERANGE;
	if (id >= image->prefix_count)
		return image->prefix_err;
	*out = image->prefixes[id];
	return 0;
}
