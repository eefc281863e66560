/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/tool.h"

#include "common/units.h"
#include "tests/unit/unit.h"

/* Numbers and sizes on command lines, and sizes in messages: what is beyond the limit is refused, never another number. */

static void numbers_have_no_sign_and_no_end(void **state)
{
	static const char *const wrong[] = {
		"", "-1", "+1", " 1", "1 ", "1k", "0x", "x", "1.5", "18446744073709551616"
	};
	uint64_t value = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(tool_parse_number(&value, wrong[i], UINT64_MAX));
	assert_false(tool_parse_number(&value, "101", 100));
	assert_int_equal(value, 77);
	assert_true(tool_parse_number(&value, "100", 100));
	assert_int_equal(value, 100);
	assert_true(tool_parse_number(&value, "0x10", 100));
	assert_int_equal(value, 16);
	assert_true(tool_parse_number(&value, "18446744073709551615", UINT64_MAX));
	assert_true(value == UINT64_MAX);
}

static void signed_numbers_have_both_ends(void **state)
{
	static const char *const wrong[] = { "", "-", "--1", "+1", "- 1", "-1x", "9223372036854775808" };
	int64_t value = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(tool_parse_signed(&value, wrong[i], INT64_MIN, INT64_MAX));
	assert_false(tool_parse_signed(&value, "-6", -5, 5));
	assert_false(tool_parse_signed(&value, "6", -5, 5));
	assert_int_equal(value, 77);
	assert_true(tool_parse_signed(&value, "-5", -5, 5));
	assert_int_equal(value, -5);
	assert_true(tool_parse_signed(&value, "-9223372036854775808", INT64_MIN, INT64_MAX));
	assert_true(value == INT64_MIN);
}

/* The limit is one of bytes: with a suffix, too. */
static void sizes_are_limited_in_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} right[] = { { "0", 0 },	 { "17", 17 },
		      { "1k", 1024 },	 { "0x10K", 16384 },
		      { "3M", 3 << 20 }, { "2g", UINT64_C(2) << 30 },
		      { "0T", 0 },	 { "1T", UINT64_C(1) << 40 } };
	static const char *const wrong[] = { "", "K", "1KB", "-1K", "1 K", "1025G", "2T", "1048577M", "1073741825K",
					     /* What is left of them in 64 bits would do. */
					     "16777216T", "16777217T", "17179869185G", "18014398509481985K" };
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_true(tool_parse_size(&value, right[i].text, UINT64_C(1) << 40));
		assert_true(value == right[i].bytes);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (tool_parse_size(&value, wrong[i], UINT64_C(1) << 40))
			fail_msg("'%s' is %llu", wrong[i], (unsigned long long)value);
	assert_true(tool_parse_size(&value, "16777215T", UINT64_MAX));
	assert_false(tool_parse_size(&value, "16777216T", UINT64_MAX));
	assert_false(tool_parse_size(&value, "00000000000000000000000000000001K", UINT64_MAX));
}

/* Rounded, they never come to 1024 of a unit. */
static void shown_sizes_change_their_unit_in_time(void **state)
{
	char text[TOOL_SIZE_MAX];

	(void)state;
	assert_string_equal(tool_format_size(text, 0), "0 B");
	assert_string_equal(tool_format_size(text, 1023), "1023 B");
	assert_string_equal(tool_format_size(text, 1024), "1.0 KiB");
	assert_string_equal(tool_format_size(text, 1048524), "1023.9 KiB");
	assert_string_equal(tool_format_size(text, 1048575), "1.0 MiB");
	assert_string_equal(tool_format_size(text, UINT64_C(5) << 39), "2.5 TiB");
	assert_string_equal(tool_format_size(text, UINT64_MAX), "16.0 EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_no_sign_and_no_end),
		cmocka_unit_test(signed_numbers_have_both_ends),
		cmocka_unit_test(sizes_are_limited_in_bytes),
		cmocka_unit_test(shown_sizes_change_their_unit_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
