/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/check.h>

#include <errno.h>
#include <string.h>

#include "lib/check/check_state.h"
#include "lib/format/format_xattr.h"
#include "tests/unit/small_image.h"
#include "tests/unit/unit.h"

static struct small_image image;

static int build(void **state)
{
	(void)state;
	small_build(&image);
	return 0;
}

static void a_sound_image_is_clean(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options), .verify_fingerprints = true };
	struct small_report report;

	(void)state;
	small_check(&report, &image, &options);
	assert_string_equal(report.text, "");
	assert_int_equal(report.ret, 0);
	assert_int_equal(report.summary.findings, 0);
	assert_int_equal(report.summary.inodes, 8);
	assert_int_equal(report.summary.directories, 2);
	assert_int_equal(report.summary.regular_files, 4);
	assert_int_equal(report.summary.data_bytes, SMALL_SIZE_A + SMALL_SIZE_C + 3 * SMALL_BLOCK);
	assert_int_equal(report.summary.hashed_files, 3);
	assert_int_equal(report.summary.hashed_bytes, SMALL_SIZE_A + SMALL_SIZE_C + 3 * SMALL_BLOCK);
}

static void reserved_bytes_are_found(void **state)
{
	(void)state;
	image.bytes[1024 + 0x6a] = 0xEE;
	small_expect(&image, "superblock: reserved byte 0x6a is 0xee, not zero\n");
}

static void a_wrong_checksum_is_found(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	image.spoil_checksum = true;
	small_check(&report, &image, &options);
	assert_int_equal(report.summary.findings, 1);
	assert_non_null(strstr(report.text, "superblock: wrong checksum 0x"));
}

static void more_blocks_than_the_device_are_found(void **state)
{
	(void)state;
	image.sb.blocks = SMALL_BLOCKS + 1;
	small_expect(&image, "superblock: 9 blocks are more than the device's 32768 bytes hold\n");
}

static void data_behind_the_last_block_are_found(void **state)
{
	(void)state;
	image.sb.blocks = SMALL_DATA_S / SMALL_BLOCK;
	small_expect(&image, "/s: data beyond the end of the image\n");
}

static void a_shared_zone_outside_is_found(void **state)
{
	struct small_report report;
	static const struct erofs_check_options options = { .size = sizeof(options) };

	(void)state;
	image.sb.xattr_blkaddr = SMALL_BLOCKS + 1;
	small_check(&report, &image, &options);
	assert_non_null(
		strstr(report.text, "superblock: the shared xattr zone begins at block 9, outside the image\n"));
}

static void an_inode_zone_outside_is_found(void **state)
{
	(void)state;
	image.sb.meta_blkaddr = SMALL_BLOCKS;
	small_expect(&image, "superblock: the inode zone begins at block 8, outside the image\n"
			     "/: nid 0 is not a valid inode\n"
			     "superblock: 8 inodes, but 1 were found\n");
}

static void too_many_nanoseconds_are_found(void **state)
{
	(void)state;
	image.sb.fixed_nsec = 1000000000;
	/* e is compact and takes its time from there. */
	small_expect(&image, "superblock: 1000000000 nanoseconds are more than a second\n"
			     "/e: 1000000000 nanoseconds are more than a second\n");
}

static void a_wrong_number_of_inodes_is_found(void **state)
{
	(void)state;
	image.sb.inos = 7;
	small_expect(&image, "superblock: 7 inodes, but 8 were found\n");
	image.sb.inos = 9;
	small_expect(&image, "superblock: 9 inodes, but 8 were found\n");
}

static void a_missing_fingerprint_bit_is_found_when_they_are_wanted(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	image.sb.feature_compat &= ~EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
	small_expect(&image, "superblock: no ISHARE_XATTRS bit: the image carries no fingerprints\n");
	small_check(&report, &image, &options);
	assert_string_equal(report.text, "");
}

static void a_fingerprint_prefix_out_of_range_is_found(void **state)
{
	(void)state;
	image.sb.ishare_xattr_prefix_id = 1;
	small_expect(&image, "superblock: the fingerprint's prefix 1 is not one of 1\n");
}

static void fingerprints_need_the_prefix_feature(void **state)
{
	(void)state;
	image.sb.feature_incompat &= ~EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES;
	small_expect(&image, "superblock: ISHARE_XATTRS without XATTR_PREFIXES\n");
}

static void a_broken_prefix_table_is_found(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	memset(image.bytes + SMALL_PREFIX, 0, 2);
	small_check(&report, &image, &options);
	assert_int_equal(strncmp(report.text, "superblock: record 0 of the xattr prefix table is broken\n", 57), 0);
}

static void a_prefix_table_in_other_metadata_is_found(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	image.sb.xattr_prefix_start = (1024 + 0x30) / 4;
	/* A record {3, base 4, "xx"} as uuid of the superblock. */
	memcpy(image.sb.uuid, "\003\000\004xx", 5);
	image.sb.feature_compat &= ~EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text, "metadata: the xattr prefix table overlaps the superblock at byte 1072\n"));
}

