/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_filter.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* Whether a filter of one path, or else of one expression, excludes a path. */
static bool excludes(const char *exclude, const char *regex, const char *path)
{
	const struct erofs_scan_options options = {
		.size = sizeof(options),
		.exclude_paths = &exclude,
		.exclude_path_count = exclude ? 1 : 0,
		.exclude_regexes = &regex,
		.exclude_regex_count = regex ? 1 : 0,
	};
	struct erofs_filter *filter;
	bool excluded;

	assert_int_equal(erofs_source_filter_new(&filter, &options, NULL), 0);
	assert_non_null(filter);
	excluded = erofs_source_filter_excludes(filter, path);
	erofs_source_filter_free(filter);
	return excluded;
}

static void nothing_excluded_needs_no_filter(void **state)
{
	const struct erofs_scan_options options = { .size = sizeof(options) };
	struct erofs_filter *filter = (struct erofs_filter *)&options;

	(void)state;
	assert_int_equal(erofs_source_filter_new(&filter, &options, NULL), 0);
	assert_null(filter);
	assert_false(erofs_source_filter_excludes(filter, "a"));
	assert_false(erofs_source_filter_excludes(filter, ""));
	erofs_source_filter_free(filter);
}

static void paths_are_whole(void **state)
{
	(void)state;
	assert_true(excludes("a", NULL, "a"));
	assert_true(excludes("a/b", NULL, "a/b"));
	assert_true(excludes("/a/b", NULL, "a/b"));
	assert_true(excludes("a/b/", NULL, "a/b"));
	assert_true(excludes("//a/b//", NULL, "a/b"));
	assert_true(excludes("./a/b", NULL, "a/b"));
	assert_true(excludes("a//b", NULL, "a/b"));
	assert_true(excludes("/./a/.//b/.", NULL, "a/b"));
	assert_true(excludes(".a/b..", NULL, ".a/b.."));
	assert_false(excludes("a/../b", NULL, "b"));
	assert_false(excludes(".", NULL, ""));
	assert_false(excludes("a/b", NULL, "a"));
	assert_false(excludes("a/b", NULL, "a/bc"));
	assert_false(excludes("a/b", NULL, "b"));
	assert_false(excludes("b", NULL, "a/b"));
	assert_false(excludes("a.c", NULL, "abc"));
	assert_false(excludes("A", NULL, "a"));
	/* What names the root or nothing excludes nothing. */
	assert_false(excludes("", NULL, ""));
	assert_false(excludes("/", NULL, ""));
	assert_false(excludes("/", NULL, "a"));
	/* Not a pattern. */
	assert_true(excludes("*[x]\xff", NULL, "*[x]\xff"));
	assert_false(excludes("*", NULL, "a"));
}

static void expressions_match_anywhere(void **state)
{
	(void)state;
	assert_true(excludes(NULL, "\\.pyc$", "usr/lib/a.pyc"));
	assert_false(excludes(NULL, "\\.pyc$", "usr/lib/a.pyc.d"));
	assert_true(excludes(NULL, "lib", "usr/lib/a"));
	assert_false(excludes(NULL, "^lib", "usr/lib/a"));
	assert_true(excludes(NULL, "^(usr|var)/cache$", "var/cache"));
	assert_false(excludes(NULL, "^(usr|var)/cache$", "var/cache/x"));
	assert_true(excludes(NULL, "x{3}", "axxxb"));
	assert_false(excludes(NULL, "^/", "usr"));
}

static void any_of_many_excludes(void **state)
{
	static const char *const paths[] = { "one", "two/three" };
	static const char *const regexes[] = { "\\.o$", "^tmp/." };
	const struct erofs_scan_options options = {
		.size = sizeof(options),
		.exclude_paths = paths,
		.exclude_path_count = 2,
		.exclude_regexes = regexes,
		.exclude_regex_count = 2,
	};
	struct erofs_filter *filter;

	(void)state;
	assert_int_equal(erofs_source_filter_new(&filter, &options, NULL), 0);
	assert_true(erofs_source_filter_excludes(filter, "one"));
	assert_true(erofs_source_filter_excludes(filter, "two/three"));
	assert_true(erofs_source_filter_excludes(filter, "src/a.o"));
	assert_true(erofs_source_filter_excludes(filter, "tmp/x"));
	assert_false(erofs_source_filter_excludes(filter, "tmp"));
	assert_false(erofs_source_filter_excludes(filter, "two"));
	erofs_source_filter_free(filter);
}

