/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/check.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/check/check_claims.h"
#include "lib/reader/nodes.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_xattr.h"
#include "lib/format/format_zmap.h"
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

static uint8_t *map_of_s(void)
{
	return small_behind(&image, NID_S) + erofs_xattr_area_size(small_get(&image, NID_S).xattr_icount);
}

/* ---- places ---------------------------------------------------------------------------------------------------------------- */

static void data_in_metadata_are_found(void **state)
{
	(void)state;
	inode = small_get(&image, NID_A);
	inode.u = SMALL_ROOTDIR / SMALL_BLOCK;
	small_put(&image, &inode);
	inode = small_get(&image, NID_S);
	erofs_chunk_block_encode(SMALL_INODES / SMALL_BLOCK, map_of_s() + 4);
	image.sb.feature_compat &= ~EROFS_FEATURE_COMPAT_ISHARE_XATTRS;
	small_expect(&image, "superblock: no ISHARE_XATTRS bit: the image carries no fingerprints\n"
			     "/a: its data overlap the directory data of / at byte 12288\n"
			     "/s: its data overlap the inode of / at byte 8192\n");
}

static void data_outside_the_device_are_found(void **state)
{
	(void)state;
	erofs_chunk_block_encode(SMALL_BLOCKS, map_of_s() + 4);
	small_expect(&image, "/s: its data lie outside the image\n");
	small_build(&image);
	inode = small_get(&image, NID_A);
	inode.u = SMALL_BLOCKS - 1; /* and one more */
	small_put(&image, &inode);
	small_expect(&image, "/a: its data lie outside the image\n");
}

#define ABSENT_TABLE 3072u /* byte of the device table */
#define ABSENT_START 1000u /* first block of the device in the unified address space */

/* The data of /s lie on a device of one block that nobody gave. */
static void put_device(uint32_t block)
{
	const struct erofs_device_slot slot = { .blocks = 1, .uniaddr = ABSENT_START };

	small_build(&image);
	image.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_DEVICE_TABLE;
	image.sb.extra_devices = 1;
	image.sb.devt_slotoff = ABSENT_TABLE / EROFS_DEVICE_SLOT_SIZE;
	/* nydus counts the blocks of all devices. */
	image.sb.blocks += 1;
	erofs_device_slot_encode(&slot, image.bytes + ABSENT_TABLE);
	erofs_chunk_block_encode(block, map_of_s() + 4);
}

static void data_on_devices_not_given_are_not_checked(void **state)
{
	static const char message[] =
		"/s: not checked: its data lie on a device that was not given; 1 such files in the image\n";
	struct erofs_check_options options = erofs_check_options_init();
	static struct small_report report;

	(void)state;
	put_device(ABSENT_START);
	small_check(&report, &image, &options);
	assert_string_equal(report.text, ""); /* a warning is not listed here */
	assert_int_equal(report.ret, 0);
	assert_int_equal(report.summary.findings, 0);
	assert_int_equal(report.summary.absent_files, 1);
	/* Asked for, it is a failure, but no defect. All others are compared. */
	options.verify_fingerprints = true;
	small_check(&report, &image, &options);
	assert_string_equal(report.text, message);
	assert_int_equal(report.ret, -ENXIO);
	assert_int_equal(report.summary.findings, 0);
	assert_int_equal(report.summary.hashed_files, 2);
	options = erofs_check_options_init();
	options.read_data = true;
	small_check(&report, &image, &options);
	assert_int_equal(report.ret, -ENXIO);
	/* That the table contradicts the file can be told. */
	put_device(ABSENT_START + 1);
	options = erofs_check_options_init();
	small_check(&report, &image, &options);
	assert_string_equal(report.text, "/s: its data lie outside the image\n");
}

