/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/build.h>
#include <erofs/oci.h>
#include <erofs/source.h>

#include "tests/unit/misuse.h"

/* <erofs/source.h> and <erofs/oci.h> in hands that get them wrong. */

static struct messages messages;
static struct erofs_scan_options options;
static const char *const paths[] = { "/there/is/none", NULL };

/* All scans, with the same mistake. */
static void refuse_all(struct erofs_tree *tree, const struct erofs_scan_options *how, const char *text)
{
	struct erofs_build_options build;
	uint64_t recoded;

	erofs_build_defaults(&build);
	assert_refused(&messages, erofs_scan_directory(tree, "/", how, &messages.diag), -EINVAL, text);
	assert_refused(&messages, erofs_scan_images(tree, paths, 1, how, &messages.diag), -EINVAL, text);
	assert_refused(&messages, erofs_scan_restamp(tree, "/", how, &build, &recoded, &messages.diag), -EINVAL, text);
	assert_refused(&messages, erofs_scan_thin(tree, paths, 1, how, &build, &messages.diag), -EINVAL, text);
	assert_refused(&messages, erofs_scan_tar(tree, "/dev/null", how, &messages.diag), -EINVAL, text);
	assert_refused(&messages, erofs_scan_oci(tree, NULL, how, &messages.diag), -EINVAL, text);
	assert_refused(&messages, erofs_scan_oci_layer(tree, NULL, 0, how, &messages.diag), -EINVAL, text);
}

static void every_scan_looks_at_its_options(void **state)
{
	struct erofs_tree *tree = erofs_tree_new();
	struct erofs_scan_options wrong = options;

	(void)state;
	refuse_all(NULL, &options, "no tree");
	refuse_all(tree, NULL, "erofs_scan_options is missing");
	wrong.size = 0;
	refuse_all(tree, &wrong, "was not set");
	wrong = options;
	wrong.exclude_path_count = 1;
	refuse_all(tree, &wrong, "a path to exclude");
	wrong = options;
	wrong.exclude_regexes = &paths[1];
	wrong.exclude_regex_count = 1;
	refuse_all(tree, &wrong, "an expression to exclude");
	erofs_tree_free(tree);
}

static void a_tree_has_one_source(void **state)
{
	struct erofs_tree *tree = erofs_tree_new();

	(void)state;
	assert_int_not_equal(erofs_scan_directory(tree, paths[0], &options, NULL), 0);
	refuse_all(tree, &options, "has a source already");
	erofs_tree_free(tree);
}

static void sources_have_names(void **state)
{
	struct erofs_tree *tree = erofs_tree_new();
	struct erofs_build_options build;
	uint64_t recoded;

	(void)state;
	erofs_build_defaults(&build);
	assert_refused(&messages, erofs_scan_directory(tree, NULL, &options, &messages.diag), -EINVAL, "no path");
	assert_refused(&messages, erofs_scan_images(tree, NULL, 1, &options, &messages.diag), -EINVAL,
		       "image 0 has no path");
	assert_refused(&messages, erofs_scan_images(tree, paths, 0, &options, &messages.diag), -EINVAL,
		       "image 0 has no path");
	assert_refused(&messages, erofs_scan_images(tree, paths, 2, &options, &messages.diag), -EINVAL,
		       "image 1 has no path");
	assert_refused(&messages, erofs_scan_thin(tree, NULL, 1, &options, &build, &messages.diag), -EINVAL,
		       "erofs_scan_thin(): image 0 has no path");
	assert_refused(&messages, erofs_scan_thin(tree, paths, 2, &options, &build, &messages.diag), -EINVAL,
		       "erofs_scan_thin(): image 1 has no path");
	assert_refused(&messages, erofs_scan_thin(tree, paths, 1, &options, NULL, &messages.diag), -EINVAL,
		       "erofs_build_options is missing");
	assert_refused(&messages, erofs_scan_restamp(tree, NULL, &options, &build, &recoded, &messages.diag), -EINVAL,
		       "no path");
	assert_refused(&messages, erofs_scan_restamp(tree, "/", &options, &build, NULL, &messages.diag), -EINVAL,
		       "no count");
	assert_refused(&messages, erofs_scan_restamp(tree, "/", &options, NULL, &recoded, &messages.diag), -EINVAL,
		       "erofs_build_options is missing");
	assert_refused(&messages, erofs_scan_oci(tree, NULL, &options, &messages.diag), -EINVAL, "no image");
	assert_refused(&messages, erofs_scan_oci_layer(tree, NULL, 0, &options, &messages.diag), -EINVAL, "no image");
	assert_int_equal(erofs_source_is_image(NULL), -EINVAL);
	erofs_tree_free(tree);
}

static void container_images_have_a_place(void **state)
{
	struct erofs_oci_options how = erofs_oci_options_init();
	struct erofs_oci_image *image;

	(void)state;
	assert_refused(&messages, erofs_oci_open(&image, NULL, NULL, &messages.diag), -EINVAL, "missing");
	assert_refused(&messages, erofs_oci_open(&image, &how, NULL, &messages.diag), -EINVAL, "no location");
	how.location = "/there/is/none";
	assert_refused(&messages, erofs_oci_open(NULL, &how, NULL, &messages.diag), -EINVAL, "no result");
	assert_int_equal(erofs_oci_layer_count(NULL), 0);
	assert_null(erofs_oci_layer_digest(NULL, 0));
	erofs_oci_close(NULL);
}

static int build_nothing(void *ctx, struct erofs_oci_image *image, size_t layer, const char *path,
			 struct erofs_build_summary *summary)
{
	(void)ctx;
	(void)image;
	(void)layer;
	(void)path;
	(void)summary;
	return 0;
}

static void refuse_conversion(const struct erofs_oci_convert_options *how, const char *text)
{
	struct erofs_oci_options source = erofs_oci_options_init();

	source.location = "/there/is/none";
	assert_refused(&messages, erofs_oci_convert(&source, "/nor/here", how, NULL, NULL, &messages.diag), -EINVAL,
		       text);
}

static void converted_layers_have_a_type(void **state)
{
	struct erofs_oci_convert_options how = erofs_oci_convert_options_init();

	(void)state;
	refuse_conversion(&how, "no function to build with");
	how.build = build_nothing;
	how.layer_type = EROFS_OCI_LAYER_OCI + 1;
	refuse_conversion(&how, "there is no type 3");
	how.layer_type = EROFS_OCI_LAYER_OCI;
	how.pack_zstd = true;
	refuse_conversion(&how, "nothing reads them");
}

/* What was asked for before the scan began counts, in every source that looks at many things. */
static void a_wish_to_stop_is_seen(void **state)
{
	struct erofs_tree *tree = erofs_tree_new();
	struct erofs_scan_options stopped = options;
	struct erofs_cancel cancel = { 0 };

	(void)state;
	assert_false(erofs_cancel_requested(NULL));
	assert_false(erofs_cancel_requested(&cancel));
	erofs_cancel_request(&cancel);
	assert_true(erofs_cancel_requested(&cancel));
	stopped.cancel = &cancel;
	assert_int_equal(erofs_scan_directory(tree, "/usr", &stopped, NULL), -ECANCELED);
	erofs_tree_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scan_looks_at_its_options),
		cmocka_unit_test(a_tree_has_one_source),
		cmocka_unit_test(sources_have_names),
		cmocka_unit_test(container_images_have_a_place),
		cmocka_unit_test(converted_layers_have_a_type),
		cmocka_unit_test(a_wish_to_stop_is_seen),
	};

	options = erofs_scan_options_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
