/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/path.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static void assert_simple(const char *path, const char *expected)
{
	char *simple = erofs_path_simplify(path);

	assert_string_equal(simple, expected);
	free(simple);
}

static void slashes_and_dots_go(void **state)
{
	(void)state;
	assert_simple("", "");
	assert_simple("/", "");
	assert_simple("./", "");
	assert_simple("a/b", "a/b");
	assert_simple("/a//./b/", "a/b");
	assert_simple("./a/.b/c./...", "a/.b/c./...");
	assert_simple("../a/..", "../a/..");
}

static void assert_resolved(const char *from, const char *path, const char *expected)
{
	/* What stands behind the length is not the directory's. */
	char *longer = calloc(1, strlen(from) + 2), *resolved;

	strcpy(longer, from);
	longer[strlen(from)] = 'x';
	resolved = erofs_path_resolve(longer, strlen(from), path);
	if (expected)
		assert_string_equal(resolved, expected);
	else
		assert_null(resolved);
	free(resolved);
	free(longer);
}

static void dots_lead_up_but_not_out(void **state)
{
	(void)state;
	assert_resolved("", "a/../b", "b");
	assert_resolved("a/b", "c", "a/b/c");
	assert_resolved("a/b", "../c", "a/c");
	assert_resolved("a/b", "../../c/.", "c");
	assert_resolved("a/b", "../..", "");
	assert_resolved("a/b", "/c", "c");
	assert_resolved("a/b", "../../..", NULL);
	assert_resolved("a/b", "/..", NULL);
	assert_resolved("", "..", NULL);
	assert_resolved("", "a/../../b", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slashes_and_dots_go),
		cmocka_unit_test(dots_lead_up_but_not_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