static void shared_data_are_fine(void **state)
{
	static const struct small_entry entries[] = {
		{ ".", NID_ROOT, EROFS_FT_DIR },
		{ "..", NID_ROOT, EROFS_FT_DIR },
		{ "a", NID_A, EROFS_FT_REG },
		{ "b", NID_A, EROFS_FT_REG },
		{ "d", NID_D, EROFS_FT_DIR },
		{ "e", NID_E, EROFS_FT_REG },
		{ "f", NID_F, EROFS_FT_FIFO },
		{ "l", NID_L, EROFS_FT_SYMLINK },
		{ "s", NID_S, EROFS_FT_REG },
		{ "x", NID_FREE, EROFS_FT_REG },
		{ NULL, 0, 0 },
	};

	(void)state;
	memcpy(small_inode(&image, NID_FREE), small_inode(&image, NID_A), 256);
	inode = small_get(&image, NID_FREE);
	inode.nlink = 1;
	small_put(&image, &inode);
	image.sb.inos++;
	small_root(&image, entries);
	small_expect(&image, "");
}

static void overlapping_inodes_are_found(void **state)
{
	static const struct small_entry d[] = { { ".", NID_D, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "c", NID_A + 3, EROFS_FT_REG } };

	(void)state;
	/* Inside of a's value: 96 bytes behind its start; zeros follow. */
	memset(small_inode(&image, NID_A + 3), 0, 128);
	memcpy(small_inode(&image, NID_A + 3), small_inode(&image, NID_E), 32);
	small_directory(small_behind(&image, NID_D), d, 3);
	small_expect(&image, "metadata: the inode of /d/c overlaps the inode of /a at byte 8544\n"
			     "/a: the content does not match its fingerprint\n");
}

static void directories_in_other_metadata_are_found(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	static struct small_report report;

	(void)state;
	inode = small_get(&image, NID_D);
	inode.layout = EROFS_LAYOUT_FLAT_PLAIN;
	inode.u = SMALL_ROOTDIR / SMALL_BLOCK;
	inode.size = small_get(&image, NID_ROOT).size;
	small_put(&image, &inode);
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text,
			       "metadata: the directory data of /d overlaps the directory data of / at byte 12288\n"));
}

static void directories_behind_the_last_block_are_found(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	static struct small_report report;

	(void)state;
	image.sb.blocks = SMALL_ROOTDIR / SMALL_BLOCK;
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text, "/: directory data beyond the end of the image\n"));
}

/* What cannot all have bytes of its own overlaps; nobody looks into what is found last. */
static void metadata_larger_than_the_image_are_found(void **state)
{
	static const struct erofs_check_options options = { .size = sizeof(options) };
	static struct small_report report;

	(void)state;
	inode = small_get(&image, NID_ROOT);
	inode.u = 0;
	inode.size = SMALL_BLOCKS * SMALL_BLOCK;
	small_put(&image, &inode);
	small_check(&report, &image, &options);
	assert_non_null(
		strstr(report.text, "/: the directory overlaps other metadata: they are larger than the image\n"));

	small_build(&image);
	for (uint64_t nid = NID_A; nid <= NID_D; nid += NID_D - NID_A) {
		inode = small_get(&image, nid);
		inode.xattr_icount = 5000;
		small_put(&image, &inode);
	}
	small_check(&report, &image, &options);
	assert_non_null(strstr(report.text, "/d: the inode overlaps other metadata: they are larger than the image\n"));

	small_build(&image);
	for (size_t i = 0; i < 2; i++) {
		static const uint8_t entry[] = { 1, 1, 16300 % 256, 16300 / 256, 'x' };

		memcpy(image.bytes + SMALL_SHARED + 64 + 8 * i, entry, sizeof(entry));
		image.bytes[SMALL_SHARED + 64 + 8 * i + 4] += (uint8_t)i;
		small_behind(&image, NID_E)[EROFS_XATTR_HEADER_SIZE + 4 * i] = (uint8_t)(16 + 2 * i);
	}
	small_behind(&image, NID_E)[4] = 2;
	inode = small_get(&image, NID_E);
	inode.xattr_icount = 3;
	small_put(&image, &inode);
	small_check(&report, &image, &options);
	assert_non_null(
		strstr(report.text, "/e: a shared xattr overlaps other metadata: they are larger than the image\n"));
}

