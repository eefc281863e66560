/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <erofs/build.h>
#include <erofs/source.h>

#include "tests/unit/misuse.h"

/* <erofs/build.h>, <erofs/tree.h> and <erofs/compress.h> in hands that get them wrong: no crash, no image, one message. */

static struct messages messages;
static char directory[] = "/tmp/misuse.XXXXXX";
static char output[64];
static struct erofs_build_options options;
static struct erofs_tree_rules rules;

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(output, sizeof(output), "%s/image", directory);
	erofs_build_defaults(&options);
	rules = erofs_tree_rules_init();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(directory);
}

static struct erofs_tree *scanned(bool is_normalized)
{
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_tree *tree = erofs_tree_new();

	assert_int_equal(erofs_scan_directory(tree, directory, &scan, NULL), 0);
	if (is_normalized)
		assert_int_equal(erofs_tree_normalize(tree, &rules, NULL), 0);
	return tree;
}

/* A pipe with nothing in it: what is done with the tree must not depend on what comes. */
static struct erofs_tree *streamed(void)
{
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_tree *tree = erofs_tree_new();
	char path[32];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "no archive", 10), 10);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	close(ends[1]);
	assert_int_equal(erofs_scan_tar(tree, path, &scan, NULL), 0);
	close(ends[0]);
	assert_true(erofs_tree_arrives(tree));
	return tree;
}

#define BUILD(tree, options)	    erofs_build(tree, output, options, NULL, &messages.diag)
#define BUILD_STREAMED(tree, rules) erofs_build_arrivals(tree, rules, output, &options, NULL, &messages.diag)

static void trees_in_the_wrong_state_are_refused(void **state)
{
	struct erofs_tree *tree = erofs_tree_new();

	(void)state;
	assert_refused(&messages, BUILD(NULL, &options), -EINVAL, "no tree");
	assert_refused(&messages, BUILD(tree, &options), -EINVAL, "not scanned");
	assert_refused(&messages, BUILD_STREAMED(tree, &rules), -EINVAL, "not scanned");
	erofs_tree_free(tree);
	tree = scanned(false);
	assert_refused(&messages, BUILD(tree, &options), -EINVAL, "not normalized");
	assert_refused(&messages, BUILD_STREAMED(tree, &rules), -EINVAL, "erofs_build() is for it");
	erofs_tree_free(tree);
	tree = streamed();
	assert_refused(&messages, BUILD(tree, &options), -EINVAL, "erofs_build_arrivals() reads");
	assert_refused(&messages, erofs_tree_normalize(tree, &rules, &messages.diag), -EINVAL,
		       "erofs_build_arrivals()");
	assert_refused(&messages, BUILD_STREAMED(tree, NULL), -EINVAL, "erofs_tree_rules is missing");
	/* What is in the pipe is no archive: the build fails, and the tree is good for nothing any more. */
	assert_int_not_equal(BUILD_STREAMED(tree, &rules), 0);
	assert_refused(&messages, BUILD_STREAMED(tree, &rules), -EINVAL, "arrived already");
	erofs_tree_free(tree);
}

static void failed_scans_make_no_image(void **state)
{
	struct erofs_scan_options scan = erofs_scan_options_init();
	struct erofs_tree *tree = erofs_tree_new();

	(void)state;
	assert_int_not_equal(erofs_scan_directory(tree, "/there/is/none", &scan, NULL), 0);
	assert_refused(&messages, erofs_tree_normalize(tree, &rules, &messages.diag), -EINVAL, "scan failed");
	assert_refused(&messages, BUILD(tree, &options), -EINVAL, "incomplete");
	erofs_tree_free(tree);
}

static void refuse_options(const struct erofs_tree *tree, struct erofs_build_options wrong, const char *text)
{
	assert_refused(&messages, BUILD(tree, &wrong), -EINVAL, text);
	assert_int_not_equal(access(output, F_OK), 0);
	assert_refused(&messages, erofs_build_for_kernel(&wrong, (struct erofs_kernel){ 6, 12 }, false, &messages.diag),
		       -EINVAL, text);
}

static struct erofs_build_options with_compressor(int compressor)
{
	struct erofs_build_options compressed = options;

	compressed.compression[0].compressor = (enum erofs_compressor)compressor;
	compressed.compression_count = 1;
	return compressed;
}

