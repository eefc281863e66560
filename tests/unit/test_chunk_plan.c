/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/chunk_plan.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

#define UNITS 2048u /* of the smallest block, in files that are small enough to look at every one */

static struct erofs_data_map *new_map(uint32_t most)
{
	return test_calloc(1, sizeof(struct erofs_data_map) + most * sizeof(struct erofs_data_range));
}

/* A file of some units of 512 bytes, its end perhaps within one; `data` says by unit what is no hole. */
static struct erofs_data_map *random_map(uint64_t *random, bool data[UNITS], uint64_t *size)
{
	struct erofs_data_map *map = new_map(UNITS);
	uint32_t units = (uint32_t)(1 + random_next(random) % UNITS);
	uint32_t stretch = (uint32_t)(1 + random_next(random) % 64);
	bool on = random_next(random) % 2;

	memset(data, 0, UNITS * sizeof(*data));
	*size = (uint64_t)units * 512 - (random_next(random) % 2 ? random_next(random) % 512 : 0);
	for (uint32_t i = 0; i < units; i++) {
		if (random_next(random) % stretch == 0)
			on = !on;
		data[i] = on;
	}
	for (uint32_t i = 0; i < units; i++) {
		uint64_t end = (i + 1) * (uint64_t)512;

		if (!data[i])
			continue;
		if (!i || !data[i - 1])
			map->ranges[map->count++].start = i * (uint64_t)512;
		map->ranges[map->count - 1].end = end < *size ? end : *size;
	}
	return map;
}

static bool any_data(const bool data[UNITS], uint64_t start, uint64_t end)
{
	for (uint64_t i = start / 512; i * 512 < end && i < UNITS; i++)
		if (data[i])
			return true;
	return false;
}

static uint64_t slow_stored_bytes(uint64_t size, const bool data[UNITS], unsigned int bits)
{
	uint64_t stored = 0;

	for (uint64_t at = 0; at < size; at += UINT64_C(1) << bits) {
		uint64_t end = at + (UINT64_C(1) << bits);

		if (any_data(data, at, end))
			stored += (end < size ? end : size) - at;
	}
	return stored;
}

static void stored_bytes_are_those_of_chunks_with_data(void **state)
{
	uint64_t random = 2;

	(void)state;
	for (int round = 0; round < 300; round++) {
		bool data[UNITS];
		uint64_t size;
		struct erofs_data_map *map = random_map(&random, data, &size);

		for (unsigned int bits = 9; bits < 24; bits++)
			assert_int_equal(erofs_writer_chunk_stored_bytes(size, map, bits),
					 slow_stored_bytes(size, data, bits));
		test_free(map);
	}
}

/* No other chunk size, and not the flat form either, takes less. */
static void the_choice_is_the_smallest(void **state)
{
	uint64_t random = 3;
	unsigned int flat = 0, chunked = 0;

	(void)state;
	for (int round = 0; round < 500; round++) {
		unsigned int blkszbits = 9 + round % 4;
		bool data[UNITS];
		uint64_t size;
		struct erofs_data_map *map = random_map(&random, data, &size);
		uint8_t chosen = erofs_writer_chunk_choose(size, map, blkszbits);
		uint64_t least = size, got = size;

		for (unsigned int bits = blkszbits; bits <= blkszbits + 31; bits++) {
			uint64_t chunks = (size + (UINT64_C(1) << bits) - 1) >> bits;
			uint64_t cost = 4 * chunks + slow_stored_bytes(size, data, bits);

			least = cost < least ? cost : least;
			got = bits == chosen ? cost : got;
		}
		assert_true(!chosen || (chosen >= blkszbits && chosen <= blkszbits + 31));
		assert_int_equal(got, least);
		flat += !chosen;
		chunked += !!chosen;
		test_free(map);
	}
	assert_true(flat >= 10 && chunked > 100);
}

static void a_file_that_is_all_hole(void **state)
{
	struct erofs_data_map *map = new_map(1);

	(void)state;
	/* One entry for all of it, as far as a chunk can reach. */
	assert_int_equal(erofs_writer_chunk_stored_bytes(UINT64_C(1) << 40, map, 12), 0);
	assert_int_equal(erofs_writer_chunk_choose(UINT64_C(1) << 40, map, 12), 40);
	assert_int_equal(erofs_writer_chunk_choose((UINT64_C(1) << 40) + 1, map, 12), 41);
	assert_int_equal(erofs_writer_chunk_choose(UINT64_C(1) << 45, map, 12), 43);
	assert_int_equal(erofs_writer_chunk_choose(UINT64_C(1) << 45, map, 9), 40);
	/* Four bytes for the map are more than the file. */
	assert_int_equal(erofs_writer_chunk_choose(4, map, 12), 0);
	assert_int_equal(erofs_writer_chunk_choose(5, map, 12), 12);
	test_free(map);
}

static void data_at_the_very_end(void **state)
{
	struct erofs_data_map *map = new_map(2);
	uint64_t size = (UINT64_C(1) << 40) + 100;

	(void)state;
	map->count = 2;
	map->ranges[0] = (struct erofs_data_range){ 0, 4096 };
	map->ranges[1] = (struct erofs_data_range){ UINT64_C(1) << 40, size };
	assert_int_equal(erofs_writer_chunk_stored_bytes(size, map, 12), 4096 + 100);
	assert_int_equal(erofs_writer_chunk_stored_bytes(size, map, 20), (1 << 20) + 100);
	assert_int_equal(erofs_writer_chunk_stored_bytes(size, map, 41), size);
	test_free(map);
}

static void the_cursor_finds_data(void **state)
{
	uint64_t random = 4;

	(void)state;
	for (int round = 0; round < 300; round++) {
		bool data[UNITS];
		uint64_t size;
		struct erofs_data_map *map = random_map(&random, data, &size);
		unsigned int bits = 9 + round % 8;
		struct erofs_chunk_cursor cursor = { .map = map };

		for (uint64_t at = 0; at < size;) {
			uint64_t end = at + (UINT64_C(1) << bits);

			/* Sometimes more than once, sometimes not at all. */
			assert_int_equal(erofs_writer_chunk_has_data(&cursor, at, end), any_data(data, at, end));
			assert_int_equal(erofs_writer_chunk_has_data(&cursor, at, end), any_data(data, at, end));
			at = end + (random_next(&random) % 3 << bits);
		}
		test_free(map);
	}
}

static void maps_are_compared(void **state)
{
	struct erofs_data_map *a = new_map(2), *b = new_map(2);

	(void)state;
	assert_true(erofs_writer_chunk_same_map(a, b));
	a->count = b->count = 2;
	a->ranges[0] = b->ranges[0] = (struct erofs_data_range){ 0, 512 };
	a->ranges[1] = b->ranges[1] = (struct erofs_data_range){ 1024, 2048 };
	assert_true(erofs_writer_chunk_same_map(a, b));
	b->ranges[1].end++;
	assert_false(erofs_writer_chunk_same_map(a, b));
	b->ranges[1].end--;
	b->count = 1;
	assert_false(erofs_writer_chunk_same_map(a, b));
	test_free(a);
	test_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_bytes_are_those_of_chunks_with_data),
		cmocka_unit_test(the_choice_is_the_smallest),
		cmocka_unit_test(a_file_that_is_all_hole),
		cmocka_unit_test(data_at_the_very_end),
		cmocka_unit_test(the_cursor_finds_data),
		cmocka_unit_test(maps_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