/* ---- fingerprints ------------------------------------------------------------------------------------------------------------ */

#define LONG 0x80

static void wrong_content_is_found(void **state)
{
	(void)state;
	image.bytes[SMALL_DATA_A + SMALL_SIZE_A - 1] ^= 1;
	small_expect(&image, "/a: the content does not match its fingerprint\n");
	small_build(&image);
	image.bytes[SMALL_DATA_S] ^= 1;
	small_expect(&image, "/s: the content does not match its fingerprint\n");
}

static void missing_fingerprints_are_found(void **state)
{
	static const struct small_xattr other[] = { { 1, "x", "v", 1 }, { 0 } };

	(void)state;
	small_xattrs(&image, NID_A, other, false);
	small_expect(&image, "/a: no fingerprint\n");
}

static void malformed_fingerprints_are_found(void **state)
{
	static const struct small_xattr other[] = { { LONG, "", "sha256:tooshort", 15 }, { 0 } };

	(void)state;
	small_xattrs(&image, NID_A, other, false);
	small_expect(&image, "/a: the fingerprint is malformed\n");
}

static void duplicate_fingerprints_are_found_however_they_are_spelled(void **state)
{
	uint8_t value[SMALL_VALUE_SIZE];
	const struct small_xattr twice[] = { { LONG, "", value, sizeof(value) },
					     { 4, "erofs.fingerprint", value, sizeof(value) },
					     { 0 } };
	const struct small_xattr spelled[] = { { 4, "erofs.fingerprint", value, sizeof(value) }, { 0 } };

	(void)state;
	small_fingerprint(value, image.bytes + SMALL_DATA_A, SMALL_SIZE_A);
	small_xattrs(&image, NID_A, spelled, false);
	small_expect(&image, "");
	small_xattrs(&image, NID_A, twice, false);
	small_expect(&image, "/a: xattr trusted.erofs.fingerprint is there more than once\n"
			     "/a: 2 fingerprints on one file\n");
}

static void fingerprints_of_empty_files_are_found(void **state)
{
	uint8_t value[SMALL_VALUE_SIZE];
	const struct small_xattr one[] = { { LONG, "", value, sizeof(value) }, { 0 } };

	(void)state;
	small_fingerprint(value, "", 0);
	small_xattrs(&image, NID_E, one, false);
	small_expect(&image, "/e: a fingerprint on an empty file\n");
}

/* All that a chunk map of a few bytes can ask for would never end. */
static void endless_holes_are_not_hashed(void **state)
{
	(void)state;
	inode = small_get(&image, NID_S);
	inode.u = 31; /* chunks of 8 TiB */
	inode.size = UINT64_C(24) << 40;
	small_put(&image, &inode);
	erofs_chunk_block_encode(EROFS_NULL_BLOCK, map_of_s() + 4);
	small_expect(&image, "/s: not read: the files of the image are too large for it in all\n");
}

static void the_number_of_workers_does_not_show(void **state)
{
	static struct small_report serial, parallel;
	struct erofs_check_options options = { .size = sizeof(options), .verify_fingerprints = true };

	(void)state;
	image.bytes[SMALL_DATA_A] ^= 1;
	image.bytes[SMALL_DATA_S] ^= 1;
	small_behind(&image, NID_C)[EROFS_XATTR_HEADER_SIZE + 20] ^= 1;
	small_check(&serial, &image, &options);
	assert_int_equal(serial.summary.findings, 3);
	for (options.workers = 1; options.workers < 5; options.workers++) {
		small_check(&parallel, &image, &options);
		assert_string_equal(parallel.text, serial.text);
		assert_memory_equal(&parallel.summary, &serial.summary, sizeof(serial.summary));
	}
}

