/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/hints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

static char path[] = "/tmp/test_hints.XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static struct erofs_compress_hints *read_hints(const char *text)
{
	struct erofs_compress_hints *hints;

	write_file(text, strlen(text));
	assert_int_equal(erofs_compress_hints_read(&hints, path, NULL), 0);
	assert_non_null(hints);
	return hints;
}

/* The pcluster size that these hints have for a path, -1 if none matches. */
static int64_t size_for(const char *text, const char *where)
{
	struct erofs_compress_hints *hints = read_hints(text);
	const struct erofs_compress_hint *hint = erofs_writer_compress_hints_find(hints, where);
	int64_t size = hint ? (int64_t)hint->pcluster_size : -1;

	erofs_compress_hints_free(hints);
	return size;
}

static void expressions_match_anywhere(void **state)
{
	(void)state;
	assert_int_equal(size_for("4096 \\.so$\n", "usr/lib/a.so"), 4096);
	assert_int_equal(size_for("4096 \\.so$\n", "usr/lib/a.so.1"), -1);
	assert_int_equal(size_for("8192 lib\n", "usr/lib/a"), 8192);
	assert_int_equal(size_for("8192 ^usr/\n", "usr/lib/a"), 8192);
	assert_int_equal(size_for("8192 ^/usr/\n", "usr/lib/a"), -1);
	assert_int_equal(size_for("8192 ^lib\n", "usr/lib/a"), -1);
	assert_int_equal(size_for("8192 (a|b)/x{3}\n", "b/xxx"), 8192);
	assert_int_equal(size_for("0 \\.gz$\n", "a.gz"), 0);
	assert_int_equal(size_for("1048576 .\n", "a"), 1048576);
}

static void the_first_line_counts(void **state)
{
	(void)state;
	assert_int_equal(size_for("4096 a\n8192 .\n", "xax"), 4096);
	assert_int_equal(size_for("4096 a\n8192 .\n", "b"), 8192);
	assert_int_equal(size_for("8192 .\n4096 a\n", "a"), 8192);
}

static void lines_may_look_untidy(void **state)
{
	(void)state;
	assert_int_equal(size_for("", "a"), -1);
	assert_int_equal(size_for("# 4096 a\n\n \t\n  # b\n\t8192\t \ta \t\r\n", "a"), 8192);
	assert_int_equal(size_for("8192 a", "a"), 8192);
	/* Blanks and '#' inside an expression belong to it. */
	assert_int_equal(size_for("8192 a b\n", "a b"), 8192);
	assert_int_equal(size_for("8192 a b\n", "a"), -1);
	assert_int_equal(size_for("8192 a#\n", "a"), -1);
}

static void an_index_has_an_expression_behind_it(void **state)
{
	static const struct {
		const char *text;
		unsigned int index;
	} cases[] = {
		{ "4096 1 a1\n", 1 }, { "4096 0 a1\n", 0 },    { "4096 a1\n", 0 },     { "4096 1\n", 0 },
		{ "4096 1 \n", 0 },   { "4096 [0-9] ?\n", 0 }, { "4096 12 a1\n", 12 }, { "4096 1 1\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct erofs_compress_hints *hints = read_hints(cases[i].text);
		const struct erofs_compress_hint *hint = erofs_writer_compress_hints_find(hints, "a1");

		assert_non_null(hint);
		assert_int_equal(hint->compression, cases[i].index);
		erofs_compress_hints_free(hints);
	}
}

static void bad_lines_are_reported_by_number(void **state)
{
	static const struct {
		const char *text, *report;
	} cases[] = {
		{ "4096 a\nabc a\n", ":2: 'abc' is no size" },
		{ "-4096 a\n", ":1: '-4096' is no size" },
		{ "\n\n4096\n", ":3: no regular expression" },
		{ "4096   \n", ":1: no regular expression" },
		{ "4096 a\n4096 (a\n", ":2: bad regular expression '(a'" },
	};
	struct erofs_compress_hints *hints;
	struct messages messages;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(cases[i].text, strlen(cases[i].text));
		messages_init(&messages);
		assert_int_equal(erofs_compress_hints_read(&hints, path, &messages.diag), -EINVAL);
		assert_null(hints);
		assert_int_equal(messages.count, 1);
		assert_non_null(strstr(messages.last, cases[i].report));
		assert_ptr_equal(strstr(messages.last, path), messages.last);
	}
}

static void sizes_that_no_cluster_has_are_warnings(void **state)
{
	static const char *const sizes[] = { "16K", "1048577", "2097152", "99999999999999999999", "0x1000" };
	const struct erofs_build_options options = { .blkszbits = 12, .pcluster_size = 8192 };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct erofs_compress_hints *hints;
		struct messages messages;

		snprintf(text, sizeof(text), "4096 b\n%s a\n", sizes[i]);
		write_file(text, strlen(text));
		messages_init(&messages);
		messages.diag.verbosity = EROFS_SEV_WARNING;
		assert_int_equal(erofs_compress_hints_read(&hints, path, &messages.diag), 0);
		assert_int_equal(messages.count, 1);
		snprintf(text, sizeof(text), ":2: '%s' is no number of bytes", sizes[i]);
		assert_non_null(strstr(messages.last, text));
		assert_int_equal(erofs_writer_hinted_size(erofs_writer_compress_hints_find(hints, "a"), &options),
				 8192);
		assert_int_equal(erofs_writer_hinted_size(erofs_writer_compress_hints_find(hints, "b"), &options),
				 4096);
		erofs_compress_hints_free(hints);
	}
	assert_int_equal(erofs_writer_hinted_size(NULL, &options), 8192);
}