static void bad_expressions_are_reported(void **state)
{
	static const char *const regexes[] = { "fine", "un(balanced", "never looked at" };
	const struct erofs_scan_options options = { .size = sizeof(options),
						    .exclude_regexes = regexes,
						    .exclude_regex_count = 3 };
	struct erofs_filter *filter;
	struct messages messages;

	(void)state;
	messages_init(&messages);
	assert_int_equal(erofs_source_filter_new(&filter, &options, &messages.diag), -EINVAL);
	assert_null(filter);
	assert_int_equal(messages.count, 1);
	assert_non_null(strstr(messages.last, "'un(balanced'"));
}

static void count_warnings(const struct erofs_scan_options *options, unsigned int count, const char *last)
{
	struct messages messages;

	messages_init(&messages);
	messages.diag.verbosity = EROFS_SEV_WARNING;
	assert_int_equal(erofs_scan_warn_unused(options, &messages.diag), 0);
	assert_int_equal(messages.count, count);
	if (count)
		assert_non_null(strstr(messages.last, last));
}

static void what_matches_nothing_is_known(void **state)
{
	static const char *const paths[] = { "./one", "two", "two/below", "three" };
	static const char *const regexes[] = { "^o", "never" };
	bool used[6] = { false };
	struct erofs_scan_options options = {
		.exclude_paths = paths,
		.exclude_path_count = 4,
		.exclude_regexes = regexes,
		.exclude_regex_count = 2,
		.exclusions_used = used,
	};
	struct erofs_filter *filter;

	(void)state;
	assert_int_equal(erofs_source_filter_new(&filter, &options, NULL), 0);
	assert_false(erofs_source_filter_excludes(filter, "another"));
	count_warnings(&options, 5, "=never");
	/* One that two match counts for both. */
	assert_true(erofs_source_filter_excludes(filter, "one"));
	assert_true(used[0] && used[4] && !used[1] && !used[2] && !used[3] && !used[5]);
	/* "two/below" cannot match when "two" does. */
	assert_true(erofs_source_filter_excludes(filter, "two"));
	count_warnings(&options, 2, "=never");
	assert_true(erofs_source_filter_excludes(filter, "never"));
	count_warnings(&options, 1, "=three");
	assert_true(erofs_source_filter_excludes(filter, "three"));
	count_warnings(&options, 0, NULL);
	options.exclusions_used = NULL;
	count_warnings(&options, 0, NULL);
	erofs_source_filter_free(filter);
}

static void places_are_excluded_with_what_is_above(void **state)
{
	static const char *const paths[] = { "a/b" };
	static const char *const regexes[] = { "[.]img$", "un(balanced" };
	bool used[2] = { false };
	struct erofs_scan_options options = {
		.exclude_paths = paths,
		.exclude_path_count = 1,
		.exclude_regexes = regexes,
		.exclude_regex_count = 1,
		.exclusions_used = used,
	};

	(void)state;
	assert_int_equal(erofs_scan_excludes(&options, "a/b", NULL), 1);
	assert_int_equal(erofs_scan_excludes(&options, "/a/./b/c/d", NULL), 1);
	assert_int_equal(erofs_scan_excludes(&options, "x.img", NULL), 1);
	assert_int_equal(erofs_scan_excludes(&options, "x.img/y", NULL), 1);
	assert_int_equal(erofs_scan_excludes(&options, "a", NULL), 0);
	assert_int_equal(erofs_scan_excludes(&options, "a/bc", NULL), 0);
	assert_false(used[0] || used[1]);
	options.exclude_regex_count = 2;
	assert_int_equal(erofs_scan_excludes(&options, "a", NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_excluded_needs_no_filter),
		cmocka_unit_test(paths_are_whole),
		cmocka_unit_test(expressions_match_anywhere),
		cmocka_unit_test(what_matches_nothing_is_known),
		cmocka_unit_test(places_are_excluded_with_what_is_above),
		cmocka_unit_test(any_of_many_excludes),
		cmocka_unit_test(bad_expressions_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
