/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/reader/nidset.h"

#include "tests/unit/growth.h"
#include "tests/unit/unit.h"

static void each_is_added_once(void **state)
{
	struct erofs_nidset set = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 20000; i++)
		assert_int_equal(erofs_reader_nidset_add(&set, i * 7), 1);
	for (uint64_t i = 0; i < 20000; i++)
		assert_int_equal(erofs_reader_nidset_add(&set, i * 7), 0);
	assert_int_equal(erofs_reader_nidset_add(&set, 1), 1);
	assert_int_equal(erofs_reader_nidset_add(&set, UINT64_MAX - 1), 1);
	assert_int_equal(erofs_reader_nidset_add(&set, UINT64_MAX - 1), 0);
	erofs_reader_nidset_release(&set);
}

static void add_numbers(const void *ctx, uint32_t count)
{
	const uint64_t *step = ctx;
	struct erofs_nidset set = { 0 };

	/* The set stores the number plus one. */
	for (uint64_t i = 1; i <= count; i++)
		assert_int_equal(erofs_reader_nidset_add(&set, i * *step - 1), 1);
	erofs_reader_nidset_release(&set);
}

static void chosen_numbers_cost_no_more_than_others(void **state)
{
	static const uint64_t steps[] = HOSTILE_STEPS;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_grows_linearly(add_numbers, &steps[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_added_once),
		cmocka_unit_test(chosen_numbers_cost_no_more_than_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
