/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/format/format_xattr.h"
#include "lib/format/le.h"
#include "lib/reader/reader.h"
#include "tests/unit/small_image.h"
#include "tests/unit/unit.h"

/*
 * The small image with /d/c and the shared xattr in a metabox: block 7, the data of the inode NID_FREE.
 */
#define METABOX	    7u
#define METABOX_AT  (METABOX * SMALL_BLOCK)
#define NID_METABOX ((uint64_t)NID_FREE)
#define C_AT	    256u /* in the metabox */
#define BIT	    (UINT64_C(1) << 63)
#define NID_C_IN    (BIT | C_AT / 32)

static struct small_image image;

static void set_metabox_nid(uint64_t nid)
{
	image.sb.metabox_nid = nid;
}

static void name_c(uint64_t nid)
{
	const struct small_entry d[] = { { ".", NID_D, EROFS_FT_DIR },
					 { "..", NID_ROOT, EROFS_FT_DIR },
					 { "c", nid, EROFS_FT_REG } };
	uint8_t block[SMALL_BLOCK];

	memcpy(small_behind(&image, NID_D), block, small_directory(block, d, 3));
}

static int build(void **state)
{
	const struct erofs_inode metabox = { .nid = NID_METABOX,
					     .extended = true,
					     .mode = S_IFREG,
					     .nlink = 1,
					     .ino = 100,
					     .size = SMALL_BLOCK,
					     .u = METABOX };

	(void)state;
	small_build(&image);
	image.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_METABOX;
	image.sb.feature_compat |= EROFS_FEATURE_COMPAT_SHARED_EA_IN_METABOX;
	image.sb.sb_extslots = 1;
	image.sb.xattr_blkaddr = 0;
	set_metabox_nid(NID_METABOX);
	small_put(&image, &metabox);
	memcpy(image.bytes + METABOX_AT, image.bytes + SMALL_SHARED, C_AT);
	memset(image.bytes + SMALL_SHARED, 0, C_AT);
	memcpy(image.bytes + METABOX_AT + C_AT, small_inode(&image, NID_C), 32 * SMALL_STEP);
	memset(small_inode(&image, NID_C), 0, 32 * SMALL_STEP);
	name_c(NID_C_IN);
	return 0;
}

static void a_sound_metabox_is_clean(void **state)
{
	(void)state;
	small_expect(&image, "");
}

static void inodes_and_tails_in_it_are_read(void **state)
{
	struct erofs_image *open = small_open(&image, NULL);
	struct erofs_inode inode, metabox;
	struct erofs_extent extent;
	uint8_t content[SMALL_SIZE_C];

	(void)state;
	assert_int_equal(erofs_image_metabox_inode(open, &metabox), 0);
	assert_int_equal(metabox.size, SMALL_BLOCK);
	assert_int_equal(erofs_image_inode(open, &inode, NID_C_IN), 0);
	assert_int_equal(inode.size, SMALL_SIZE_C);
	assert_int_equal(erofs_image_inode_offset(open, NID_C_IN), BIT | C_AT);
	assert_int_equal(erofs_image_read(open, &inode, content, sizeof(content), 0), SMALL_SIZE_C);
	assert_memory_equal(content, image.bytes + SMALL_DATA_A, SMALL_SIZE_C);
	assert_int_equal(erofs_image_map(open, &extent, &inode, 0), 1);
	assert_int_equal(extent.kind, EROFS_EXTENT_INLINE);
	assert_true(extent.device == EROFS_DEVICE_METABOX);
	assert_int_equal(extent.physical,
			 C_AT + erofs_inode_body_size(&inode) + erofs_xattr_area_size(inode.xattr_icount));
	erofs_image_close(open);
}

static void shared_xattrs_in_it_are_read(void **state)
{
	struct erofs_image *open = small_open(&image, NULL);
	struct erofs_xattr_iter *iter;
	struct erofs_xattr xattr;
	struct erofs_inode inode;

	(void)state;
	assert_int_equal(erofs_image_inode(open, &inode, NID_A), 0);
	assert_int_equal(erofs_xattr_open(&iter, open, &inode), 0);
	assert_int_equal(erofs_xattr_next(iter, &xattr), 1);
	assert_true(xattr.shared);
	assert_string_equal(xattr.name, "user.tag");
	erofs_xattr_close(iter);
	erofs_image_close(open);
}

