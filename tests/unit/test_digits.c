/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/digits.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void hex_goes_both_ways(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x9f, 0xa0, 0xff };
	uint8_t out[4];
	char digits[9];

	(void)state;
	erofs_hex_encode(digits, bytes, 4);
	assert_string_equal(digits, "009fa0ff");
	assert_true(erofs_hex_decode(out, "009fA0Ff", 8));
	assert_memory_equal(out, bytes, 4);
	assert_true(erofs_hex_decode(out, "", 0));
	erofs_hex_encode(digits, bytes, 0);
	assert_string_equal(digits, "");
}

static void other_characters_are_no_hex(void **state)
{
	uint8_t out[2];

	(void)state;
	assert_false(erofs_hex_decode(out, "abc", 3));
	assert_false(erofs_hex_decode(out, "0g", 2));
	assert_false(erofs_hex_decode(out, "g0", 2));
	assert_false(erofs_hex_decode(out,
				      "0\0"
				      "00",
				      4));
	for (int c = -128; c < 128; c++)
		assert_int_equal(erofs_hex_digit((char)c) >= 0, c && strchr("0123456789abcdefABCDEF", c) != NULL);
}

static void uuid_has_its_dashes(void **state)
{
	static const uint8_t uuid[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					  0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
	char text[37];

	(void)state;
	erofs_uuid_encode(text, uuid);
	assert_string_equal(text, "01234567-89ab-cdef-fedc-ba9876543210");
}

static void assert_base64(const char *text, const char *expected)
{
	uint8_t out[64];
	ssize_t size = erofs_base64_decode(out, text, strlen(text));

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, strlen(expected));
}

/* The examples of RFC 4648. */
static void base64_is_decoded(void **state)
{
	uint8_t out[8];

	(void)state;
	assert_base64("", "");
	assert_base64("Zg==", "f");
	assert_base64("Zg", "f");
	assert_base64("Zm8=", "fo");
	assert_base64("Zm9v", "foo");
	assert_base64("Zm9vYmFy", "foobar");
	assert_base64("+/+/", "\xfb\xff\xbf");
	assert_base64("Zg==what follows", "f");
	assert_int_equal(erofs_base64_decode(out, "Zm9v", 2), 1);
	assert_int_equal(erofs_base64_decode(out, "Zm-_", 4), -EINVAL);
	assert_int_equal(erofs_base64_decode(out, "Zm\n9", 4), -EINVAL);
	assert_int_equal(erofs_base64_decode(out,
					     "Zm\0"
					     "9",
					     4),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(other_characters_are_no_hex),
		cmocka_unit_test(uuid_has_its_dashes),
		cmocka_unit_test(base64_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
