/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/image.h>

#include "lib/format/format_xattr.h"
#include "lib/reader/reader.h"

struct erofs_xattr_iter {
	const struct erofs_image *image;
	uint32_t name_filter;
	unsigned int shared_count;
	unsigned int next_shared;
	uint64_t offset; /* of the area on the device */
	uint32_t at;	 /* next inline entry in the area */
	uint32_t size;
	uint8_t area[]; /* header, shared ids, inline entries */
};

static int read_header(struct erofs_xattr_iter *iter)
{
	struct erofs_xattr_header header;

	if (!iter->size)
		return 0;
	erofs_xattr_header_decode(&header, iter->area);
	iter->name_filter = header.name_filter;
	iter->shared_count = header.shared_count;
	iter->at = erofs_xattr_shared_id_at(header.shared_count);
	return iter->at > iter->size ? -EUCLEAN : 0;
}

int erofs_xattr_open(struct erofs_xattr_iter **out, const struct erofs_image *image, const struct erofs_inode *inode)
{
	uint64_t offset;
	uint32_t size;
	struct erofs_xattr_iter *iter;
	int err;

	if (!out || !image || !inode)
		return -EINVAL;
	offset = erofs_image_inode_offset(image, inode->nid) + erofs_inode_body_size(inode);
	size = erofs_xattr_area_size(inode->xattr_icount);
	*out = NULL;
	if (!erofs_reader_meta_fits(image, offset, size))
		return -EUCLEAN;
	iter = malloc(sizeof(*iter) + size);
	if (!iter)
		return -ENOMEM;
	*iter = (struct erofs_xattr_iter){ .image = image, .offset = offset, .size = size };
	err = erofs_reader_read_meta(image, iter->area, size, offset);
	if (!err)
		err = read_header(iter);
	if (err) {
		free(iter);
		return err;
	}
	*out = iter;
	return 0;
}

void erofs_xattr_close(struct erofs_xattr_iter *iter)
{
	free(iter);
}

uint32_t erofs_xattr_name_filter(const struct erofs_xattr_iter *iter)
{
	if (!iter)
		return 0;
	return iter->name_filter;
}

static void append_name(struct erofs_xattr *out, const void *bytes, size_t length)
{
	memcpy(out->name + out->name_len, bytes, length);
	out->name_len += length;
	out->name[out->name_len] = 0;
}

/* Base prefix, infix and suffix together. */
static int compose_name(const struct erofs_image *image, struct erofs_xattr *out, const struct erofs_xattr_entry *entry,
			const uint8_t *suffix)
{
	struct erofs_xattr_prefix prefix = { .base_index = entry->name_index };
	const char *base;

	_Static_assert(sizeof(out->name) > 24 + 255 + EROFS_XATTR_NAME_MAX, "room for the longest name");
	out->long_prefix = entry->name_index & EROFS_XATTR_LONG_PREFIX;
	out->prefix_id = out->long_prefix ? entry->name_index & EROFS_XATTR_LONG_PREFIX_MASK : 0;
	if (out->long_prefix) {
		int err = erofs_image_xattr_prefix(image, &prefix, out->prefix_id);

		if (err)
			return err == -ERANGE ? -EUCLEAN : err;
	}
	base = erofs_xattr_base_prefix(prefix.base_index);
	if (!base)
		return -EUCLEAN;
	out->base_index = prefix.base_index;
	out->suffix_empty = !entry->name_len;
	out->name_len = 0;
	append_name(out, base, strlen(base));
	append_name(out, prefix.infix, prefix.infix_len);
	append_name(out, suffix, entry->name_len);
	return 0;
}

uint64_t erofs_reader_shared_zone(const struct erofs_image *image)
{
	uint64_t at = (uint64_t)image->sb.xattr_blkaddr << image->sb.blkszbits;

	if (erofs_has_compat(&image->sb, EROFS_FEATURE_COMPAT_SHARED_EA_IN_METABOX) &&
	    erofs_has_incompat(&image->sb, EROFS_FEATURE_INCOMPAT_METABOX))
		at += EROFS_METABOX_AREA;
	return at;
}

static int next_shared(struct erofs_xattr_iter *iter, struct erofs_xattr *out)
{
	const struct erofs_image *image = iter->image;
	uint8_t raw[EROFS_XATTR_ENTRY_SIZE + EROFS_XATTR_NAME_MAX];
	size_t avail = sizeof(raw);
	struct erofs_xattr_entry entry;
	uint64_t at;
	uint32_t id;
	int err;

	id = erofs_xattr_shared_id_decode(iter->area + erofs_xattr_shared_id_at(iter->next_shared++));
	at = erofs_reader_shared_zone(image) + EROFS_XATTR_ALIGN * (uint64_t)id;
	if (!erofs_reader_meta_fits(image, at, EROFS_XATTR_ENTRY_SIZE))
		return -EUCLEAN;
	if (avail > erofs_reader_meta_rest(image, at))
		avail = (size_t)erofs_reader_meta_rest(image, at);
	err = erofs_reader_read_meta(image, raw, avail, at);
	if (err)
		return err;
	erofs_xattr_entry_decode(&entry, raw);
	out->shared = true;
	out->entry_offset = at;
	out->value_offset = at + EROFS_XATTR_ENTRY_SIZE + entry.name_len;
	out->value_size = entry.value_size;
	if (!erofs_reader_meta_fits(image, at, EROFS_XATTR_ENTRY_SIZE + entry.name_len + (uint64_t)entry.value_size))
		return -EUCLEAN;
	return compose_name(image, out, &entry, raw + EROFS_XATTR_ENTRY_SIZE);
}

/* Where the next inline entry is; false at the end. Zeros are room that was kept free. */
static bool find_inline(struct erofs_xattr_iter *iter, struct erofs_xattr_entry *entry)
{
	for (; iter->size - iter->at >= EROFS_XATTR_ENTRY_SIZE; iter->at += EROFS_XATTR_ENTRY_SIZE) {
		erofs_xattr_entry_decode(entry, iter->area + iter->at);
		if (entry->name_len || entry->name_index || entry->value_size)
			return true;
	}
	return false;
}

int erofs_xattr_next(struct erofs_xattr_iter *iter, struct erofs_xattr *out)
{
	struct erofs_xattr_entry entry;
	uint32_t at, used;
	int err;

	if (!iter || !out)
		return -EINVAL;
	if (iter->next_shared < iter->shared_count) {
		err = next_shared(iter, out);
		return err ? err : 1;
	}
	if (!find_inline(iter, &entry))
		return 0;
	at = iter->at;
	used = EROFS_XATTR_ENTRY_SIZE + entry.name_len + entry.value_size;
	if (used > iter->size - at) {
		/* Nothing tells where another entry might start. */
		iter->at = iter->size;
		return -EUCLEAN;
	}
	iter->at += erofs_xattr_entry_span(entry.name_len, entry.value_size);
	if (iter->at > iter->size)
		iter->at = iter->size;
	out->shared = false;
	out->entry_offset = iter->offset + at;
	out->value_offset = out->entry_offset + EROFS_XATTR_ENTRY_SIZE + entry.name_len;
	out->value_size = entry.value_size;
	err = compose_name(iter->image, out, &entry, iter->area + at + EROFS_XATTR_ENTRY_SIZE);
	return err ? err : 1;
}

int erofs_xattr_value(const struct erofs_image *image, const struct erofs_xattr *xattr, void *buf)
{
	if (!image || !xattr || (!buf && xattr->value_size))
		return -EINVAL;
	return erofs_reader_read_meta(image, buf, xattr->value_size, xattr->value_offset);
}
