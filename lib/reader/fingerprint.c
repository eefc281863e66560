/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "lib/reader/reader.h"
#include "lib/util/cleanup.h"

/* The prefix record that is the fingerprint's whole name. */
static int fingerprint_prefix(const struct erofs_image *image, struct erofs_xattr_prefix *out)
{
	int err;

	if (!erofs_has_compat(&image->sb, EROFS_FEATURE_COMPAT_ISHARE_XATTRS))
		return -ENODATA;
	err = erofs_image_xattr_prefix(image, out, image->sb.ishare_xattr_prefix_id);
	return err == -ERANGE ? -EUCLEAN : err;
}

int erofs_image_fingerprint_name(const struct erofs_image *image, char *name, size_t size)
{
	struct erofs_xattr_prefix prefix;
	const char *base;
	size_t base_len;
	int err;

	if (!image || !name || !size)
		return -EINVAL;
	err = fingerprint_prefix(image, &prefix);
	if (err)
		return err;
	base = erofs_xattr_base_prefix(prefix.base_index);
	base_len = strlen(base);
	if (base_len + prefix.infix_len + 1 > size)
		return -ERANGE;
	memcpy(name, base, base_len);
	memcpy(name + base_len, prefix.infix, (size_t)prefix.infix_len + 1);
	return 0;
}

/* The name counts, however it is stored: a kernel finds an entry that spells it out without the long prefix, too. */
static bool is_fingerprint(const struct erofs_xattr *xattr, const struct erofs_xattr_prefix *prefix)
{
	size_t base_len = strlen(erofs_xattr_base_prefix(prefix->base_index));

	return xattr->base_index == prefix->base_index && xattr->name_len == base_len + prefix->infix_len &&
	       memcmp(xattr->name + base_len, prefix->infix, prefix->infix_len) == 0;
}

static void close_iter(struct erofs_xattr_iter **iter)
{
	erofs_xattr_close(*iter);
}

int erofs_image_fingerprint(const struct erofs_image *image, struct erofs_fingerprint *out,
			    const struct erofs_inode *inode)
{
	erofs_auto(close_iter) struct erofs_xattr_iter *iter = NULL;
	struct erofs_xattr_prefix prefix;
	struct erofs_xattr xattr;
	int err;
	int found;

	if (!image || !out || !inode)
		return -EINVAL;
	err = fingerprint_prefix(image, &prefix);
	out->count = 0;
	out->value_size = 0;
	if (err || !inode->xattr_icount)
		return err;
	err = erofs_xattr_open(&iter, image, inode);
	if (err)
		return err;
	while ((found = erofs_xattr_next(iter, &xattr)) > 0) {
		if (!is_fingerprint(&xattr, &prefix) || out->count++)
			continue;
		if (xattr.value_size > erofs_block_size(&image->sb))
			return -EUCLEAN;
		out->value_size = xattr.value_size;
		err = erofs_xattr_value(image, &xattr, out->value);
		if (err)
			return err;
	}
	return found;
}
