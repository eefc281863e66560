/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include <erofs/text.h>

#include "lib/check/check_state.h"
#include "lib/format/format_xattr.h"
#include "lib/reader/reader.h"
#include "lib/util/buffer.h"
#include "lib/util/cleanup.h"

/* The attributes of one inode. */
struct attributes {
	struct erofs_buffer names;   /* each {u16 length in the machine's order, bytes} */
	struct erofs_buffer offsets; /* size_t: where a name begins */
	uint32_t filter;	     /* as it should be */
};

static void release_attributes(struct attributes *all)
{
	erofs_buffer_release(&all->names);
	erofs_buffer_release(&all->offsets);
}

static void close_iter(struct erofs_xattr_iter **iter)
{
	erofs_xattr_close(*iter);
}

/* ---- shared attributes ------------------------------------------------------------------------------------------------ */

static bool same_offset(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_claims *claims = ctx;
	const uint64_t *offset = key;

	return claims->items[number].start == *offset;
}

/* Claims a shared attribute when it is first met. */
static int claim_shared(struct erofs_check *check, uint32_t node, const struct erofs_xattr *xattr)
{
	uint64_t start = xattr->entry_offset;
	uint32_t stored = (uint32_t)(xattr->value_offset - start - EROFS_XATTR_ENTRY_SIZE);
	uint32_t span = erofs_xattr_entry_span(stored, xattr->value_size);
	uint32_t number = (uint32_t)check->claims.count;
	int added;

	if (erofs_index_find(&check->shared, start, same_offset, &check->claims, &start) != EROFS_INDEX_NONE)
		return 0;
	if (!erofs_check_lies_inside(check, start, span)) {
		erofs_check_finding(check, node, "a shared xattr lies outside the image");
		return 0;
	}
	added = erofs_check_claims_add(&check->claims, start, span, EROFS_CLAIM_SHARED_XATTR, node);
	if (!added)
		erofs_check_finding(check, node,
				    "a shared xattr overlaps other metadata: they are larger than the image");
	if (added > 0)
		added = erofs_index_add(&check->shared, start, number);
	return added < 0 ? erofs_check_failed(check, node, added, "") : 0;
}

/* ---- names ------------------------------------------------------------------------------------------------------------- */

static int keep_name(struct attributes *all, const struct erofs_xattr *xattr)
{
	uint16_t length = (uint16_t)xattr->name_len;
	size_t offset = all->names.size;
	int err = erofs_buffer_append(&all->names, &length, sizeof(length));

	if (!err)
		err = erofs_buffer_append(&all->names, xattr->name, xattr->name_len);
	if (!err)
		err = erofs_buffer_append(&all->offsets, &offset, sizeof(offset));
	return err;
}

static int compare_names(const void *a, const void *b, void *ctx)
{
	const struct attributes *all = ctx;
	const uint8_t *x = all->names.data + *(const size_t *)a, *y = all->names.data + *(const size_t *)b;
	uint16_t x_len, y_len;
	int order;

	memcpy(&x_len, x, sizeof(x_len));
	memcpy(&y_len, y, sizeof(y_len));
	order = memcmp(x + sizeof(x_len), y + sizeof(y_len), x_len < y_len ? x_len : y_len);
	return order ? order : (int)x_len - (int)y_len;
}

static void find_duplicates(struct erofs_check *check, uint32_t node, struct attributes *all)
{
	size_t count = all->offsets.size / sizeof(size_t);
	size_t *offsets = (size_t *)all->offsets.data;

	if (count < 2)
		return;
	qsort_r(offsets, count, sizeof(*offsets), compare_names, all);
	for (size_t i = 1; i < count; i++) {
		erofs_auto_free char *name = NULL;
		uint16_t length;

		if (compare_names(&offsets[i - 1], &offsets[i], all))
			continue;
		memcpy(&length, all->names.data + offsets[i], sizeof(length));
		name = erofs_escape((char *)all->names.data + offsets[i] + sizeof(length), length);
		erofs_check_finding(check, node, "xattr %s is there more than once", name ? name : "");
	}
}