#define WRONG(tree, member, value)                                                                                     \
	do {                                                                                                           \
		struct erofs_build_options bad = options;                                                              \
		bad.member = value;                                                                                    \
		refuse_options(tree, bad, "erofs_build_options." #member);                                             \
	} while (0)

/* Each of these would do without the other. */
static void chunks_have_no_room_for_all(void **state)
{
	struct erofs_tree *tree = scanned(true);
	struct erofs_build_options wrong = with_compressor(EROFS_COMPRESSOR_LZ4);

	(void)state;
	wrong.chunk_bytes = 4096;
	if (erofs_algorithm_is_built(EROFS_ALGORITHM_LZ4))
		refuse_options(tree, wrong, "erofs_build_options.chunk_bytes: compressed files");
	wrong = options;
	wrong.chunk_bytes = 4096;
	wrong.fill_holes = true;
	refuse_options(tree, wrong, "erofs_build_options.fill_holes");
	wrong.fill_holes = false;
	wrong.data_device = "blob";
	wrong.verity = true;
	refuse_options(tree, wrong, "erofs_build_options.verity");
	wrong.verity = false;
	wrong.cache_entry = true;
	refuse_options(tree, wrong, "erofs_build_options.cache_entry");
	assert_int_not_equal(access("blob", F_OK), 0);
	erofs_tree_free(tree);
}

static void nonsense_options_are_named(void **state)
{
	struct erofs_tree *tree = scanned(true);
	struct erofs_build_options wrong = options;

	(void)state;
	assert_refused(&messages, BUILD(tree, NULL), -EINVAL, "erofs_build_options is missing");
	assert_refused(&messages, erofs_build(tree, NULL, &options, NULL, &messages.diag), -EINVAL, "no name");
	WRONG(tree, blkszbits, 0);
	WRONG(tree, blkszbits, 8);
	WRONG(tree, blkszbits, 13);
	WRONG(tree, blkszbits, 200);
	WRONG(tree, fingerprint, EROFS_DIGEST_COUNT);
	WRONG(tree, fingerprint_name, "");
	WRONG(tree, inode_form, (enum erofs_inode_form)3);
	WRONG(tree, directories, (enum erofs_directory_rule)3);
	WRONG(tree, directories, EROFS_DIRECTORIES_COMPRESSED);
	WRONG(tree, uuid_rule, (enum erofs_uuid_rule) - 1);
	WRONG(tree, compressed_form, (enum erofs_compressed_form)2);
	WRONG(tree, compression_count, EROFS_COMPRESSIONS_MAX + 1);
	WRONG(tree, pcluster_size, 5000);
	WRONG(tree, pcluster_size, 2u << 20);
	WRONG(tree, extent_size, 5000);
	WRONG(tree, extent_size, 2048);
	WRONG(tree, max_extent_bytes, 100);
	WRONG(tree, data_outside, true);
	WRONG(tree, chunk_bytes, 2048);
	WRONG(tree, chunk_bytes, 12288);
	WRONG(tree, chunk_bytes, 2 * EROFS_CHUNK_BYTES_MAX);
	WRONG(tree, data_device, "");
	WRONG(tree, data_device, "blob");
	refuse_options(tree, with_compressor(17), "there is no compressor 17");
	wrong.xattr_prefix_count = 1;
	refuse_options(tree, wrong, "erofs_build_options.xattr_prefixes");
	wrong = options;
	memset(wrong.volume_name, 'x', sizeof(wrong.volume_name));
	refuse_options(tree, wrong, "erofs_build_options.volume_name");
	wrong = options;
	wrong.size = 0;
	assert_refused(&messages, BUILD(tree, &wrong), -EINVAL, "was not set");
	erofs_tree_free(tree);
}

static void rules_and_names_are_looked_at(void **state)
{
	struct erofs_tree *tree = scanned(false);
	struct erofs_tree_rules wrong = rules;

	(void)state;
	assert_refused(&messages, erofs_tree_normalize(NULL, &rules, &messages.diag), -EINVAL, "no tree");
	assert_refused(&messages, erofs_tree_normalize(tree, NULL, &messages.diag), -EINVAL,
		       "erofs_tree_rules is missing");
	wrong.time_rule = (enum erofs_time_rule)3;
	assert_refused(&messages, erofs_tree_normalize(tree, &wrong, &messages.diag), -EINVAL, "time_rule");
	wrong = rules;
	wrong.time_nsec = 1000000000;
	assert_refused(&messages, erofs_tree_normalize(tree, &wrong, &messages.diag), -EINVAL, "time_nsec");
	assert_int_equal(erofs_tree_normalize(tree, &rules, NULL), 0);
	assert_refused(&messages, erofs_tree_normalize(tree, &rules, &messages.diag), -EINVAL, "already");
	assert_int_equal(erofs_tree_reserve_xattr(NULL, "user.a"), -EINVAL);
	assert_int_equal(erofs_tree_reserve_xattr(tree, NULL), -EINVAL);
	assert_int_equal(erofs_tree_reserve_xattr(tree, ""), -EINVAL);
	assert_int_equal(erofs_tree_dropped_xattrs(NULL), 0);
	assert_false(erofs_tree_arrives(NULL));
	erofs_tree_free(NULL);
	erofs_tree_free(tree);
}

static void helpers_take_nothing(void **state)
{
	struct erofs_compression compression;
	struct erofs_compress_hints *hints;
	const char *end, *reason;

	(void)state;
	assert_refused(&messages, erofs_compress_hints_read(NULL, "/dev/null", &messages.diag), -EINVAL, "no result");
	assert_refused(&messages, erofs_compress_hints_read(&hints, NULL, &messages.diag), -EINVAL, "no path");
	erofs_compress_hints_free(NULL);
	assert_refused(&messages, erofs_build_for_kernel(NULL, (struct erofs_kernel){ 6, 1 }, false, &messages.diag),
		       -EINVAL, "missing");
	assert_int_equal(erofs_compression_parse(NULL, "lz4", &end, &reason), -EINVAL);
	assert_int_equal(erofs_compression_parse(&compression, NULL, &end, &reason), -EINVAL);
	assert_null(erofs_compressor_limits((enum erofs_compressor)99));
	assert_null(erofs_algorithm_name(-1));
	assert_false(erofs_algorithm_is_built(99));
}

static void older_callers_get_an_image(void **state)
{
	struct erofs_tree *tree = scanned(true);
	struct erofs_build_options older = options;

	(void)state;
	older.size = offsetof(struct erofs_build_options, compression);
	/* Not the caller's any more. */
	older.compression_count = 77;
	messages_init(&messages);
	assert_int_equal(BUILD(tree, &older), 0);
	assert_int_equal(messages.count, 0);
	assert_int_equal(unlink(output), 0);
	erofs_tree_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_in_the_wrong_state_are_refused), cmocka_unit_test(failed_scans_make_no_image),
		cmocka_unit_test(nonsense_options_are_named),		cmocka_unit_test(chunks_have_no_room_for_all),
		cmocka_unit_test(rules_and_names_are_looked_at),	cmocka_unit_test(helpers_take_nothing),
		cmocka_unit_test(older_callers_get_an_image),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
