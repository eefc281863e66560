/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <erofs/inode.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

#define UNLIMITED (UINT64_MAX / 2)

static void assert_takes(struct erofs_zone *zone, uint64_t size, uint64_t place)
{
	uint64_t start = UINT64_MAX;

	assert_int_equal(erofs_writer_zone_take(zone, &start, size), 0);
	assert_int_equal(start, place);
	assert_int_equal(zone->end, place + size);
}

static void assert_takes_gap(struct erofs_zone *zone, uint64_t size, uint64_t place)
{
	uint64_t start = UINT64_MAX, end = zone->end;

	assert_int_equal(erofs_writer_zone_take_gap(zone, &start, size), 1);
	assert_int_equal(start, place);
	assert_int_equal(zone->end, end);
}

static void assert_no_gap(struct erofs_zone *zone, uint64_t size)
{
	uint64_t start;

	assert_int_equal(erofs_writer_zone_take_gap(zone, &start, size), 0);
}

/* ---- addresses ----------------------------------------------------------------------------------------------------------- */

static void data_follow_each_other(void **state)
{
	struct erofs_zone zone;

	(void)state;
	for (uint32_t blksz = 512; blksz <= 4096; blksz *= 2) {
		erofs_writer_zone_init(&zone, NULL, blksz, 3 * blksz, UNLIMITED);
		assert_takes(&zone, 1, 3 * blksz);
		assert_takes(&zone, 2 * blksz, 3 * blksz + 1);
		assert_int_equal(erofs_writer_zone_pad(&zone, 7), 0);
		assert_takes(&zone, 0, 5 * blksz + 8);
		assert_int_equal(erofs_writer_zone_align(&zone), 0);
		assert_int_equal(zone.end, 6 * blksz);
		/* Where a block begins, nothing is left over. */
		assert_int_equal(erofs_writer_zone_align(&zone), 0);
		assert_int_equal(zone.end, 6 * blksz);
		erofs_writer_zone_release(&zone);
	}
}

static void what_alignment_leaves_is_a_gap(void **state)
{
	struct erofs_zone zone;

	(void)state;
	for (uint32_t blksz = 512; blksz <= 4096; blksz *= 2) {
		erofs_writer_zone_init(&zone, NULL, blksz, blksz, UNLIMITED);
		assert_no_gap(&zone, 1);
		assert_takes(&zone, 33, blksz);
		assert_no_gap(&zone, 1);
		assert_int_equal(erofs_writer_zone_align(&zone), 0);
		assert_no_gap(&zone, blksz - 63);
		assert_takes_gap(&zone, blksz - 64 - 31, blksz + 64);
		/* A slot is left of it. */
		assert_no_gap(&zone, 33);
		assert_int_equal(erofs_writer_zone_align(&zone), 0);
		assert_no_gap(&zone, 33);
		assert_takes(&zone, blksz - 31, 2 * blksz);
		assert_int_equal(erofs_writer_zone_align(&zone), 0);
		assert_no_gap(&zone, 33);
		erofs_writer_zone_release(&zone);
	}
}

static void the_smallest_gap_that_fits_is_taken(void **state)
{
	struct erofs_zone zone;

	(void)state;
	erofs_writer_zone_init(&zone, NULL, 4096, 0, UNLIMITED);
	for (uint64_t block = 0; block < 3; block++) {
		static const uint64_t gaps[] = { 3200, 96, 512 };

		assert_takes(&zone, 4096 - gaps[block], block * 4096);
		assert_int_equal(erofs_writer_zone_align(&zone), 0);
	}
	assert_takes_gap(&zone, 70, 2 * 4096 - 96);
	assert_takes_gap(&zone, 70, 3 * 4096 - 512);
	assert_takes_gap(&zone, 416, 3 * 4096 - 416);
	assert_takes_gap(&zone, 1, 4096 - 3200);
	assert_takes_gap(&zone, 3168, 4096 - 3168);
	assert_no_gap(&zone, 1);
	erofs_writer_zone_release(&zone);
}

static void what_is_given_back_is_taken_again(void **state)
{
	struct erofs_zone zone;

	(void)state;
	erofs_writer_zone_init(&zone, NULL, 512, 1024, UNLIMITED);
	assert_takes(&zone, 512, 1024);
	assert_takes(&zone, 10000, 1536);
	erofs_writer_zone_give_back(&zone, 1536);
	assert_takes(&zone, 1, 1536);
	erofs_writer_zone_release(&zone);
}

/* No byte is handed out twice, and what comes from a gap lies in one block, in front of the end. */
static void no_byte_has_two_owners(void **state)
{
	enum { SIZE = 1 << 20 };
	uint8_t *used = test_calloc(SIZE, 1);
	uint64_t random = 7;

	(void)state;
	for (uint32_t blksz = 512; blksz <= 4096; blksz *= 2) {
		struct erofs_zone zone;

		memset(used, 0, SIZE);
		erofs_writer_zone_init(&zone, NULL, blksz, blksz, SIZE);
		for (;;) {
			uint64_t start, size = 1 + random_next(&random) % (2 * blksz), dice = random_next(&random) % 4;
			uint64_t before = zone.end;
			int taken = dice == 1 ? erofs_writer_zone_take_gap(&zone, &start, size) : 0;

			if (!dice)
				assert_int_equal(erofs_writer_zone_align(&zone), 0);
			if (!taken && erofs_writer_zone_take(&zone, &start, size) == -EFBIG)
				break;
			if (taken) {
				assert_int_equal(start / blksz, (start + size - 1) / blksz);
				assert_true(start + size <= before);
			}
			for (uint64_t at = start; at < start + size; at++)
				assert_int_equal(used[at]++, 0);
		}
		erofs_writer_zone_release(&zone);
	}
	test_free(used);
}

