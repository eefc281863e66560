/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/index.h"

#include "tests/unit/growth.h"
#include "tests/unit/unit.h"

static bool matches(const void *ctx, uint32_t number, const void *key)
{
	const uint64_t *values = ctx;

	return values[number] == *(const uint64_t *)key;
}

/* Fills an index with `count` values under hash(value) and looks for all of them and for as many others. */
static void fill_and_find(uint64_t (*hash)(uint64_t value), uint32_t count)
{
	struct erofs_index index = { 0 };
	uint64_t *values = test_malloc(count * sizeof(*values));

	for (uint32_t i = 0; i < count; i++) {
		values[i] = i * (uint64_t)3;
		assert_int_equal(erofs_index_add(&index, hash(values[i]), i), 0);
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t absent = i * (uint64_t)3 + 1;

		assert_int_equal(erofs_index_find(&index, hash(values[i]), matches, values, &values[i]), i);
		assert_int_equal(erofs_index_find(&index, hash(absent), matches, values, &absent), EROFS_INDEX_NONE);
	}
	erofs_index_release(&index);
	test_free(values);
}

static uint64_t identity(uint64_t value)
{
	return value;
}

static uint64_t shifted(uint64_t value)
{
	return value << 40;
}

static uint64_t constant(uint64_t value)
{
	(void)value;
	return 42;
}

static void good_and_bad_hashes(void **state)
{
	(void)state;
	fill_and_find(identity, 200000);
	fill_and_find(shifted, 100000);
	fill_and_find(constant, 2000);
}

static void an_empty_index_finds_nothing(void **state)
{
	struct erofs_index index = { 0 };
	uint64_t key = 1;

	(void)state;
	assert_int_equal(erofs_index_find(&index, 1, matches, &key, &key), EROFS_INDEX_NONE);
	erofs_index_release(&index);
	assert_int_equal(erofs_index_find(&index, 1, matches, &key, &key), EROFS_INDEX_NONE);
}

static void equal_objects_may_stand_twice(void **state)
{
	struct erofs_index index = { 0 };
	uint64_t *values = test_malloc(5000 * sizeof(*values));

	/* Each twice, and the first is found, wherever the rows lie that the seed makes of them. */
	(void)state;
	for (unsigned int round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			values[i] = i / 2;
			assert_int_equal(erofs_index_add(&index, i / 2 % 700, i), 0);
		}
		for (uint32_t i = 0; i < 5000; i++)
			assert_int_equal(erofs_index_find(&index, values[i] % 700, matches, values, &values[i]),
					 i & ~1u);
		erofs_index_release(&index);
	}
	test_free(values);
}

static void add_hashes(const void *ctx, uint32_t count)
{
	const uint64_t *step = ctx;
	struct erofs_index index = { 0 };

	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(erofs_index_add(&index, i * *step, i), 0);
	erofs_index_release(&index);
}

/* Hashes that a table without a seed would put into one row. */
static void chosen_hashes_cost_no_more_than_others(void **state)
{
	static const uint64_t steps[] = HOSTILE_STEPS;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_grows_linearly(add_hashes, &steps[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_and_bad_hashes),
		cmocka_unit_test(an_empty_index_finds_nothing),
		cmocka_unit_test(equal_objects_may_stand_twice),
		cmocka_unit_test(chosen_hashes_cost_no_more_than_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
