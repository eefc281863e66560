/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/writer/meta/row.h"

static void test_fills_from_the_front(void **state)
{
	struct erofs_row row = { 0 };

	(void)state;
	assert_int_equal(erofs_writer_row_begin(&row, 100, 120), 0);
	memset(row.bytes, 0xff, 20);
	erofs_writer_row_append(&row, "abcd", 4);
	erofs_writer_row_pad(&row, 108);
	erofs_writer_row_append(&row, "", 0);
	erofs_writer_row_append(&row, "efgh", 4);
	assert_int_equal(row.position, 112);
	assert_memory_equal(row.bytes, "abcd\0\0\0\0efgh\xff\xff", 14);
	erofs_writer_row_release(&row);
}

static void test_leaves_what_is_there(void **state)
{
	struct erofs_row row = { 0 };

	(void)state;
	assert_int_equal(erofs_writer_row_begin(&row, 4096, 4112), 0);
	memcpy(erofs_writer_row_at(&row, 4100), "tail", 4);
	erofs_writer_row_append(&row, "body", 4);
	erofs_writer_row_skip(&row, 4);
	erofs_writer_row_pad(&row, row.end);
	assert_memory_equal(row.bytes, "bodytail\0\0\0\0\0\0\0\0", 16);
	erofs_writer_row_release(&row);
}

/* As far behind a page as in the output, and used again for a smaller and for a larger one. */
static void test_lies_like_the_page_cache(void **state)
{
	static const uint64_t starts[] = { 0, 512, 4095, 8192 + 7, UINT64_C(1) << 40 };
	struct erofs_row row = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		uint64_t size = i % 2 ? 3 : 100000 + 10000 * i;

		assert_int_equal(erofs_writer_row_begin(&row, starts[i], starts[i] + size), 0);
		assert_int_equal((uintptr_t)row.bytes % 4096, starts[i] % 4096);
		erofs_writer_row_pad(&row, row.end);
		assert_int_equal(row.bytes[size - 1], 0);
	}
	assert_int_equal(erofs_writer_row_begin(&row, 4096, 4096), 0);
	assert_non_null(row.bytes);
	erofs_writer_row_release(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills_from_the_front),
		cmocka_unit_test(test_leaves_what_is_there),
		cmocka_unit_test(test_lies_like_the_page_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
