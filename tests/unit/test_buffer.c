/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/buffer.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void appends_add_up(void **state)
{
	struct erofs_buffer buffer = { 0 };

	(void)state;
	assert_int_equal(erofs_buffer_append(&buffer, "one", 3), 0);
	assert_int_equal(erofs_buffer_append_zeros(&buffer, 2), 0);
	assert_int_equal(erofs_buffer_append_text(&buffer, "two"), 0);
	assert_int_equal(erofs_buffer_append(&buffer, NULL, 0), 0);
	assert_int_equal(erofs_buffer_append_zeros(&buffer, 0), 0);
	assert_int_equal(buffer.size, 8);
	assert_memory_equal(buffer.data, "one\0\0two", 8);
	erofs_buffer_release(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.size, 0);
}

static void growing_keeps_the_content(void **state)
{
	struct erofs_buffer buffer = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(erofs_buffer_append(&buffer, &i, sizeof(i)), 0);
	for (uint32_t i = 0; i < 100000; i++)
		assert_memory_equal(buffer.data + 4 * i, &i, sizeof(i));
	erofs_buffer_release(&buffer);
}

static void reserving_changes_no_size(void **state)
{
	struct erofs_buffer buffer = { 0 };
	const uint8_t *data;

	(void)state;
	assert_int_equal(erofs_buffer_append(&buffer, "x", 1), 0);
	assert_int_equal(erofs_buffer_reserve(&buffer, 10000), 0);
	assert_int_equal(buffer.size, 1);
	data = buffer.data;
	assert_int_equal(erofs_buffer_append_zeros(&buffer, 9999), 0);
	assert_ptr_equal(buffer.data, data);
	erofs_buffer_release(&buffer);
}

static void too_much_leaves_it_unchanged(void **state)
{
	struct erofs_buffer buffer = { 0 };

	(void)state;
	assert_int_equal(erofs_buffer_append(&buffer, "keep", 4), 0);
	assert_int_equal(erofs_buffer_append_zeros(&buffer, SIZE_MAX - 2), -ENOMEM);
	assert_int_equal(erofs_buffer_append_zeros(&buffer, SIZE_MAX / 2), -ENOMEM);
	assert_int_equal(buffer.size, 4);
	assert_memory_equal(buffer.data, "keep", 4);
	erofs_buffer_release(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_add_up),
		cmocka_unit_test(growing_keeps_the_content),
		cmocka_unit_test(reserving_changes_no_size),
		cmocka_unit_test(too_much_leaves_it_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