/* ---- limits -------------------------------------------------------------------------------------------------------------- */

static void the_limit_is_kept(void **state)
{
	uint64_t start = 99;
	struct erofs_zone zone;

	(void)state;
	erofs_writer_zone_init(&zone, NULL, 512, 512, 10000);
	assert_int_equal(erofs_writer_zone_take(&zone, &start, 9489), -EFBIG);
	assert_int_equal(erofs_writer_zone_take(&zone, &start, 10001), -EFBIG);
	assert_int_equal(erofs_writer_zone_take(&zone, &start, UINT64_MAX), -EFBIG);
	assert_int_equal(erofs_writer_zone_pad(&zone, 9489), -EFBIG);
	assert_int_equal(start, 99);
	assert_takes(&zone, 9488, 512);
	assert_int_equal(erofs_writer_zone_take(&zone, &start, 1), -EFBIG);
	/* Alignment goes beyond. */
	assert_int_equal(erofs_writer_zone_align(&zone), 0);
	assert_int_equal(erofs_writer_zone_take(&zone, &start, 0), -EFBIG);
	erofs_writer_zone_release(&zone);
}

static void the_block_number_of_a_hole_is_not_handed_out(void **state)
{
	(void)state;
	for (uint32_t blksz = 512; blksz <= 4096; blksz *= 2) {
		uint64_t start, last = (UINT64_C(0xFFFFFFFF) - 1) * blksz;
		struct erofs_zone zone;

		erofs_writer_zone_init(&zone, NULL, blksz, 2 * blksz, UNLIMITED);
		assert_int_equal(erofs_writer_zone_take(&zone, &start, last - blksz), -ERANGE);
		assert_takes(&zone, last - 2 * blksz, 2 * blksz);
		assert_takes(&zone, blksz - 1, last);
		assert_int_equal(erofs_writer_zone_take(&zone, &start, 1), -ERANGE);
		assert_int_equal(erofs_writer_zone_align(&zone), 0);
		assert_int_equal(erofs_writer_zone_take(&zone, &start, 1), -ERANGE);
		erofs_writer_zone_release(&zone);
	}
}

/* ---- old bytes ----------------------------------------------------------------------------------------------------------- */

#define FILE_BYTES ((size_t)64 * 1024)

struct stale {
	char path[64];
	struct erofs_output *output;
	struct erofs_zone zone;
	uint8_t bytes[FILE_BYTES];
};

static void open_stale(struct stale *stale, uint32_t blksz)
{
	int fd;

	strcpy(stale->path, "/tmp/erofs-zone-XXXXXX");
	fd = mkstemp(stale->path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(erofs_output_open(&stale->output, stale->path, 0, NULL), 0);
	memset(stale->bytes, 0xAA, FILE_BYTES);
	assert_int_equal(erofs_output_write(stale->output, stale->bytes, FILE_BYTES, 0), 0);
	erofs_writer_zone_init(&stale->zone, stale->output, blksz, blksz, FILE_BYTES);
}

static void close_stale(struct stale *stale)
{
	erofs_writer_zone_release(&stale->zone);
	erofs_output_close(stale->output);
	assert_int_equal(unlink(stale->path), 0);
}

/* Whether exactly bytes start..end-1 are zeros. */
static void assert_wiped(struct stale *stale, uint64_t start, uint64_t end)
{
	assert_int_equal(erofs_output_read(stale->output, stale->bytes, FILE_BYTES, 0), 0);
	for (uint64_t at = 0; at < FILE_BYTES; at++)
		assert_int_equal(stale->bytes[at], at >= start && at < end ? 0 : 0xAA);
}

static void a_new_file_needs_no_zeros(void **state)
{
	static struct stale stale;

	(void)state;
	open_stale(&stale, 512);
	assert_takes(&stale.zone, 100, 512);
	assert_int_equal(erofs_writer_zone_align(&stale.zone), 0);
	assert_int_equal(erofs_writer_zone_pad(&stale.zone, 1000), 0);
	assert_wiped(&stale, 0, 0);
	close_stale(&stale);
}

static void padding_over_old_bytes_is_written(void **state)
{
	static struct stale stale;

	(void)state;
	for (uint32_t blksz = 512; blksz <= 4096; blksz *= 2) {
		open_stale(&stale, blksz);
		assert_takes(&stale.zone, 20000, blksz);
		erofs_writer_zone_give_back(&stale.zone, blksz);
		assert_takes(&stale.zone, 100, blksz);
		assert_int_equal(erofs_writer_zone_align(&stale.zone), 0);
		assert_wiped(&stale, blksz + 100, 2 * blksz);
		assert_int_equal(erofs_writer_zone_pad(&stale.zone, 9000), 0);
		assert_wiped(&stale, blksz + 100, 2 * blksz + 9000);
		close_stale(&stale);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_follow_each_other),
		cmocka_unit_test(what_alignment_leaves_is_a_gap),
		cmocka_unit_test(the_smallest_gap_that_fits_is_taken),
		cmocka_unit_test(what_is_given_back_is_taken_again),
		cmocka_unit_test(no_byte_has_two_owners),
		cmocka_unit_test(the_limit_is_kept),
		cmocka_unit_test(the_block_number_of_a_hole_is_not_handed_out),
		cmocka_unit_test(a_new_file_needs_no_zeros),
		cmocka_unit_test(padding_over_old_bytes_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