/* What is read of one file is not there for the next. The alarm ends a test that reads so much after all. */
static void the_files_of_an_image_share_what_is_read(void **state)
{
	const uint64_t budget = (UINT64_C(16) << 40) + UINT64_C(1024) * SMALL_BLOCKS * SMALL_BLOCK;
	struct erofs_check_options options = erofs_check_options_init();
	static struct small_report report;

	(void)state;
	inode = small_get(&image, NID_S);
	inode.layout = EROFS_LAYOUT_FLAT_PLAIN;
	inode.u = EROFS_NULL_BLOCK;
	inode.startblk_hi = UINT16_MAX;
	inode.size = budget - SMALL_SIZE_A + 1;
	small_put(&image, &inode);
	options.read_data = true;
	alarm(20);
	small_check(&report, &image, &options);
	alarm(0);
	assert_string_equal(report.text, "/s: not read: the files of the image are too large for it in all\n");
}

/* ---- holes of full indexes -------------------------------------------------------------------------------------------------- */

#define ZEROS (SMALL_BLOCKS - 1) /* a block that nobody uses */

/* /a becomes a file of three stored blocks: the second is a hole, for kernels that know the mark; what `block` holds for all others. */
static void mark_hole(uint32_t block, uint16_t advise)
{
	const struct erofs_zmap_header header = { .lclusterbits = 12, .advise = advise };
	struct erofs_lcluster entries[3] = {
		{ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = SMALL_DATA_A / SMALL_BLOCK },
		{ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = block, .hole = true },
		{ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = SMALL_DATA_A / SMALL_BLOCK + 1 },
	};
	uint8_t *index = small_behind(&image, NID_A);

	small_build(&image);
	inode = small_get(&image, NID_A);
	inode.layout = EROFS_LAYOUT_COMPRESSED_FULL;
	inode.xattr_icount = 0;
	inode.u = 2;
	inode.size = 3 * SMALL_BLOCK;
	small_put(&image, &inode);
	image.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_ZERO_PADDING;
	if (advise)
		image.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_BIG_PCLUSTER;
	image.sb.available_compr_algs = UINT16_MAX;
	erofs_zmap_header_encode(&header, 12, false, index);
	for (size_t i = 0; i < 3; i++)
		erofs_lcluster_full_encode(&entries[i], index + 16 + i * EROFS_LCLUSTER_FULL_SIZE);
	memset(image.bytes + (size_t)ZEROS * SMALL_BLOCK, 0, SMALL_BLOCK);
}

static void expect_of_a(const char *messages, bool read_data)
{
	struct erofs_check_options options = erofs_check_options_init();
	static struct small_report report;

	options.read_data = read_data;
	options.verify_fingerprints = false;
	options.path = "/a";
	small_check(&report, &image, &options);
	assert_string_equal(report.text, messages);
}

static void holes_are_zeros_for_all_kernels(void **state)
{
	(void)state;
	mark_hole(ZEROS, 0);
	expect_of_a("", true);
	image.bytes[ZEROS * SMALL_BLOCK + SMALL_BLOCK - 1] = 1;
	expect_of_a("/a: a hole at byte 4096 where kernels before 7.2 read other bytes than zeros\n", true);
	expect_of_a("", false);
	mark_hole(SMALL_ROOTDIR / SMALL_BLOCK, 0);
	expect_of_a("/a: its data overlap the directory data of / at byte 12288\n", false);
	mark_hole(SMALL_BLOCKS, 0);
	expect_of_a("/a: its data lie outside the image\n", false);
}

static void holes_that_spoil_data_are_found(void **state)
{
	static const uint16_t big = EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2;

	(void)state;
	mark_hole(ZEROS, big);
	expect_of_a("/a: a hole at byte 4096 that makes Linux 7.3 take what is in front of it for zeros, too\n", false);
}

/* ---- claims and nodes --------------------------------------------------------------------------------------------------------- */

static void count_overlap(void *ctx, const struct erofs_claim *earlier, const struct erofs_claim *later)
{
	int *count = ctx;

	(void)earlier;
	(void)later;
	++*count;
}

