/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_dirent.h"

#include <string.h>

#include "tests/unit/unit.h"

static void entries_are_as_the_format_says(void **state)
{
	static const uint8_t golden[EROFS_DIRENT_SIZE] = "\x08\x07\x06\x05\x04\x03\x02\x01"
							 "\x0a\x09"
							 "\x07";
	const struct erofs_dirent_record record = { .nid = 0x0102030405060708, .nameoff = 0x090a, .file_type = 7 };
	struct erofs_dirent_record out;
	uint8_t bytes[EROFS_DIRENT_SIZE];

	(void)state;
	memset(bytes, 0xaa, sizeof(bytes));
	erofs_dirent_encode(&record, bytes);
	assert_memory_equal(bytes, golden, sizeof(golden));
	erofs_dirent_decode(&out, bytes);
	assert_int_equal(out.nid, record.nid);
	assert_int_equal(out.nameoff, record.nameoff);
	assert_int_equal(out.file_type, record.file_type);
	assert_int_equal(out.reserved, 0);
	bytes[11] = 9;
	erofs_dirent_decode(&out, bytes);
	assert_int_equal(out.reserved, 9);
}

static int compare(const char *a, const char *b)
{
	int order = erofs_name_compare(a, strlen(a), b, strlen(b));

	return (order > 0) - (order < 0);
}

static void names_are_ordered_by_unsigned_bytes(void **state)
{
	static const char *const ascending[] = { "!x", "-x", ".",  "..", "...",	 "..x",	 ".a",	 "A",
						 "a",  "aa", "ab", "b",	 "\x7f", "\x80", "\xff", "\xff\xff" };
	const size_t count = sizeof(ascending) / sizeof(ascending[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			assert_int_equal(compare(ascending[i], ascending[k]), (i > k) - (i < k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_as_the_format_says),
		cmocka_unit_test(names_are_ordered_by_unsigned_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
