/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/check.h>

#include <string.h>

#include "lib/format/format_xattr.h"
#include "tests/unit/small_image.h"
#include "tests/unit/unit.h"

static struct small_image image;
static struct erofs_inode inode;

static int build(void **state)
{
	(void)state;
	small_build(&image);
	return 0;
}

/* ---- inodes ------------------------------------------------------------------------------------------------------------ */

static void reserved_bytes_are_found(void **state)
{
	(void)state;
	small_inode(&image, NID_A)[50] = 1;
	small_expect(&image, "/a: reserved byte 50 of the inode is 0x01, not zero\n");
	small_build(&image);
	small_inode(&image, NID_E)[28] = 1;
	small_expect(&image, "/e: reserved byte 28 of the inode is 0x01, not zero\n");
	small_build(&image);
	small_inode(&image, NID_S)[18] = 1; /* behind the chunk format */
	small_expect(&image, "/s: reserved bytes behind the chunk format are not zero\n");
}

static void too_many_nanoseconds_are_found(void **state)
{
	(void)state;
	inode = small_get(&image, NID_A);
	inode.mtime_nsec = 1000000000;
	small_put(&image, &inode);
	small_expect(&image, "/a: 1000000000 nanoseconds are more than a second\n");
}

static void special_files_with_a_size_are_found(void **state)
{
	(void)state;
	inode = small_get(&image, NID_F);
	inode.size = 1;
	small_put(&image, &inode);
	small_expect(&image, "/f: a special file of 1 bytes\n");
	inode.size = 0;
	inode.u = 0x103;
	small_put(&image, &inode);
	small_expect(&image, "/f: a device number 0x103 on a FIFO or socket\n");
}

/* composefs leaves the bit out, and Linux reads them. */
static void chunks_need_no_feature(void **state)
{
	(void)state;
	image.sb.feature_incompat &= ~EROFS_FEATURE_INCOMPAT_CHUNKED_FILE;
	small_expect(&image, "");
}

static void symlink_targets_are_checked(void **state)
{
	(void)state;
	inode = small_get(&image, NID_L);
	inode.size = 0;
	small_put(&image, &inode);
	small_expect(&image, "/l: a symlink target of 0 bytes\n");
	inode.size = 7; /* a NUL behind the name */
	small_put(&image, &inode);
	small_expect(&image, "/l: the symlink target contains NUL\n");
	inode.size = 10;
	inode.layout = EROFS_LAYOUT_FLAT_PLAIN;
	inode.u = SMALL_BLOCKS;
	small_put(&image, &inode);
	small_expect(&image, "/l: the symlink target lies outside the image\n");
}

static void link_counts_are_compared_with_the_names(void **state)
{
	(void)state;
	inode = small_get(&image, NID_A);
	inode.nlink = 3;
	small_put(&image, &inode);
	small_expect(&image, "/a: link count 3, but 2 references were found\n");
	small_build(&image);
	inode = small_get(&image, NID_ROOT);
	inode.nlink = 2;
	small_put(&image, &inode);
	small_expect(&image, "/: link count 2, but 3 references were found\n");
}

static void inodes_behind_the_end_are_found(void **state)
{
	(void)state;
	image.sb.blocks = SMALL_DATA_A / SMALL_BLOCK;
	image.sb.meta_blkaddr = 0;
	image.sb.root_nid = 0xfff0;
	small_expect(&image, "/: nid 65520 is not a valid inode\nsuperblock: 8 inodes, but 1 were found\n");
	/* On the device, but not in the image. */
	small_build(&image);
	image.sb.blocks = 2;
	small_expect(&image, "superblock: the inode zone begins at block 2, outside the image\n"
			     "/: the inode at byte 8192 goes beyond the end of the image\n"
			     "superblock: 8 inodes, but 1 were found\n");
}

/* Linux mounts such images; only readdir(3) is at odds with them. */
static void number_zero_is_no_defect(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options), .verify_fingerprints = true };
	struct small_report report = { 0 };
	const struct erofs_diag diag = { small_message, &report, EROFS_SEV_WARNING };
	struct erofs_image *open = small_open(&image, &diag);

	(void)state;
	assert_int_equal(image.sb.root_nid, 0);
	assert_int_equal(erofs_check_image(open, &options, &report.summary, &diag), 0);
	assert_string_equal(report.text, "/: inode number 0, whose directory entries readdir(3) leaves out\n");
	assert_int_equal(report.summary.findings, 0);
	erofs_image_close(open);
}

/* ---- extended attributes -------------------------------------------------------------------------------------------------- */

/* e has nothing behind its body, and room. */
static void put_on_e(const struct small_xattr *xattrs)
{
	small_xattrs(&image, NID_E, xattrs, false);
}

static void header_bytes_are_checked(void **state)
{
	(void)state;
	small_behind(&image, NID_A)[7] = 1;
	small_expect(&image, "/a: reserved byte 7 of the xattr header is 0x01, not zero\n");
}

static void an_area_of_a_header_alone_is_found(void **state)
{
	static const struct small_xattr none[] = { { 0 } };

	(void)state;
	put_on_e(none);
	small_expect(&image, "/e: an xattr area of a header alone, which Linux refuses\n");
}

