/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/format/format_xattr.h"
#include "lib/format/le.h"
#include "tests/unit/raw_image.h"
#include "tests/unit/unit.h"

#define SHARED_ID 4u /* byte 16 of the shared zone */

static struct raw_image raw;
static uint8_t *area, *at; /* of the inode's xattrs, and its end */

static void begin(uint8_t shared_count)
{
	const struct erofs_xattr_header header = { .name_filter = 0x12345678, .shared_count = shared_count };
	const struct erofs_inode inode = { .mode = S_IFREG | 0644, .size = 0 };

	raw_init(&raw);
	area = raw_inode(&raw, &inode);
	erofs_xattr_header_encode(&header, area);
	at = area + EROFS_XATTR_HEADER_SIZE;
}

static uint8_t *put_entry(uint8_t *to, uint8_t index, const char *name, const char *value)
{
	const struct erofs_xattr_entry entry = { .name_len = (uint8_t)strlen(name),
						 .name_index = index,
						 .value_size = (uint16_t)strlen(value) };

	erofs_xattr_entry_encode(&entry, to);
	memcpy(to + EROFS_XATTR_ENTRY_SIZE, name, entry.name_len);
	memcpy(to + EROFS_XATTR_ENTRY_SIZE + entry.name_len, value, entry.value_size);
	return to + erofs_xattr_entry_span(entry.name_len, entry.value_size);
}

/* Writes the inode with the size that its area has by now. */
static struct erofs_image *end(void)
{
	const struct erofs_inode inode = {
		.mode = S_IFREG | 0644, .size = 1, .u = 40, .xattr_icount = erofs_xattr_icount((uint32_t)(at - area))
	};

	raw_inode(&raw, &inode);
	return raw_open(&raw);
}

static void put_prefix(uint8_t base, const char *infix)
{
	raw.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES;
	raw.sb.feature_compat |= EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX;
	raw.sb.xattr_prefix_count = 1;
	raw.sb.xattr_prefix_start = 1200 / 4;
	erofs_xattr_prefix_encode(raw.bytes + 1200, base, infix, strlen(infix));
}

static struct erofs_xattr_iter *iterate(const struct erofs_image *image)
{
	struct erofs_xattr_iter *iter;
	struct erofs_inode inode;

	assert_int_equal(erofs_image_inode(image, &inode, 0), 0);
	assert_int_equal(erofs_xattr_open(&iter, image, &inode), 0);
	return iter;
}

static void assert_xattr(const struct erofs_image *image, struct erofs_xattr_iter *iter, const char *name,
			 const char *value)
{
	struct erofs_xattr xattr;
	char buf[64] = "";

	assert_int_equal(erofs_xattr_next(iter, &xattr), 1);
	assert_string_equal(xattr.name, name);
	assert_int_equal(xattr.name_len, strlen(name));
	assert_int_equal(xattr.value_size, strlen(value));
	assert_int_equal(erofs_xattr_value(image, &xattr, buf), 0);
	assert_string_equal(buf, value);
}

static void finish(struct erofs_image *image, struct erofs_xattr_iter *iter, int expected)
{
	struct erofs_xattr xattr;

	assert_int_equal(erofs_xattr_next(iter, &xattr), expected);
	assert_int_equal(erofs_xattr_next(iter, &xattr), 0);
	erofs_xattr_close(iter);
	erofs_image_close(image);
}

static void shared_ones_come_before_inline_ones(void **state)
{
	struct erofs_xattr_iter *iter;
	struct erofs_image *image;

	(void)state;
	begin(1);
	put_entry(raw_block(&raw, 3) + 4 * SHARED_ID, EROFS_XATTR_INDEX_SECURITY, "selinux", "label");
	memcpy(at, erofs_put32(SHARED_ID).b, 4);
	at = put_entry(at + 4, EROFS_XATTR_INDEX_USER, "a", "one");
	/* Room kept free is not an attribute. */
	at = put_entry(at + 8, EROFS_XATTR_INDEX_POSIX_ACL_ACCESS, "", "");
	image = end();
	iter = iterate(image);
	assert_int_equal(erofs_xattr_name_filter(iter), 0x12345678);
	assert_xattr(image, iter, "security.selinux", "label");
	assert_xattr(image, iter, "user.a", "one");
	assert_xattr(image, iter, "system.posix_acl_access", "");
	finish(image, iter, 0);
}

static void long_prefixes_are_put_together(void **state)
{
	struct erofs_xattr_prefix prefix;
	struct erofs_xattr_iter *iter;
	struct erofs_image *image;

	(void)state;
	begin(0);
	put_prefix(EROFS_XATTR_INDEX_TRUSTED, "overlay.");
	at = put_entry(at, EROFS_XATTR_LONG_PREFIX, "opaque", "y");
	image = end();
	assert_int_equal(erofs_image_xattr_prefix(image, &prefix, 0), 0);
	assert_string_equal(prefix.infix, "overlay.");
	assert_int_equal(erofs_image_xattr_prefix(image, &prefix, 1), -ERANGE);
	iter = iterate(image);
	assert_xattr(image, iter, "trusted.overlay.opaque", "y");
	finish(image, iter, 0);
}