static void a_prefix_table_outside_is_found(void **state)
{
	(void)state;
	image.sb.xattr_prefix_start = (SMALL_DATA_S + SMALL_BLOCK) / 4;
	image.sb.blocks = SMALL_DATA_S / SMALL_BLOCK + 1;
	memcpy(image.bytes + SMALL_DATA_S + SMALL_BLOCK, image.bytes + SMALL_PREFIX, 20);
	small_expect(&image, "superblock: the xattr prefix table lies outside the image\n");
}

/* Together they would fill more than the image's one block. */
static void tables_larger_than_the_image_are_found(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	image.sb.blocks = 1;
	image.sb.sb_extslots = 128;
	image.sb.xattr_prefix_count = 128;
	for (size_t i = 0; i < 128; i++)
		memcpy(image.bytes + SMALL_PREFIX + 16 * i, "\016\000\004abcdefghijklm", 16);
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text, "superblock: its tables overlap\n"));
}

static void the_packed_inode_is_apart(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct small_report report;

	(void)state;
	image.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_FRAGMENTS;
	image.sb.packed_nid = NID_C;
	small_check(&report, &image, &options);
	assert_string_equal(report.text, "/d/c: points to the packed or the metabox inode\n");
	image.sb.packed_nid = NID_F;
	small_check(&report, &image, &options);
	assert_string_equal(report.text, "packed inode: it is not a regular file\n/f: points to the packed or the metabox inode\n");
	image.sb.packed_nid = NID_ROOT + 1;
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text, "packed inode: nid 1 is not a valid inode\n"));
	/* Nid 0 means that there is none. */
	image.sb.root_nid = image.sb.packed_nid = NID_D;
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text, "packed inode: it is the root, or has another such task\n"));
}

static void inodes_that_cannot_be_read_yet_are_no_clean_result(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	struct erofs_inode inode = small_get(&image, NID_A);
	struct small_report report;
	uint8_t *header;

	(void)state;
	/* Two heads, encoded with an algorithm that does not exist. */
	inode.layout = EROFS_LAYOUT_COMPRESSED_FULL;
	inode.u = 1;
	small_put(&image, &inode);
	header = small_behind(&image, NID_A) + (erofs_xattr_area_size(inode.xattr_icount) + 7) / 8 * 8;
	memset(header, 0, 32);
	header[6] = 9;
	header[16] = header[24] = 1;
	image.sb.available_compr_algs = UINT16_MAX;
	small_check(&report, &image, &options);
	assert_int_equal(report.ret, -EOPNOTSUPP);
	assert_string_equal(report.text, "/a: stored in a form that cannot be checked; "
					 "1 such inodes in the image\n");
}

static void listing_findings_ends_but_counting_does_not(void **state)
{
	struct erofs_check_summary summary = { 0 };
	struct small_report report;
	struct erofs_check check = { .summary = &summary };
	struct erofs_diag diag = { .message = small_message, .ctx = &report };

	(void)state;
	for (int i = 0; i < 10000; i++)
		erofs_check_finding_of(&check, "x", "y");
	check.diag = &diag;
	report.text[0] = 0;
	erofs_check_finding_of(&check, "x", "y");
	erofs_check_finding_of(&check, "x", "y");
	assert_string_equal(report.text, "more than 10000 findings: the rest are counted, not listed\n");
	assert_int_equal(summary.findings, 10002);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_sound_image_is_clean, build),
		cmocka_unit_test_setup(reserved_bytes_are_found, build),
		cmocka_unit_test_setup(a_wrong_checksum_is_found, build),
		cmocka_unit_test_setup(more_blocks_than_the_device_are_found, build),
		cmocka_unit_test_setup(data_behind_the_last_block_are_found, build),
		cmocka_unit_test_setup(a_shared_zone_outside_is_found, build),
		cmocka_unit_test_setup(an_inode_zone_outside_is_found, build),
		cmocka_unit_test_setup(too_many_nanoseconds_are_found, build),
		cmocka_unit_test_setup(a_wrong_number_of_inodes_is_found, build),
		cmocka_unit_test_setup(a_missing_fingerprint_bit_is_found_when_they_are_wanted, build),
		cmocka_unit_test_setup(a_fingerprint_prefix_out_of_range_is_found, build),
		cmocka_unit_test_setup(fingerprints_need_the_prefix_feature, build),
		cmocka_unit_test_setup(a_broken_prefix_table_is_found, build),
		cmocka_unit_test_setup(a_prefix_table_in_other_metadata_is_found, build),
		cmocka_unit_test_setup(a_prefix_table_outside_is_found, build),
		cmocka_unit_test_setup(tables_larger_than_the_image_are_found, build),
		cmocka_unit_test_setup(the_packed_inode_is_apart, build),
		cmocka_unit_test_setup(inodes_that_cannot_be_read_yet_are_no_clean_result, build),
		cmocka_unit_test_setup(listing_findings_ends_but_counting_does_not, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