static void wrong_name_filters_are_found(void **state)
{
	(void)state;
	memset(small_behind(&image, NID_A), 0, 4);
	small_expect(&image, "/a: the xattr name filter is 0x00000000, it should be 0xbffdffff\n");
	/* Where nobody uses them they do not matter. */
	image.sb.xattr_filter_reserved = 1;
	small_expect(&image, "");
	image.sb.xattr_filter_reserved = 0;
	image.sb.feature_compat &= ~EROFS_FEATURE_COMPAT_XATTR_FILTER;
	small_expect(&image, "");
}

static void shared_ids_out_of_range_are_found(void **state)
{
	(void)state;
	memset(small_behind(&image, NID_A) + EROFS_XATTR_HEADER_SIZE, 0x7f, 4);
	small_expect(&image, "/a: an xattr is broken: outside its area, a shared id or a prefix out of range\n"
			     "/a: the fingerprint cannot be read or is larger than a block\n");
}

static void shared_attributes_behind_the_last_block_are_found(void **state)
{
	(void)state;
	image.sb.blocks = SMALL_DATA_S / SMALL_BLOCK + 1;
	image.sb.xattr_blkaddr = SMALL_DATA_S / SMALL_BLOCK + 1;
	memcpy(image.bytes + SMALL_DATA_S + SMALL_BLOCK, image.bytes + SMALL_SHARED, SMALL_BLOCK);
	small_expect(&image, "/a: a shared xattr lies outside the image\n");
}

static void more_shared_ids_than_room_are_found(void **state)
{
	(void)state;
	small_behind(&image, NID_A)[4] = 200;
	small_expect(&image, "/a: more shared xattrs than its xattr area holds\n"
			     "/a: the fingerprint cannot be read or is larger than a block\n");
}

static void entries_outside_the_area_are_found(void **state)
{
	static const struct small_xattr one[] = { { EROFS_XATTR_INDEX_USER, "x", "v", 1 }, { 0 } };

	(void)state;
	put_on_e(one);
	small_expect(&image, "");
	small_behind(&image, NID_E)[EROFS_XATTR_HEADER_SIZE + 2] = 200;
	small_expect(&image, "/e: an xattr is broken: outside its area, a shared id or a prefix out of range\n"
			     "/e: the fingerprint cannot be read or is larger than a block\n");
}

static void duplicate_names_are_found(void **state)
{
	static const struct small_xattr twice[] = { { EROFS_XATTR_INDEX_USER, "x", "v", 1 },
						    { EROFS_XATTR_INDEX_USER, "y", "v", 1 },
						    { EROFS_XATTR_INDEX_USER, "x", "w", 1 },
						    { 0 } };

	(void)state;
	put_on_e(twice);
	small_expect(&image, "/e: xattr user.x is there more than once\n");
}

static void odd_names_are_found(void **state)
{
	static const struct small_xattr acl[] = { { EROFS_XATTR_INDEX_POSIX_ACL_ACCESS, "", "v", 1 }, { 0 } };
	static const struct small_xattr acl_more[] = { { EROFS_XATTR_INDEX_POSIX_ACL_ACCESS, "x", "v", 1 }, { 0 } };
	static const struct small_xattr empty[] = { { EROFS_XATTR_INDEX_USER, "", "v", 1 }, { 0 } };
	static const struct small_xattr nul[] = { { EROFS_XATTR_INDEX_USER, "ab", "v", 1 }, { 0 } };

	(void)state;
	put_on_e(acl);
	small_expect(&image, "");
	put_on_e(acl_more);
	small_expect(&image, "/e: the xattr name \"system.posix_acl_accessx\" names an ACL and has more behind it\n");
	put_on_e(empty);
	small_expect(&image, "/e: the xattr name \"user.\" has nothing behind its prefix\n");
	image.sb.feature_compat &= ~EROFS_FEATURE_COMPAT_XATTR_FILTER;
	put_on_e(nul);
	small_behind(&image, NID_E)[EROFS_XATTR_HEADER_SIZE + EROFS_XATTR_ENTRY_SIZE] = 0;
	small_expect(&image, "/e: the xattr name \"user.\\000b\" contains NUL\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reserved_bytes_are_found, build),
		cmocka_unit_test_setup(too_many_nanoseconds_are_found, build),
		cmocka_unit_test_setup(special_files_with_a_size_are_found, build),
		cmocka_unit_test_setup(chunks_need_no_feature, build),
		cmocka_unit_test_setup(symlink_targets_are_checked, build),
		cmocka_unit_test_setup(link_counts_are_compared_with_the_names, build),
		cmocka_unit_test_setup(inodes_behind_the_end_are_found, build),
		cmocka_unit_test_setup(number_zero_is_no_defect, build),
		cmocka_unit_test_setup(header_bytes_are_checked, build),
		cmocka_unit_test_setup(an_area_of_a_header_alone_is_found, build),
		cmocka_unit_test_setup(wrong_name_filters_are_found, build),
		cmocka_unit_test_setup(shared_ids_out_of_range_are_found, build),
		cmocka_unit_test_setup(shared_attributes_behind_the_last_block_are_found, build),
		cmocka_unit_test_setup(more_shared_ids_than_room_are_found, build),
		cmocka_unit_test_setup(entries_outside_the_area_are_found, build),
		cmocka_unit_test_setup(duplicate_names_are_found, build),
		cmocka_unit_test_setup(odd_names_are_found, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
