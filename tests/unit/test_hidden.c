/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_oci_hidden.h"

#include "tests/unit/unit.h"

/*
 * What layers hide of those below them. A wrong answer makes the same image: a file that seemed to be hidden is read from
 * its layer after all. So no image tells whether each layer was read once.
 */

static struct oci_hidden hidden;

static void note(const char *path, enum oci_hides what)
{
	assert_int_equal(erofs_source_oci_hidden_note(&hidden, path, what), 0);
}

static bool is_hidden(const char *path)
{
	return erofs_source_oci_is_hidden(&hidden, path);
}

static int setup(void **state)
{
	(void)state;
	return erofs_source_oci_hidden_init(&hidden);
}

static int teardown(void **state)
{
	(void)state;
	erofs_source_oci_hidden_release(&hidden);
	return 0;
}

static void a_layer_hides_what_is_below_it_only(void **state)
{
	static const char *const paths[] = { "a/file", "gone", "gone/inside", "opaque/inside", "opaque/deep/inside" };

	(void)state;
	note("a/file", OCI_HAS_OTHER);
	note("gone", OCI_HAS_OTHER);
	note("opaque", OCI_HAS_OPAQUE);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_false(is_hidden(paths[i]));
	erofs_source_oci_hidden_next_layer(&hidden);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_true(is_hidden(paths[i]));
	assert_false(is_hidden("a/other"));
	assert_false(is_hidden("other"));
}

static void what_a_link_leads_to_is_wanted(void **state)
{
	(void)state;
	/* The link is made first, and then its target goes. */
	note("below", OCI_WANTS);
	note("below", OCI_HAS_OTHER);
	/* This link is to the layer's own file. */
	note("own", OCI_HAS_OTHER);
	note("own", OCI_WANTS);
	erofs_source_oci_hidden_next_layer(&hidden);
	assert_false(is_hidden("below"));
	assert_true(is_hidden("own"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_layer_hides_what_is_below_it_only, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_link_leads_to_is_wanted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
