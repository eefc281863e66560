/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <erofs/build.h>

#include "lib/format/format_kernel.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

static struct erofs_build_options defaults(void)
{
	struct erofs_build_options options;

	erofs_build_defaults(&options);
	return options;
}

static struct erofs_build_options compressed(enum erofs_compressor compressor)
{
	struct erofs_build_options options = defaults();

	options.compression[0].compressor = compressor;
	options.compression_count = 1;
	return options;
}

/* The options stay as they are, and the one message names the first kernel that would do. */
static void assert_refused(struct erofs_build_options options, unsigned int major, unsigned int minor,
			   const char *needed)
{
	const struct erofs_build_options before = options;
	struct messages messages;

	messages_init(&messages);
	assert_int_equal(erofs_build_for_kernel(&options, (struct erofs_kernel){ major, minor }, true, &messages.diag),
			 -EOPNOTSUPP);
	assert_int_equal(messages.count, 1);
	assert_non_null(strstr(messages.last, needed));
	assert_memory_equal(&options, &before, sizeof(options));
}

static struct erofs_build_options accepted(struct erofs_build_options options, unsigned int major, unsigned int minor,
					   bool form_given)
{
	struct messages messages;

	messages_init(&messages);
	assert_int_equal(
		erofs_build_for_kernel(&options, (struct erofs_kernel){ major, minor }, form_given, &messages.diag), 0);
	assert_int_equal(messages.count, 0);
	return options;
}

/* Refused right below a version, accepted from it on. */
static void assert_since(struct erofs_build_options options, unsigned int major, unsigned int minor)
{
	char text[16];

	snprintf(text, sizeof(text), " %u.%u ", major, minor);
	assert_refused(options, minor ? major : major - 1, minor ? minor - 1 : 999, text);
	accepted(options, major, minor, true);
	accepted(options, major, minor + 1, true);
	accepted(options, major + 1, 0, true);
}

static void packed_tails_keep_clusters(void **state)
{
	struct erofs_build_options options = compressed(EROFS_COMPRESSOR_LZ4);
	struct messages messages;

	(void)state;
	options.pack_tails = true;
	assert_since(options, 5, 17);
	assert_int_equal(accepted(options, 6, 15, false).compressed_form, EROFS_COMPRESSED_CLUSTERS);
	options.pack_tails = false;
	assert_int_equal(accepted(options, 6, 15, false).compressed_form, EROFS_COMPRESSED_EXTENTS);
	options.pack_tails = true;
	options.compressed_form = EROFS_COMPRESSED_EXTENTS;
	messages_init(&messages);
	assert_int_equal(erofs_build_for_kernel(&options, (struct erofs_kernel){ 6, 15 }, true, &messages.diag),
			 -EINVAL);
	assert_non_null(strstr(messages.last, "pack_tails"));
}

static void chunks_need_their_kernel(void **state)
{
	struct erofs_build_options options = defaults();

	(void)state;
	options.dedupe_runs = true;
	assert_since(options, 5, 15);
	options.dedupe_runs = false;
	options.chunk_bytes = 65536;
	assert_since(options, 5, 15);
	options.data_device = "device";
	assert_since(options, 5, 16);
}

static void directories_without_dots_need_their_kernel(void **state)
{
	struct erofs_build_options options = defaults();

	(void)state;
	options.dot_omitted = true;
	assert_since(options, 6, 15);
}

static void zeros_that_are_shared_need_their_kernel(void **state)
{
	struct erofs_build_options options = compressed(EROFS_COMPRESSOR_LZ4);

	(void)state;
	options.zero_extents = EROFS_ZERO_EXTENTS_ALWAYS;
	assert_since(options, 6, 1);
	/* Encoded extents have them always. */
	options.zero_extents = EROFS_ZERO_EXTENTS_NEVER;
	assert_int_equal(accepted(options, 7, 0, false).compressed_form, EROFS_COMPRESSED_CLUSTERS);
	assert_since(options, 5, 4);
}