static void other_files_are_refused(void **state)
{
	struct erofs_compress_hints *hints;
	struct messages messages;

	(void)state;
	write_file("4096 a\0b\n", 9);
	messages_init(&messages);
	assert_int_equal(erofs_compress_hints_read(&hints, path, &messages.diag), -EINVAL);
	assert_int_equal(messages.count, 1);
	messages_init(&messages);
	assert_int_equal(erofs_compress_hints_read(&hints, "/nowhere/hints", &messages.diag), -ENOENT);
	assert_int_equal(messages.count, 1);
	messages_init(&messages);
	assert_int_equal(erofs_compress_hints_read(&hints, "/", &messages.diag), -EISDIR);
	assert_int_equal(messages.count, 1);
	assert_null(hints);
}

static void many_lines_are_kept(void **state)
{
	struct erofs_build_options options = { .blkszbits = 9 };
	struct erofs_compress_hints *hints;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	for (unsigned int i = 0; i < 100; i++)
		fprintf(file, "%u ^%u$\n", 512 * i, i);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(erofs_compress_hints_read(&hints, path, NULL), 0);
	assert_int_equal(erofs_writer_compress_hints_find(hints, "0")->pcluster_size, 0);
	assert_int_equal(erofs_writer_compress_hints_find(hints, "99")->pcluster_size, 512 * 99);
	options.hints = hints;
	assert_int_equal(erofs_writer_compress_hints_largest(&options), 512 * 99);
	options.blkszbits = 12;
	assert_int_equal(erofs_writer_compress_hints_largest(&options), 512 * 96);
	options.pcluster_size = 65536;
	assert_int_equal(erofs_writer_compress_hints_largest(&options), 65536);
	assert_null(erofs_writer_compress_hints_find(hints, "100"));
	erofs_compress_hints_free(hints);
}

static void no_hints_are_none(void **state)
{
	const struct erofs_build_options options = { .blkszbits = 12 };

	(void)state;
	assert_null(erofs_writer_compress_hints_find(NULL, "a"));
	assert_int_equal(erofs_writer_compress_hints_largest(&options), 0);
	assert_int_equal(erofs_writer_compress_hints_check(&options, NULL), 0);
	erofs_compress_hints_free(NULL);
}

static int check(const char *text, unsigned int blkszbits, unsigned int algorithms)
{
	struct erofs_compress_hints *hints = read_hints(text);
	const struct erofs_build_options options = {
		.blkszbits = blkszbits,
		.compression_count = algorithms,
		.hints = hints,
	};
	struct messages messages;
	int err;

	messages_init(&messages);
	err = erofs_writer_compress_hints_check(&options, &messages.diag);
	assert_int_equal(messages.count, err ? 1 : 0);
	erofs_compress_hints_free(hints);
	return err;
}

/* How many lines have a size of no whole blocks. */
static unsigned int warnings(const char *text, unsigned int blkszbits)
{
	struct erofs_compress_hints *hints = read_hints(text);
	const struct erofs_build_options options = { .blkszbits = blkszbits, .compression_count = 1, .hints = hints };
	struct messages messages;

	messages_init(&messages);
	messages.diag.verbosity = EROFS_SEV_WARNING;
	erofs_writer_compress_hints_warn(&options, &messages.diag);
	erofs_compress_hints_free(hints);
	return messages.count;
}

static void hints_must_fit_the_options(void **state)
{
	(void)state;
	assert_int_equal(check("0 a\n4096 b\n65536 c\n", 12, 1), 0);
	assert_int_equal(check("4096 a\n512 b\n", 12, 1), 0);
	assert_int_equal(warnings("4096 a\n512 b\n0 c\n5000 d\n16K e\n", 12), 2);
	assert_int_equal(warnings("4096 a\n512 b\n", 9), 0);
	assert_int_equal(check("4096 1 a\n", 12, 1), -EINVAL);
	assert_int_equal(check("4096 1 a\n", 12, 2), 0);
	assert_int_equal(check("4096 2 a\n", 12, 2), -EINVAL);
	assert_int_equal(check("4096 1 a\n", 12, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_match_anywhere),
		cmocka_unit_test(the_first_line_counts),
		cmocka_unit_test(lines_may_look_untidy),
		cmocka_unit_test(an_index_has_an_expression_behind_it),
		cmocka_unit_test(bad_lines_are_reported_by_number),
		cmocka_unit_test(sizes_that_no_cluster_has_are_warnings),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(many_lines_are_kept),
		cmocka_unit_test(no_hints_are_none),
		cmocka_unit_test(hints_must_fit_the_options),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
