/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/check.h>
#include <erofs/image.h>
#include <erofs/walk.h>

#include "tests/unit/misuse.h"
#include "tests/unit/raw_image.h"

/* <erofs/image.h>, walk.h, check.h, fingerprint.h and superblock.h in hands that get them wrong. */

static struct messages messages;
static struct raw_image raw;
static struct erofs_image *image;
static struct erofs_inode root;

static int set_up(void **state)
{
	const struct erofs_inode inode = { .mode = S_IFDIR | 0755, .nlink = 2 };

	(void)state;
	raw_init(&raw);
	raw_inode(&raw, &inode);
	image = raw_open(&raw);
	return erofs_image_inode(image, &root, 0);
}

static int tear_down(void **state)
{
	(void)state;
	erofs_image_close(image);
	erofs_image_close(NULL);
	return 0;
}

static void opening_wants_a_name_and_a_place(void **state)
{
	static const char *const devices[] = { NULL };
	struct erofs_image_options options = erofs_image_options_init();
	struct erofs_image *opened;

	(void)state;
	assert_refused(&messages, erofs_image_open(NULL, "/dev/null", NULL, &messages.diag), -EINVAL, "no result");
	assert_refused(&messages, erofs_image_open(&opened, NULL, NULL, &messages.diag), -EINVAL, "no path");
	assert_refused(&messages, erofs_image_open_memory(&opened, NULL, 1, NULL, &messages.diag), -EINVAL, "no data");
	options.device_count = 1;
	assert_refused(&messages, erofs_image_open(&opened, "/dev/null", &options, &messages.diag), -EINVAL,
		       "device 0");
	options.devices = devices;
	assert_refused(&messages, erofs_image_open(&opened, "/dev/null", &options, &messages.diag), -EINVAL,
		       "device 0");
	options.size = 0;
	assert_refused(&messages, erofs_image_open(&opened, "/dev/null", &options, &messages.diag), -EINVAL, "not set");
}

static void readers_without_an_image(void **state)
{
	union {
		struct erofs_device_slot slot;
		struct erofs_inode inode;
		struct erofs_extent extent;
		struct erofs_compression_info info;
		struct erofs_xattr_prefix prefix;
		struct erofs_fingerprint fingerprint;
		char bytes[300];
	} out;
	uint64_t nid;
	int fd;

	(void)state;
	assert_null(erofs_image_superblock(NULL));
	assert_false(erofs_image_checksum_ok(NULL));
	assert_int_equal(erofs_image_device_size(NULL), 0);
	assert_true(erofs_image_inode_offset(NULL, 0) == UINT64_MAX);
	assert_int_equal(erofs_image_device_slot(NULL, &out.slot, 0), -EINVAL);
	assert_int_equal(erofs_image_inode(NULL, &out.inode, 0), -EINVAL);
	assert_int_equal(erofs_image_lookup(NULL, &out.inode, "/"), -EINVAL);
	assert_int_equal(erofs_image_lookup_at(NULL, &nid, &root, "a", 1), -EINVAL);
	assert_int_equal(erofs_image_map(NULL, &out.extent, &root, 0), -EINVAL);
	assert_int_equal(erofs_image_map_some(NULL, &out.extent, &root, 0, 1), -EINVAL);
	assert_int_equal(erofs_image_read_extent(NULL, &out.extent, out.bytes, 1), -EINVAL);
	assert_int_equal(erofs_image_device_file(NULL, 0, &fd, &nid), -EINVAL);
	assert_int_equal(erofs_image_packed_inode(NULL, &out.inode), -EINVAL);
	assert_int_equal(erofs_image_compression(NULL, &out.info, NULL), -EINVAL);
	assert_int_equal(erofs_image_read(NULL, &root, out.bytes, 1, 0), -EINVAL);
	assert_int_equal(erofs_image_xattr_prefix(NULL, &out.prefix, 0), -EINVAL);
	assert_int_equal(erofs_image_fingerprint_name(NULL, out.bytes, sizeof(out.bytes)), -EINVAL);
	assert_int_equal(erofs_image_fingerprint(NULL, &out.fingerprint, &root), -EINVAL);
}

static void readers_without_a_place(void **state)
{
	struct erofs_extent extent = { .kind = EROFS_EXTENT_HOLE, .length = 1 };
	uint64_t start;
	char byte;
	int fd;

	(void)state;
	assert_int_equal(erofs_image_device_slot(image, NULL, 0), -EINVAL);
	assert_int_equal(erofs_image_inode(image, NULL, 0), -EINVAL);
	assert_int_equal(erofs_image_lookup(image, NULL, "/"), -EINVAL);
	assert_int_equal(erofs_image_lookup(image, &root, NULL), -EINVAL);
	assert_int_equal(erofs_image_lookup_at(image, NULL, &root, "a", 1), -EINVAL);
	assert_int_equal(erofs_image_map(image, NULL, &root, 0), -EINVAL);
	assert_int_equal(erofs_image_map_some(image, NULL, &root, 0, 1), -EINVAL);
	assert_int_equal(erofs_image_map_some(image, &extent, &root, 0, 0), -EINVAL);
	assert_int_equal(erofs_image_read_extent(image, NULL, &byte, 1), -EINVAL);
	assert_int_equal(erofs_image_read_extent(image, &extent, NULL, 1), -EINVAL);
	assert_int_equal(erofs_image_read_extent(image, &extent, &byte, 2), -EINVAL);
	assert_int_equal(erofs_image_device_file(image, 0, NULL, &start), -EINVAL);
	assert_int_equal(erofs_image_device_file(image, 0, &fd, NULL), -EINVAL);
	assert_int_equal(erofs_image_device_file(image, 1, &fd, &start), -ERANGE);
	/* In memory there is no file. */
	assert_int_equal(erofs_image_device_file(image, 0, &fd, &start), -ENXIO);
	assert_int_equal(erofs_image_packed_inode(image, NULL), -EINVAL);
	assert_int_equal(erofs_image_compression(image, NULL, NULL), -EINVAL);
	assert_int_equal(erofs_image_read(image, &root, NULL, 1, 0), -EINVAL);
	assert_int_equal(erofs_image_read(image, NULL, NULL, 0, 0), -EINVAL);
	assert_int_equal(erofs_image_xattr_prefix(image, NULL, 0), -EINVAL);
	assert_int_equal(erofs_image_fingerprint_name(image, NULL, 300), -EINVAL);
	assert_int_equal(erofs_image_fingerprint(image, NULL, &root), -EINVAL);
}