static void claims_have_a_budget(void **state)
{
	struct erofs_claims claims = { .budget = 100 };
	int overlaps = 0;

	(void)state;
	assert_int_equal(erofs_check_claims_add(&claims, 50, 40, EROFS_CLAIM_INODE, 1), 1);
	assert_int_equal(erofs_check_claims_add(&claims, 0, 30, EROFS_CLAIM_INODE, 2), 1);
	assert_int_equal(erofs_check_claims_add(&claims, 200, 0, EROFS_CLAIM_INODE, 3), 1);
	assert_int_equal(erofs_check_claims_add(&claims, 200, 31, EROFS_CLAIM_INODE, 3), 0);
	assert_int_equal(erofs_check_claims_charge(&claims, 1), 1);
	assert_int_equal(erofs_check_claims_add(&claims, 20, 29, EROFS_CLAIM_INODE, 4), 1);
	assert_int_equal(erofs_check_claims_charge(&claims, 1), 0);
	erofs_check_claims_settle(&claims, count_overlap, &overlaps);
	assert_int_equal(overlaps, 1);
	assert_int_equal(claims.count, 3);
	assert_int_equal(erofs_check_claims_find(&claims, 29, 30)->node, 2);
	assert_int_equal(erofs_check_claims_find(&claims, 30, 50)->node, 4);
	assert_null(erofs_check_claims_find(&claims, 49, 50));
	assert_int_equal(erofs_check_claims_find(&claims, 49, 51)->node, 1);
	assert_null(erofs_check_claims_find(&claims, 90, 1000));
	erofs_check_claims_release(&claims);
}

static void paths_are_escaped_and_cut(void **state)
{
	struct erofs_nodes nodes = { 0 };
	uint32_t number = EROFS_NODE_NONE;
	char *path;

	(void)state;
	assert_int_equal(erofs_reader_nodes_add(&nodes, &number, 7, EROFS_NODE_NONE, "", 0), 0);
	path = erofs_reader_nodes_path(&nodes, number, NULL, 0);
	assert_string_equal(path, "/");
	free(path);
	path = erofs_reader_nodes_path(&nodes, number, "a\nb", 3);
	assert_string_equal(path, "/a\\012b");
	free(path);
	for (uint64_t nid = 8; nid < 5000; nid++)
		assert_int_equal(erofs_reader_nodes_add(&nodes, &number, nid, number, "xyz", 3), 0);
	assert_int_equal(erofs_reader_nodes_find(&nodes, 4999), number);
	assert_int_equal(erofs_reader_nodes_find(&nodes, 5000), EROFS_NODE_NONE);
	path = erofs_reader_nodes_path(&nodes, number, NULL, 0);
	assert_int_equal(strncmp(path, ".../xyz/xyz/", 12), 0);
	assert_true(strlen(path) < 4100);
	free(path);
	erofs_reader_nodes_release(&nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(data_in_metadata_are_found, build),
		cmocka_unit_test_setup(data_outside_the_device_are_found, build),
		cmocka_unit_test_setup(data_on_devices_not_given_are_not_checked, build),
		cmocka_unit_test_setup(shared_data_are_fine, build),
		cmocka_unit_test_setup(overlapping_inodes_are_found, build),
		cmocka_unit_test_setup(directories_in_other_metadata_are_found, build),
		cmocka_unit_test_setup(directories_behind_the_last_block_are_found, build),
		cmocka_unit_test_setup(metadata_larger_than_the_image_are_found, build),
		cmocka_unit_test_setup(wrong_content_is_found, build),
		cmocka_unit_test_setup(missing_fingerprints_are_found, build),
		cmocka_unit_test_setup(malformed_fingerprints_are_found, build),
		cmocka_unit_test_setup(duplicate_fingerprints_are_found_however_they_are_spelled, build),
		cmocka_unit_test_setup(fingerprints_of_empty_files_are_found, build),
		cmocka_unit_test_setup(endless_holes_are_not_hashed, build),
		cmocka_unit_test_setup(the_number_of_workers_does_not_show, build),
		cmocka_unit_test_setup(the_files_of_an_image_share_what_is_read, build),
		cmocka_unit_test(holes_are_zeros_for_all_kernels),
		cmocka_unit_test(holes_that_spoil_data_are_found),
		cmocka_unit_test(claims_have_a_budget),
		cmocka_unit_test(paths_are_escaped_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
