/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */

#include <stdlib.h>
#include <string.h>

#include <erofs/text.h>

#include "tests/unit/unit.h"

static void assert_escaped(const char *bytes, size_t size, const char *expected)
{
	char *text = erofs_escape(bytes, size);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void odd_bytes_become_octal(void **state)
{
	(void)state;
	assert_escaped("", 0, "");
	assert_escaped("plain name", 10, "plain name");
	assert_escaped("new\nline", 8, "new\\012line");
	assert_escaped("a\0b", 3, "a\\000b");
	assert_escaped("\\", 1, "\\134");
	assert_escaped("\x1b[31m\x7f", 6, "\\033[31m\\177");
	/* UTF-8 is left alone, what only looks like it is not. */
	assert_escaped("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x80", 9, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x80");
	assert_escaped("\xc3", 1, "\\303");
	assert_escaped("\xe2\x82", 2, "\\342\\202");
	assert_escaped("\xc0\xaf", 2, "\\300\\257");
	assert_escaped("\xe0\x80\xaf", 3, "\\340\\200\\257");
	assert_escaped("\xed\xa0\x80", 3, "\\355\\240\\200");
	assert_escaped("\xf4\x90\x80\x80", 4, "\\364\\220\\200\\200");
	assert_escaped("\xc2\x85", 2, "\\302\\205");
	assert_escaped("\xff\xfe", 2, "\\377\\376");
}

static void utf8_may_hold_control_characters(void **state)
{
	static const char *const bad[] = { "\xc3",	   "a\xff",
					   "\xe2\x82",	   "\xc0\xaf",
					   "\xed\xa0\x80", "\xf4\x90\x80\x80",
					   "\xc3\xa4\x80", "\xf8\x88\x80\x80\x80" };

	(void)state;
	assert_true(erofs_is_utf8("", 0));
	assert_true(erofs_is_utf8("a\0\n\\\x7f", 5));
	assert_true(erofs_is_utf8("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x80\xc2\x85\xef\xbf\xbf\xf4\x8f\xbf\xbf", 18));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(erofs_is_utf8(bad[i], strlen(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_bytes_become_octal),
		cmocka_unit_test(utf8_may_hold_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