static void damage_is_found(void **state)
{
	struct erofs_image *image;
	struct erofs_inode inode;
	struct erofs_xattr_iter *iter;

	(void)state;
	/* A long prefix that the table does not have, and an unknown base prefix. */
	begin(0);
	at = put_entry(at, EROFS_XATTR_LONG_PREFIX | 3, "x", "y");
	image = end();
	finish(image, iterate(image), -EUCLEAN);
	begin(0);
	at = put_entry(at, 77, "x", "y");
	image = end();
	finish(image, iterate(image), -EUCLEAN);
	/* A value that runs out of the area. */
	begin(0);
	at = put_entry(at, EROFS_XATTR_INDEX_USER, "x", "0123456789") - 8;
	image = end();
	finish(image, iterate(image), -EUCLEAN);
	/* A shared id that points outside the image. */
	begin(1);
	memcpy(at, erofs_put32(UINT32_MAX).b, 4);
	at += 4;
	image = end();
	finish(image, iterate(image), -EUCLEAN);
	/* More shared ids than the area has room for. */
	begin(9);
	at += 8;
	image = end();
	assert_int_equal(erofs_image_inode(image, &inode, 0), 0);
	assert_int_equal(erofs_xattr_open(&iter, image, &inode), -EUCLEAN);
	erofs_image_close(image);
}

static void a_damaged_prefix_table_strikes_its_users(void **state)
{
	struct erofs_xattr_prefix prefix;
	struct erofs_image *image;

	(void)state;
	begin(0);
	put_prefix(99, "x");
	image = end();
	assert_int_equal(erofs_image_xattr_prefix(image, &prefix, 0), -EUCLEAN);
	erofs_image_close(image);
	begin(0);
	put_prefix(EROFS_XATTR_INDEX_USER, "x");
	raw.sb.xattr_prefix_start = UINT32_MAX;
	image = end();
	assert_int_equal(erofs_image_xattr_prefix(image, &prefix, 0), -EUCLEAN);
	erofs_image_close(image);
}

/* ---- fingerprints ------------------------------------------------------------------------------------------------------ */

static void fingerprint(struct erofs_fingerprint *out, int expected)
{
	struct erofs_image *image = end();
	struct erofs_inode inode;

	assert_int_equal(erofs_image_inode(image, &inode, 0), 0);
	assert_int_equal(erofs_image_fingerprint(image, out, &inode), expected);
	erofs_image_close(image);
}

static void begin_fingerprint(void)
{
	begin(0);
	put_prefix(EROFS_XATTR_INDEX_TRUSTED, "print");
	raw.sb.feature_compat |= EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
}

static void the_fingerprint_is_found_by_its_name(void **state)
{
	struct erofs_fingerprint value;
	struct erofs_image *image;
	char name[300];

	(void)state;
	begin_fingerprint();
	at = put_entry(at, EROFS_XATTR_INDEX_USER, "print", "no");
	at = put_entry(at, EROFS_XATTR_LONG_PREFIX, "er", "no");
	at = put_entry(at, EROFS_XATTR_LONG_PREFIX, "", "yes");
	fingerprint(&value, 0);
	assert_int_equal(value.count, 1);
	assert_int_equal(value.value_size, 3);
	assert_memory_equal(value.value, "yes", 3);
	/* The name spelled out is the same name. */
	at = put_entry(at, EROFS_XATTR_INDEX_TRUSTED, "print", "also");
	fingerprint(&value, 0);
	assert_int_equal(value.count, 2);
	assert_memory_equal(value.value, "yes", 3);
	image = end();
	assert_int_equal(erofs_image_fingerprint_name(image, name, sizeof(name)), 0);
	assert_string_equal(name, "trusted.print");
	assert_int_equal(erofs_image_fingerprint_name(image, name, 13), -ERANGE);
	erofs_image_close(image);
}

static void images_without_fingerprints_say_so(void **state)
{
	struct erofs_fingerprint value;

	(void)state;
	begin_fingerprint();
	at = put_entry(at, EROFS_XATTR_INDEX_USER, "print", "no");
	fingerprint(&value, 0);
	assert_int_equal(value.count, 0);
	raw.sb.ishare_xattr_prefix_id = 1;
	fingerprint(&value, -EUCLEAN);
	raw.sb.feature_compat &= ~EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
	fingerprint(&value, -ENODATA);
}

static void a_value_longer_than_a_block_is_damage(void **state)
{
	struct erofs_fingerprint value;
	char longest[RAW_BLOCK + 2];

	(void)state;
	memset(longest, 'v', sizeof(longest));
	longest[RAW_BLOCK] = 0;
	begin_fingerprint();
	at = put_entry(at, EROFS_XATTR_LONG_PREFIX, "", longest);
	fingerprint(&value, 0);
	longest[RAW_BLOCK] = 'v';
	longest[RAW_BLOCK + 1] = 0;
	begin_fingerprint();
	at = put_entry(at, EROFS_XATTR_LONG_PREFIX, "", longest);
	fingerprint(&value, -EUCLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_ones_come_before_inline_ones),
		cmocka_unit_test(long_prefixes_are_put_together),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(a_damaged_prefix_table_strikes_its_users),
		cmocka_unit_test(the_fingerprint_is_found_by_its_name),
		cmocka_unit_test(images_without_fingerprints_say_so),
		cmocka_unit_test(a_value_longer_than_a_block_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