/* The metabox has a single block here. */
static void shared_xattrs_begin_in_it(void **state)
{
	const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	image.sb.xattr_blkaddr = 2;
	small_check(&report, &image, &options);
	assert_non_null(
		strstr(report.text, "superblock: the shared xattr zone begins at block 2, outside the metabox\n"));
}

static void without_one_there_is_none(void **state)
{
	struct erofs_image *open;
	struct erofs_inode inode;

	(void)state;
	small_build(&image);
	open = small_open(&image, NULL);
	assert_int_equal(erofs_image_metabox_inode(open, &inode), -ENODATA);
	assert_int_equal(erofs_image_inode(open, &inode, NID_C_IN), -EUCLEAN);
	erofs_image_close(open);
}

/* What lies in a metabox that does not count cannot be read; nothing is looked for elsewhere instead. */
static void expect_lost(const char *first)
{
	struct small_report report;
	static const struct erofs_check_options options = { .size = sizeof(options) };

	small_check(&report, &image, &options);
	assert_int_equal(report.ret, 0);
	assert_non_null(strstr(report.text, first));
	assert_non_null(strstr(report.text, "/d/c: nid "));
}

static void one_that_lies_in_itself_is_none(void **state)
{
	(void)state;
	set_metabox_nid(NID_C_IN);
	expect_lost("metabox inode: it lies in the metabox\n");
}

static void one_that_is_no_file_is_none(void **state)
{
	(void)state;
	set_metabox_nid(NID_F);
	expect_lost("metabox inode: it is not a regular file\n");
}

static void the_root_is_none(void **state)
{
	(void)state;
	set_metabox_nid(NID_ROOT);
	expect_lost("metabox inode: it is the root, or has another such task\n");
}

static void one_outside_is_none(void **state)
{
	(void)state;
	set_metabox_nid(UINT64_C(1) << 40);
	expect_lost("metabox inode: nid 1099511627776 is not a valid inode\n");
}

static void inodes_behind_its_end_are_found(void **state)
{
	struct erofs_inode metabox = small_get(&image, NID_METABOX);

	(void)state;
	/* The inode itself is inside, but not its attributes. */
	metabox.size = C_AT + 64;
	small_put(&image, &metabox);
	expect_lost("/d/c: nid 9223372036854775816 is not a valid inode\n");
	name_c(BIT | (BIT - 1));
	expect_lost("/d/c: nid 18446744073709551615 is not a valid inode\n");
}

static void overlaps_in_it_are_found(void **state)
{
	static const struct small_entry root[] = {
		{ ".", NID_ROOT, EROFS_FT_DIR }, { "..", NID_ROOT, EROFS_FT_DIR },
		{ "a", NID_A, EROFS_FT_REG },	 { "b", NID_A, EROFS_FT_REG },
		{ "d", NID_D, EROFS_FT_DIR },	 { "e", NID_C_IN + 2, EROFS_FT_REG },
		{ "f", NID_F, EROFS_FT_FIFO },	 { "l", NID_L, EROFS_FT_SYMLINK },
		{ "s", NID_S, EROFS_FT_REG },	 { NULL, 0, 0 },
	};
	struct erofs_inode e = small_get(&image, NID_E);
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	memcpy(image.bytes + METABOX_AT + C_AT + 64, small_inode(&image, NID_E), erofs_inode_body_size(&e));
	small_root(&image, root);
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text,
			       "metadata: the inode of /e overlaps the inode of /d/c at byte 320 of the metabox\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_sound_metabox_is_clean, build),
		cmocka_unit_test_setup(shared_xattrs_begin_in_it, build),
		cmocka_unit_test_setup(inodes_and_tails_in_it_are_read, build),
		cmocka_unit_test_setup(shared_xattrs_in_it_are_read, build),
		cmocka_unit_test_setup(without_one_there_is_none, build),
		cmocka_unit_test_setup(one_that_lies_in_itself_is_none, build),
		cmocka_unit_test_setup(one_that_is_no_file_is_none, build),
		cmocka_unit_test_setup(the_root_is_none, build),
		cmocka_unit_test_setup(one_outside_is_none, build),
		cmocka_unit_test_setup(inodes_behind_its_end_are_found, build),
		cmocka_unit_test_setup(overlaps_in_it_are_found, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
