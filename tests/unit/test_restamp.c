/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <erofs/build.h>
#include <erofs/compress.h>
#include <erofs/source.h>
#include <erofs/tree.h>

#include "lib/format/format_zmap.h"
#include "tests/unit/small_image.h"
#include "tests/unit/unit.h"

/* An image taken over whose file /a is laid out by hand. */

#define FIRST 4500u /* bytes of the first extent, an x each; the rest of the file is y */

/* The bytes `letter` as LZ4 in a block, at its end, with zeros in front. */
static void put_lz4(uint8_t *block, char letter, size_t count)
{
	uint8_t out[SMALL_BLOCK] = { 0x1f, (uint8_t)letter, 1 }, *to = out + 4;
	/* A literal, a match of what is in between, and the five literals that have to be the end. */
	size_t more = count - 1 - 5 - 4 - 15;

	for (; more >= 255; more -= 255)
		*to++ = 255;
	*to++ = (uint8_t)more;
	*to++ = 0x50;
	memset(to, letter, 5);
	to += 5;
	memset(block, 0, SMALL_BLOCK);
	memcpy(block + SMALL_BLOCK - (to - out), out, (size_t)(to - out));
}

/* Two extents: the second one is small and begins in the block in which the file ends. */
static void make_source(struct small_image *image)
{
	const struct erofs_lcluster first = { .type = EROFS_LCLUSTER_HEAD1, .blkaddr = SMALL_DATA_A / SMALL_BLOCK };
	const struct erofs_lcluster second = { .type = EROFS_LCLUSTER_HEAD1,
					       .clusterofs = FIRST - SMALL_BLOCK,
					       .blkaddr = SMALL_DATA_A / SMALL_BLOCK + 1 };
	struct erofs_zmap_header header = { .lclusterbits = 12 };
	static const struct small_entry root[] = { { ".", NID_ROOT, EROFS_FT_DIR },
						   { "..", NID_ROOT, EROFS_FT_DIR },
						   { "a", NID_A, EROFS_FT_REG },
						   { NULL, 0, 0 } };
	struct erofs_inode inode;
	uint8_t *index;

	small_build(image);
	small_root(image, root);
	inode = small_get(image, NID_ROOT);
	inode.xattr_icount = 0;
	inode.nlink = 2;
	small_put(image, &inode);
	inode = small_get(image, NID_A);
	inode.nlink = 1;
	inode.layout = EROFS_LAYOUT_COMPRESSED_FULL;
	inode.xattr_icount = 0;
	inode.u = 2;
	small_put(image, &inode);
	image->sb.feature_compat = EROFS_FEATURE_COMPAT_SB_CHKSUM | EROFS_FEATURE_COMPAT_MTIME;
	image->sb.xattr_prefix_count = 0;
	image->sb.feature_incompat = EROFS_FEATURE_INCOMPAT_ZERO_PADDING;
	index = small_behind(image, NID_A);
	erofs_zmap_header_encode(&header, 12, false, index);
	erofs_lcluster_full_encode(&first, index + 16);
	erofs_lcluster_full_encode(&second, index + 24);
	put_lz4(image->bytes + SMALL_DATA_A, 'x', FIRST);
	put_lz4(image->bytes + SMALL_DATA_A + SMALL_BLOCK, 'y', SMALL_SIZE_A - FIRST);
}

static void write_source(const char *path)
{
	static struct small_image image;
	FILE *file = fopen(path, "w");

	make_source(&image);
	/* Opening it writes the superblock. */
	erofs_image_close(small_open(&image, NULL));
	assert_non_null(file);
	assert_int_equal(fwrite(image.bytes, sizeof(image.bytes), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

/* Builds it anew; the number of files of which a part was encoded anew. */
static uint64_t restamp(const char *target, const char *source, enum erofs_digest fingerprint)
{
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_build_options build;
	struct erofs_tree_rules rules = erofs_tree_rules_init();
	struct erofs_tree *tree = erofs_tree_new();
	uint64_t recoded;

	erofs_build_defaults(&build);
	build.fingerprint = fingerprint;
	build.fingerprint_name = "trusted.test";
	rules.time_rule = EROFS_TIME_KEEP;
	assert_int_equal(erofs_scan_restamp(tree, source, &scan, &build, &recoded, NULL), 0);
	assert_int_equal(erofs_tree_normalize(tree, &rules, NULL), 0);
	assert_int_equal(erofs_build(tree, target, &build, NULL, NULL), 0);
	erofs_tree_free(tree);
	return recoded;
}

static void assert_second_extent(const char *path, enum erofs_extent_kind kind, const char *kernel)
{
	uint8_t wanted[SMALL_SIZE_A], found[SMALL_SIZE_A];
	struct erofs_image *image;
	struct erofs_extent extent;
	struct erofs_kernel oldest;
	struct erofs_inode inode;
	char text[32];

	memset(wanted, 'x', FIRST);
	memset(wanted + FIRST, 'y', SMALL_SIZE_A - FIRST);
	assert_int_equal(erofs_image_open(&image, path, NULL, NULL), 0);
	assert_int_equal(erofs_image_lookup(image, &inode, "/a"), 0);
	assert_int_equal(erofs_image_map(image, &extent, &inode, FIRST), 1);
	assert_int_equal(extent.logical, FIRST);
	assert_int_equal(extent.kind, kind);
	assert_int_equal(erofs_image_map(image, &extent, &inode, 0), 1);
	assert_int_equal(extent.kind, EROFS_EXTENT_ENCODED);
	assert_int_equal(erofs_image_read(image, &inode, found, sizeof(found), 0), sizeof(found));
	assert_memory_equal(found, wanted, sizeof(wanted));
	oldest = erofs_superblock_oldest_kernel(erofs_image_superblock(image));
	snprintf(text, sizeof(text), "%u.%u", oldest.major, oldest.minor);
	assert_string_equal(text, kernel);
	erofs_image_close(image);
}

static void what_linux_5_10_misreads_is_not_taken_over_for_it(void **state)
{
	char dir[] = "/tmp/test-restamp.XXXXXX", source[64], target[64];

	(void)state;
	if (!erofs_algorithm_is_built(EROFS_ALGORITHM_LZ4))
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(source, sizeof(source), "%s/source", dir);
	snprintf(target, sizeof(target), "%s/target", dir);
	write_source(source);
	assert_second_extent(source, EROFS_EXTENT_ENCODED, "5.4");
	assert_int_equal(restamp(target, source, EROFS_DIGEST_NONE), 1);
	assert_second_extent(target, EROFS_EXTENT_PLAIN, "5.4");
	unlink(target);
	assert_int_equal(restamp(target, source, EROFS_DIGEST_SHA256), 0);
	assert_second_extent(target, EROFS_EXTENT_ENCODED, "6.4");
	unlink(target);
	unlink(source);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_linux_5_10_misreads_is_not_taken_over_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
