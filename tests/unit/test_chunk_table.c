/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/chunk_table.h"

#include <erofs/inode.h>

#include "tests/unit/unit.h"

static void add(struct erofs_chunk_table *table, const uint64_t *sums, size_t count, uint32_t block, uint32_t blocks)
{
	assert_int_equal(erofs_writer_chunk_table_add(table, sums, count, block, blocks), 0);
}

static uint32_t find(const struct erofs_chunk_table *table, const uint64_t *sums, size_t count)
{
	return erofs_writer_chunk_table_find(table, sums, count, 1);
}

static void the_first_is_found(void **state)
{
	const uint64_t sums[] = { 5, 6, 7, 5 };
	struct erofs_chunk_table table = { 0 };

	(void)state;
	assert_int_equal(find(&table, sums, 1), EROFS_NULL_BLOCK);
	add(&table, sums, 4, 100, 1);
	assert_int_equal(find(&table, &sums[0], 1), 100);
	assert_int_equal(find(&table, &sums[3], 1), 100);
	assert_int_equal(find(&table, &sums[1], 2), 101);
	assert_int_equal(find(&table, &sums[0], 4), 100);
	erofs_writer_chunk_table_release(&table);
}

/* Several granules have to lie one behind the other. */
static void rows_are_found_whole(void **state)
{
	const uint64_t sums[] = { 5, 6 }, other[] = { 5, 9 }, more[] = { 5, 6, 8 };
	struct erofs_chunk_table table = { 0 };

	(void)state;
	add(&table, &sums[0], 1, 100, 1);
	add(&table, &sums[1], 1, 102, 1);
	assert_int_equal(find(&table, sums, 2), EROFS_NULL_BLOCK);
	assert_int_equal(find(&table, other, 2), EROFS_NULL_BLOCK);
	assert_int_equal(find(&table, more, 3), EROFS_NULL_BLOCK);
	assert_int_equal(erofs_writer_chunk_table_find(&table, sums, 2, 2), 100);
	erofs_writer_chunk_table_release(&table);
}

static void zeros_are_found_with_others(void **state)
{
	const uint64_t sums[] = { 0, 0, 4, 0, 3 }, zeros[] = { 0, 0 }, in_front[] = { 0, 0, 0, 4 };
	struct erofs_chunk_table table = { 0 };

	(void)state;
	add(&table, sums, 5, 100, 1);
	assert_int_equal(find(&table, zeros, 2), EROFS_NULL_BLOCK);
	assert_int_equal(find(&table, &sums[1], 3), 101);
	assert_int_equal(find(&table, &sums[3], 2), 103);
	assert_int_equal(find(&table, in_front, 4), EROFS_NULL_BLOCK);
	erofs_writer_chunk_table_release(&table);
}

static void what_was_cut_is_gone(void **state)
{
	const uint64_t first[] = { 1, 2 }, second[] = { 3, 1 };
	struct erofs_chunk_table table = { 0 };

	(void)state;
	add(&table, first, 2, 100, 1);
	erofs_writer_chunk_table_cut(&table, 0);
	assert_int_equal(find(&table, &first[0], 1), EROFS_NULL_BLOCK);
	add(&table, second, 2, 200, 1);
	assert_int_equal(find(&table, &first[1], 1), EROFS_NULL_BLOCK);
	assert_int_equal(find(&table, &first[0], 1), 201);
	erofs_writer_chunk_table_cut(&table, 1);
	assert_int_equal(find(&table, &second[0], 1), 200);
	assert_int_equal(find(&table, &second[1], 1), EROFS_NULL_BLOCK);
	erofs_writer_chunk_table_release(&table);
}

static void the_table_has_an_end(void **state)
{
	struct erofs_chunk_table table = { 0 };
	uint64_t sum = 1;

	(void)state;
	for (uint32_t i = 0; i < EROFS_CHUNK_TABLE_MOST; i++) {
		sum = i + UINT64_C(1);
		if (erofs_writer_chunk_table_add(&table, &sum, 1, i, 1))
			fail();
	}
	sum++;
	add(&table, &sum, 1, 7, 1);
	assert_int_equal(table.count, EROFS_CHUNK_TABLE_MOST);
	assert_int_equal(find(&table, &sum, 1), EROFS_NULL_BLOCK);
	sum = 1;
	assert_int_equal(find(&table, &sum, 1), 0);
	erofs_writer_chunk_table_release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_found),	       cmocka_unit_test(rows_are_found_whole),
		cmocka_unit_test(zeros_are_found_with_others), cmocka_unit_test(what_was_cut_is_gone),
		cmocka_unit_test(the_table_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
