/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/index/chunk_list.h"

#include <erofs/inode.h>

#include "tests/unit/unit.h"

static void append(struct erofs_buffer *runs, uint32_t block, uint64_t count)
{
	assert_int_equal(erofs_writer_runs_append(runs, block, count), 0);
}

static size_t count_of(const struct erofs_buffer *runs)
{
	return runs->size / sizeof(struct erofs_chunk_run);
}

static void runs_go_on(void **state)
{
	struct erofs_buffer runs = { 0 };

	(void)state;
	append(&runs, 10, 2);
	append(&runs, 12, 3);
	assert_int_equal(count_of(&runs), 1);
	append(&runs, 16, 1);
	append(&runs, EROFS_NULL_BLOCK, 4);
	append(&runs, EROFS_NULL_BLOCK, 4);
	assert_int_equal(count_of(&runs), 3);
	/* Behind a hole there is no block that would go on. */
	append(&runs, 7, 1);
	append(&runs, 7, 1);
	assert_int_equal(count_of(&runs), 5);
	erofs_buffer_release(&runs);
}

static void chunks_are_as_large_as_runs_allow(void **state)
{
	struct erofs_buffer runs = { 0 };

	(void)state;
	append(&runs, 10, 3);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, 3 * 4096 - 1, 12), 14);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, 4096, 12), 12);
	append(&runs, 13, 5);
	append(&runs, 100, 8);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, 16 * 4096, 12), 15);
	append(&runs, EROFS_NULL_BLOCK, 2);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, 18 * 4096, 12), 15);
	append(&runs, 5, 1);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, 19 * 4096, 12), 13);
	append(&runs, 7, 1);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, 20 * 4096, 12), 12);
	erofs_buffer_release(&runs);
}

/* A hole that takes several runs, and chunks that the format allows no larger. */
static void long_holes_are_one(void **state)
{
	struct erofs_buffer runs = { 0 };
	uint64_t blocks = UINT64_C(1) << 34;

	(void)state;
	append(&runs, EROFS_NULL_BLOCK, blocks);
	assert_true(count_of(&runs) > 1);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, blocks << 9, 9), 9 + 31);
	append(&runs, 5, 1);
	assert_int_equal(erofs_writer_runs_chunkbits(&runs, (blocks << 9) + 1, 9), 9 + 31);
	erofs_buffer_release(&runs);
}

static void lists_come_back(void **state)
{
	struct erofs_buffer runs = { 0 }, lists = { 0 };
	struct erofs_chunk_list_cursor cursor;
	uint64_t first, second;

	(void)state;
	append(&runs, 10, 2);
	append(&runs, EROFS_NULL_BLOCK, 2);
	append(&runs, 4, 1);
	assert_int_equal(erofs_writer_chunk_lists_add(&lists, &first, &runs, 13), 0);
	runs.size = 0;
	append(&runs, 77, 1);
	assert_int_equal(erofs_writer_chunk_lists_add(&lists, &second, &runs, 12), 0);
	cursor = erofs_writer_chunk_list_open(&lists, first);
	assert_int_equal(cursor.chunkbits, 13);
	assert_int_equal(erofs_writer_chunk_list_block(&cursor, 0), 10);
	assert_int_equal(erofs_writer_chunk_list_block(&cursor, 1), 11);
	assert_int_equal(erofs_writer_chunk_list_block(&cursor, 3), EROFS_NULL_BLOCK);
	assert_int_equal(erofs_writer_chunk_list_block(&cursor, 4), 4);
	cursor = erofs_writer_chunk_list_open(&lists, second);
	assert_int_equal(cursor.chunkbits, 12);
	assert_int_equal(erofs_writer_chunk_list_block(&cursor, 0), 77);
	erofs_buffer_release(&runs);
	erofs_buffer_release(&lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_go_on),
		cmocka_unit_test(chunks_are_as_large_as_runs_allow),
		cmocka_unit_test(long_holes_are_one),
		cmocka_unit_test(lists_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
