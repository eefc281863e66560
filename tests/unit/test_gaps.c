/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/gaps.h"

#include <erofs/inode.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

static void assert_takes(struct erofs_gaps *gaps, uint64_t size, uint64_t place)
{
	uint64_t start = UINT64_MAX;

	assert_int_equal(erofs_writer_gaps_take(gaps, &start, size), 1);
	assert_int_equal(start, place);
}

static void assert_takes_nothing(struct erofs_gaps *gaps, uint64_t size)
{
	uint64_t start;

	assert_int_equal(erofs_writer_gaps_take(gaps, &start, size), 0);
}

static void without_room_there_is_none(void **state)
{
	struct erofs_gaps gaps;

	(void)state;
	erofs_writer_gaps_init(&gaps);
	assert_takes_nothing(&gaps, 32);
	assert_int_equal(erofs_writer_gaps_add(&gaps, 64, 64, 4096), 0);
	assert_takes_nothing(&gaps, 1);
	assert_int_equal(erofs_writer_gaps_add(&gaps, 0, 4096, 4096), 0);
	assert_takes_nothing(&gaps, 4097);
	assert_takes_nothing(&gaps, UINT32_MAX);
	assert_takes(&gaps, 4096, 0);
	assert_takes_nothing(&gaps, 1);
	erofs_writer_gaps_release(&gaps);
}

static void the_smallest_that_fits_is_taken(void **state)
{
	struct erofs_gaps gaps;

	(void)state;
	erofs_writer_gaps_init(&gaps);
	assert_int_equal(erofs_writer_gaps_add(&gaps, 4096, 4096 + 320, 4096), 0);
	assert_int_equal(erofs_writer_gaps_add(&gaps, 8192, 8192 + 96, 4096), 0);
	assert_int_equal(erofs_writer_gaps_add(&gaps, 12288, 12288 + 64, 4096), 0);
	assert_int_equal(erofs_writer_gaps_add(&gaps, 16384, 16384 + 96, 4096), 0);
	/* 65 bytes take three slots: of two such pieces the newer one. */
	assert_takes(&gaps, 65, 16384);
	assert_takes(&gaps, 96, 8192);
	/* What is left of the largest is used further. */
	assert_takes(&gaps, 96, 4096);
	assert_takes(&gaps, 64, 12288);
	assert_takes(&gaps, 33, 4096 + 96);
	assert_takes(&gaps, 160, 4096 + 160);
	assert_takes_nothing(&gaps, 1);
	erofs_writer_gaps_release(&gaps);
}

static void pieces_end_at_block_boundaries(void **state)
{
	struct erofs_gaps gaps;

	(void)state;
	erofs_writer_gaps_init(&gaps);
	assert_int_equal(erofs_writer_gaps_add(&gaps, 512 - 64, 1024 + 96, 512), 0);
	assert_takes(&gaps, 512, 512);
	assert_takes_nothing(&gaps, 97);
	assert_takes(&gaps, 96, 1024);
	assert_takes(&gaps, 64, 512 - 64);
	assert_takes_nothing(&gaps, 1);
	erofs_writer_gaps_release(&gaps);
}

#define BLOCKS 512u

/* No slot is given twice, none outside of what was added, nothing across a block's end, and in the end nothing is lost. */
static void all_room_is_given_once(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (uint32_t blksz = 512; blksz <= 4096; blksz *= 2) {
		uint32_t slots = BLOCKS * blksz / EROFS_NID_SLOT;
		uint8_t *free_slots = test_calloc(slots, 1); /* 1: added and not taken */
		struct erofs_gaps gaps;
		uint64_t start, at = 0;

		erofs_writer_gaps_init(&gaps);
		while (at < slots) {
			uint64_t end = at + random_next(&random) % (3 * blksz / EROFS_NID_SLOT);
			uint64_t size = 1 + random_next(&random) % blksz;

			end = end < slots ? end : slots;
			assert_int_equal(erofs_writer_gaps_add(&gaps, at * EROFS_NID_SLOT, end * EROFS_NID_SLOT, blksz),
					 0);
			for (; at < end; at++)
				free_slots[at] = 1;
			at += random_next(&random) % 20;
			if (erofs_writer_gaps_take(&gaps, &start, size) != 1)
				continue;
			assert_int_equal(start / blksz, (start + size - 1) / blksz);
			for (uint64_t slot = start / EROFS_NID_SLOT; slot * EROFS_NID_SLOT < start + size; slot++)
				assert_int_equal(free_slots[slot]--, 1);
		}
		while (erofs_writer_gaps_take(&gaps, &start, 1) == 1)
			assert_int_equal(free_slots[start / EROFS_NID_SLOT]--, 1);
		for (uint32_t slot = 0; slot < slots; slot++)
			assert_int_equal(free_slots[slot], 0);
		erofs_writer_gaps_release(&gaps);
		test_free(free_slots);
	}
}

static void records_are_used_again(void **state)
{
	struct erofs_gaps gaps;

	(void)state;
	erofs_writer_gaps_init(&gaps);
	for (uint64_t i = 0; i < 100000; i++) {
		assert_int_equal(erofs_writer_gaps_add(&gaps, i * 4096, i * 4096 + 96, 4096), 0);
		assert_takes(&gaps, 32, i * 4096);
		assert_takes(&gaps, 64, i * 4096 + 32);
	}
	assert_true(gaps.room <= 256);
	erofs_writer_gaps_release(&gaps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_room_there_is_none),	  cmocka_unit_test(the_smallest_that_fits_is_taken),
		cmocka_unit_test(pieces_end_at_block_boundaries), cmocka_unit_test(all_room_is_given_once),
		cmocka_unit_test(records_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