/* Which names are no names is Linux's view: it would not find them, or would show something odd. */
static void check_name(struct erofs_check *check, uint32_t node, const struct erofs_xattr *xattr, size_t rest_len)
{
	bool acl = xattr->base_index == EROFS_XATTR_INDEX_POSIX_ACL_ACCESS ||
		   xattr->base_index == EROFS_XATTR_INDEX_POSIX_ACL_DEFAULT;
	erofs_auto_free char *name = NULL;
	const char *what = NULL;

	if (acl && rest_len)
		what = "names an ACL and has more behind it";
	else if (!acl && !rest_len)
		what = "has nothing behind its prefix";
	else if (memchr(xattr->name, 0, xattr->name_len))
		what = "contains NUL";
	else if (xattr->name_len > EROFS_XATTR_NAME_MAX)
		what = "is longer than 255 bytes";
	if (!what)
		return;
	name = erofs_escape(xattr->name, xattr->name_len);
	erofs_check_finding(check, node, "the xattr name \"%s\" %s", name ? name : "", what);
}

static int check_one(struct erofs_check *check, uint32_t node, const struct erofs_xattr *xattr, struct attributes *all)
{
	size_t base_len = strlen(erofs_xattr_base_prefix(xattr->base_index));
	size_t rest_len = xattr->name_len - base_len;
	int err;

	check_name(check, node, xattr, rest_len);
	all->filter &= ~erofs_xattr_filter_bit(xattr->base_index, xattr->name + base_len, rest_len);
	err = keep_name(all, xattr);
	if (err)
		return erofs_check_failed(check, node, err, "");
	return xattr->shared ? claim_shared(check, node, xattr) : 0;
}

/* ---- the area ---------------------------------------------------------------------------------------------------------- */

static int check_header(struct erofs_check *check, uint32_t node, const struct erofs_inode *inode)
{
	uint64_t start = erofs_image_inode_offset(check->image, inode->nid) + erofs_inode_body_size(inode);
	uint8_t raw[EROFS_XATTR_HEADER_SIZE];
	int err = erofs_reader_read_meta(check->image, raw, sizeof(raw), start);
	int at;

	if (err)
		return erofs_check_failed(check, node, err, "the xattr area lies outside the image");
	at = erofs_xattr_header_reserved_byte(raw);
	if (at >= 0)
		erofs_check_finding(check, node, "reserved byte %d of the xattr header is 0x%02x, not zero", at,
				    raw[at]);
	if (inode->xattr_icount == 1)
		erofs_check_finding(check, node, "an xattr area of a header alone, which Linux refuses");
	return 0;
}

static void check_filter(struct erofs_check *check, uint32_t node, uint32_t stored, uint32_t right)
{
	if (!erofs_has_compat(check->sb, EROFS_FEATURE_COMPAT_XATTR_FILTER) || check->sb->xattr_filter_reserved)
		return;
	if (stored != right)
		erofs_check_finding(check, node, "the xattr name filter is 0x%08x, it should be 0x%08x", stored, right);
}

int erofs_check_xattrs(struct erofs_check *check, uint32_t node, const struct erofs_inode *inode)
{
	erofs_auto(close_iter) struct erofs_xattr_iter *iter = NULL;
	erofs_auto(release_attributes) struct attributes all = { .filter = EROFS_XATTR_FILTER_EMPTY };
	struct erofs_xattr xattr;
	int found, err;

	if (!inode->xattr_icount)
		return 0;
	err = check_header(check, node, inode);
	if (err)
		return err;
	err = erofs_xattr_open(&iter, check->image, inode);
	if (err)
		return erofs_check_failed(check, node, err, "more shared xattrs than its xattr area holds");
	while ((found = erofs_xattr_next(iter, &xattr)) > 0) {
		err = check_one(check, node, &xattr, &all);
		if (err)
			return err;
	}
	if (found < 0)
		return erofs_check_failed(check, node, found,
					  "an xattr is broken: outside its area, a shared id or a prefix out of range");
	check_filter(check, node, erofs_xattr_name_filter(iter), all.filter);
	find_duplicates(check, node, &all);
	return 0;
}