static void the_old_layout_stays_old(void **state)
{
	struct erofs_build_options options = compressed(EROFS_COMPRESSOR_LZ4HC), newest;
	struct messages messages;

	(void)state;
	options.legacy_layout = true;
	accepted(options, 5, 4, false);
	newest = accepted(options, 7, 0, false);
	assert_int_equal(newest.compressed_form, EROFS_COMPRESSED_CLUSTERS);
	assert_int_equal(newest.metabox, EROFS_METABOX_DEFAULT);
	assert_true(newest.full_index);
	assert_false(newest.interlaced);
	for (int i = 0; i < 8; i++) {
		struct erofs_build_options odd = options;

		odd.compression[0].compressor = i == 0 ? EROFS_COMPRESSOR_DEFLATE : EROFS_COMPRESSOR_LZ4;
		odd.dot_omitted = i == 5;
		odd.dedupe_runs = i == 6;
		odd.zero_extents = i == 7 ? EROFS_ZERO_EXTENTS_ALWAYS : EROFS_ZERO_EXTENTS_DEFAULT;
		odd.pack_tails = i == 1;
		odd.fragments = i == 2;
		odd.metabox = i == 3 ? EROFS_METABOX_ALWAYS : EROFS_METABOX_DEFAULT;
		odd.compressed_form = i == 4 ? EROFS_COMPRESSED_EXTENTS : EROFS_COMPRESSED_CLUSTERS;
		messages_init(&messages);
		assert_int_equal(erofs_build_for_kernel(&odd, (struct erofs_kernel){ 7, 0 }, true, &messages.diag),
				 -EINVAL);
		assert_non_null(strstr(messages.last, "legacy_layout"));
	}
}

static void no_kernel_asks_for_nothing(void **state)
{
	struct erofs_build_options options = compressed(EROFS_COMPRESSOR_ZSTD);

	(void)state;
	options.compressed_form = EROFS_COMPRESSED_EXTENTS;
	options.fingerprint = EROFS_DIGEST_SHA256;
	accepted(options, 0, 0, true);
	options = accepted(defaults(), 0, 0, false);
	assert_int_equal(options.compressed_form, EROFS_COMPRESSED_CLUSTERS);
	assert_false(options.interlaced);
	assert_false(options.fill_holes);
}

static void newer_kernels_get_more(void **state)
{
	struct erofs_build_options options = accepted(defaults(), 5, 4, false);

	(void)state;
	assert_true(options.fill_holes);
	assert_false(options.interlaced);
	options = accepted(defaults(), 5, 15, false);
	assert_false(options.fill_holes);
	assert_false(options.interlaced);
	options = accepted(defaults(), 6, 0, false);
	assert_false(options.interlaced);
	options = accepted(defaults(), 6, 1, false);
	assert_true(options.interlaced);
	options = accepted(defaults(), 6, 14, false);
	assert_int_equal(options.compressed_form, EROFS_COMPRESSED_CLUSTERS);
	options = accepted(defaults(), 6, 15, false);
	assert_int_equal(options.compressed_form, EROFS_COMPRESSED_EXTENTS);
	options = accepted(defaults(), 7, 0, false);
	assert_int_equal(options.compressed_form, EROFS_COMPRESSED_EXTENTS);
	assert_int_equal(options.metabox, EROFS_METABOX_DEFAULT);
	/* What the caller has chosen stays. */
	options = accepted(defaults(), 7, 0, true);
	assert_int_equal(options.compressed_form, EROFS_COMPRESSED_CLUSTERS);
}

static void compressed_images_get_a_metabox(void **state)
{
	struct erofs_build_options options = accepted(compressed(EROFS_COMPRESSOR_LZ4), 6, 16, false);

	(void)state;
	assert_int_equal(options.metabox, EROFS_METABOX_DEFAULT);
	options = accepted(compressed(EROFS_COMPRESSOR_LZ4), 6, 17, false);
	assert_int_equal(options.metabox, EROFS_METABOX_IF_SMALLER);
	options = compressed(EROFS_COMPRESSOR_LZ4);
	options.metabox = EROFS_METABOX_NEVER;
	assert_int_equal(accepted(options, 6, 17, false).metabox, EROFS_METABOX_NEVER);
	options.metabox = EROFS_METABOX_ALWAYS;
	assert_int_equal(accepted(options, 7, 0, false).metabox, EROFS_METABOX_ALWAYS);
	assert_since(options, 6, 17);
	options = defaults();
	options.metabox = EROFS_METABOX_ALWAYS;
	options.metabox_compression_set = true;
	options.metabox_compression.compressor = EROFS_COMPRESSOR_ZSTD;
	assert_since(options, 6, 17);
}

static void features_need_their_kernel(void **state)
{
	const char *const prefix = "trusted.overlay.";
	struct erofs_build_options options = defaults();

	(void)state;
	assert_since(options, 5, 4);
	options.fingerprint = EROFS_DIGEST_SHA256;
	assert_since(options, 6, 4);
	options = defaults();
	options.xattr_prefixes = &prefix;
	options.xattr_prefix_count = 1;
	assert_since(options, 6, 4);
	options = defaults();
	options.blkszbits = 9;
	assert_since(options, 6, 4);
}