static void iterators_of_nothing(void **state)
{
	struct erofs_dirent entry;
	struct erofs_xattr xattr = { .value_size = 1 };
	struct erofs_xattr_iter *iter;
	struct erofs_dir *dir;

	(void)state;
	assert_int_equal(erofs_dir_open(NULL, image, &root), -EINVAL);
	assert_int_equal(erofs_dir_open(&dir, NULL, &root), -EINVAL);
	assert_int_equal(erofs_dir_open(&dir, image, NULL), -EINVAL);
	assert_int_equal(erofs_dir_next(NULL, &entry), -EINVAL);
	assert_int_equal(erofs_dir_seek(NULL, 0), -EINVAL);
	assert_int_equal(erofs_dir_position(NULL), 0);
	erofs_dir_close(NULL);
	assert_int_equal(erofs_xattr_open(NULL, image, &root), -EINVAL);
	assert_int_equal(erofs_xattr_open(&iter, NULL, &root), -EINVAL);
	assert_int_equal(erofs_xattr_open(&iter, image, NULL), -EINVAL);
	assert_int_equal(erofs_xattr_next(NULL, &xattr), -EINVAL);
	assert_int_equal(erofs_xattr_name_filter(NULL), 0);
	assert_int_equal(erofs_xattr_value(image, &xattr, NULL), -EINVAL);
	assert_int_equal(erofs_xattr_value(image, NULL, &entry), -EINVAL);
	erofs_xattr_close(NULL);
	assert_null(erofs_xattr_base_prefix(200));
}

static int visit(void *ctx, const struct erofs_walk_entry *entry)
{
	(void)ctx;
	(void)entry;
	return 0;
}

static void walks_want_callbacks(void **state)
{
	const struct erofs_walk_ops deaf = { .visit = visit };

	(void)state;
	assert_int_equal(erofs_walk(image, &root, "/", NULL, NULL), -EINVAL);
	assert_int_equal(erofs_walk(image, &root, "/", &deaf, NULL), -EINVAL);
	assert_int_equal(erofs_walk(NULL, &root, "/", &deaf, NULL), -EINVAL);
}

static void checks_and_extractions(void **state)
{
	struct erofs_check_options check = erofs_check_options_init();
	struct erofs_extract_options extract = erofs_extract_options_init();
	struct erofs_check_summary summary;

	(void)state;
	assert_refused(&messages, erofs_check_image(NULL, &check, &summary, &messages.diag), -EINVAL, "no image");
	assert_refused(&messages, erofs_check_image(image, NULL, &summary, &messages.diag), -EINVAL, "missing");
	assert_refused(&messages, erofs_extract(NULL, "/there/is/none", &extract, &messages.diag), -EINVAL, "no image");
	assert_refused(&messages, erofs_extract(image, NULL, &extract, &messages.diag), -EINVAL, "no target");
	assert_refused(&messages, erofs_extract(image, "/there/is/none", NULL, &messages.diag), -EINVAL, "missing");
	check.size = extract.size = 3;
	assert_refused(&messages, erofs_check_image(image, &check, &summary, &messages.diag), -EINVAL, "not set");
	assert_refused(&messages, erofs_extract(image, "/there/is/none", &extract, &messages.diag), -EINVAL, "not set");
	check.size = sizeof(check);
	/* The summary is not everybody's business. */
	messages_init(&messages);
	assert_int_equal(erofs_check_image(image, &check, NULL, &messages.diag), 0);
}

static void digests_that_are_none(void **state)
{
	const enum erofs_digest wrong = (enum erofs_digest)7;
	uint8_t out[EROFS_FINGERPRINT_VALUE_MAX] = { 0 };
	const uint8_t *digest;

	(void)state;
	assert_int_equal(erofs_digest_size(wrong), 0);
	assert_string_equal(erofs_digest_name(wrong), "none");
	assert_int_equal(erofs_digest_by_name(NULL), EROFS_DIGEST_NONE);
	assert_int_equal(erofs_fingerprint_value_size(wrong), 0);
	assert_int_equal(erofs_fingerprint_compose(out, wrong, out), 0);
	assert_int_equal(erofs_fingerprint_compose(NULL, EROFS_DIGEST_SHA256, out), 0);
	assert_int_equal(erofs_fingerprint_parse(&digest, NULL, 39), EROFS_DIGEST_NONE);
	assert_int_equal(erofs_superblock_oldest_kernel(NULL).major, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening_wants_a_name_and_a_place),
		cmocka_unit_test(readers_without_an_image),
		cmocka_unit_test(readers_without_a_place),
		cmocka_unit_test(iterators_of_nothing),
		cmocka_unit_test(walks_want_callbacks),
		cmocka_unit_test(checks_and_extractions),
		cmocka_unit_test(digests_that_are_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
