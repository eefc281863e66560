/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/array.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

struct item {
	uint64_t number;
	char odd[5];
};

static void items_stay_while_it_grows(void **state)
{
	struct item *items = NULL;
	size_t room = 0, moves = 0;

	(void)state;
	for (size_t i = 0; i < 100000; i++) {
		size_t before = room;

		assert_int_equal(erofs_array_reserve(&items, &room, i + 1), 0);
		assert_true(room > i);
		moves += room != before;
		items[i].number = i;
	}
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(items[i].number, i);
	assert_in_range(moves, 2, 30);
	free(items);
}

static void much_room_comes_at_once(void **state)
{
	char *bytes = NULL;
	size_t room = 0;

	(void)state;
	assert_int_equal(erofs_array_reserve(&bytes, &room, 0), 0);
	assert_null(bytes);
	assert_int_equal(erofs_array_reserve(&bytes, &room, 5000), 0);
	assert_int_equal(room, 5000);
	bytes[4999] = 1;
	assert_int_equal(erofs_array_reserve(&bytes, &room, 10), 0);
	assert_int_equal(room, 5000);
	free(bytes);
}

/* More items than fit into a size_t of bytes must not become a small array. */
static void failure_leaves_all_as_it_was(void **state)
{
	struct item *items = NULL, *before;
	size_t room = 0;

	(void)state;
	assert_int_equal(erofs_array_reserve(&items, &room, 1), 0);
	items[0].number = 7;
	before = items;
	assert_int_equal(erofs_array_reserve(&items, &room, SIZE_MAX / sizeof(*items) + 2), -ENOMEM);
	assert_int_equal(erofs_array_reserve(&items, &room, SIZE_MAX), -ENOMEM);
	assert_ptr_equal(items, before);
	assert_int_equal(items[0].number, 7);
	assert_int_equal(room, 64);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_stay_while_it_grows),
		cmocka_unit_test(much_room_comes_at_once),
		cmocka_unit_test(failure_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