static void compression_needs_its_kernel(void **state)
{
	struct erofs_build_options options = compressed(EROFS_COMPRESSOR_LZ4);

	(void)state;
	assert_since(options, 5, 4);
	assert_since(compressed(EROFS_COMPRESSOR_LZ4HC), 5, 4);
	assert_since(compressed(EROFS_COMPRESSOR_LZMA), 5, 16);
	assert_since(compressed(EROFS_COMPRESSOR_DEFLATE), 6, 6);
	assert_since(compressed(EROFS_COMPRESSOR_ZSTD), 6, 10);
	options.compression[1].compressor = EROFS_COMPRESSOR_LZMA;
	options.compression_count = 2;
	assert_since(options, 5, 16);
	options = compressed(EROFS_COMPRESSOR_LZ4);
	options.pcluster_size = 4096;
	assert_since(options, 5, 4);
	options.pcluster_size = 8192;
	assert_since(options, 5, 13);
	options.compressed_form = EROFS_COMPRESSED_EXTENTS;
	assert_since(options, 6, 15);
	options = compressed(EROFS_COMPRESSOR_LZ4);
	options.interlaced = true;
	assert_since(options, 6, 1);
	options = compressed(EROFS_COMPRESSOR_LZ4);
	options.blkszbits = 11;
	assert_since(options, 6, 8);
	/* Without a compressor, how it would be used does not matter. */
	options = defaults();
	options.pcluster_size = 65536;
	options.compressed_form = EROFS_COMPRESSED_EXTENTS;
	assert_since(options, 5, 4);
}

static void assert_oldest(struct erofs_superblock sb, unsigned int major, unsigned int minor)
{
	struct erofs_kernel kernel = erofs_superblock_oldest_kernel(&sb);

	assert_int_equal(kernel.major, major);
	assert_int_equal(kernel.minor, minor);
}

static void superblocks_say_it_too(void **state)
{
	struct erofs_superblock sb = { .blkszbits = 12 };

	(void)state;
	assert_oldest(sb, 5, 4);
	sb.feature_compat = EROFS_FEATURE_COMPAT_KNOWN;
	assert_oldest(sb, 5, 4);
	sb.blkszbits = 10;
	assert_oldest(sb, 6, 4);
	/* The LZ4 window, no bitmap. */
	sb.available_compr_algs = 0xffff;
	assert_oldest(sb, 6, 8);
	sb.blkszbits = 12;
	assert_oldest(sb, 5, 4);
	sb.feature_incompat = EROFS_FEATURE_INCOMPAT_COMPR_CFGS;
	sb.available_compr_algs = 1u << EROFS_ALGORITHM_LZ4;
	assert_oldest(sb, 5, 13);
	sb.available_compr_algs |= 1u << EROFS_ALGORITHM_ZSTD;
	assert_oldest(sb, 6, 10);
	sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_CHUNKED_FILE | EROFS_FEATURE_INCOMPAT_FRAGMENTS;
	assert_oldest(sb, 6, 10);
	sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_48BIT;
	assert_oldest(sb, 6, 15);
	sb.feature_incompat = EROFS_FEATURE_INCOMPAT_KNOWN;
	assert_oldest(sb, 6, 17);
}

static void versions_compare_by_number(void **state)
{
	(void)state;
	assert_true(erofs_kernel_is_before((struct erofs_kernel){ 6, 4 }, (struct erofs_kernel){ 6, 15 }));
	assert_true(erofs_kernel_is_before((struct erofs_kernel){ 5, 19 }, (struct erofs_kernel){ 6, 0 }));
	assert_false(erofs_kernel_is_before((struct erofs_kernel){ 6, 4 }, (struct erofs_kernel){ 6, 4 }));
	assert_false(erofs_kernel_is_before((struct erofs_kernel){ 7, 0 }, (struct erofs_kernel){ 6, 15 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_tails_keep_clusters),
		cmocka_unit_test(no_kernel_asks_for_nothing),
		cmocka_unit_test(newer_kernels_get_more),
		cmocka_unit_test(compressed_images_get_a_metabox),
		cmocka_unit_test(features_need_their_kernel),
		cmocka_unit_test(compression_needs_its_kernel),
		cmocka_unit_test(superblocks_say_it_too),
		cmocka_unit_test(versions_compare_by_number),
		cmocka_unit_test(zeros_that_are_shared_need_their_kernel),
		cmocka_unit_test(the_old_layout_stays_old),
		cmocka_unit_test(chunks_need_their_kernel),
		cmocka_unit_test(directories_without_dots_need_their_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
