/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/pages.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/unit.h"

#define PAGE EROFS_PAGES_ELEMENTS

static void elements_begin_as_zeros(void **state)
{
	struct erofs_pages array;

	(void)state;
	assert_int_equal(erofs_pages_init(&array, sizeof(uint64_t), 3 * PAGE), 0);
	assert_int_equal(erofs_pages_fill(&array, 3 * PAGE + 1), 0);
	for (uint32_t i = 0; i <= 3 * PAGE; i++) {
		assert_int_equal(*(uint64_t *)erofs_pages_at(&array, i), 0);
		*(uint64_t *)erofs_pages_at(&array, i) = i + 1;
	}
	for (uint32_t i = 0; i <= 3 * PAGE; i++)
		assert_int_equal(*(uint64_t *)erofs_pages_at(&array, i), i + 1);
	erofs_pages_release(&array);
	erofs_pages_release(&array);
}

static void elements_stay_where_they_are(void **state)
{
	const uint32_t numbers[] = { PAGE - 1, PAGE, 0, UINT32_MAX, UINT32_MAX - PAGE, 7 * PAGE + 3 };
	struct erofs_pages array;
	uint8_t *places[6];

	(void)state;
	assert_int_equal(erofs_pages_init(&array, 3, UINT32_MAX), 0);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(erofs_pages_add(&array, numbers[i]), 0);
		places[i] = erofs_pages_at(&array, numbers[i]);
		places[i][0] = places[i][2] = (uint8_t)(i + 1);
	}
	for (int i = 0; i < 6; i++) {
		/* Once more changes nothing. */
		assert_int_equal(erofs_pages_add(&array, numbers[i]), 0);
		assert_ptr_equal(erofs_pages_at(&array, numbers[i]), places[i]);
		assert_int_equal(places[i][0], i + 1);
		assert_int_equal(places[i][2], i + 1);
	}
	erofs_pages_release(&array);
}

static void an_array_of_nothing_needs_no_pages(void **state)
{
	struct erofs_pages array;

	(void)state;
	assert_int_equal(erofs_pages_init(&array, 8, 0), 0);
	assert_int_equal(erofs_pages_fill(&array, 0), 0);
	assert_null(array.pages[0]);
	assert_int_equal(erofs_pages_add(&array, 0), 0);
	erofs_pages_release(&array);
}

#define ROUNDS 100

/* What the allocations of an array with the most room and one page take, in this build. */
static clock_t time_of_allocations(void)
{
	clock_t start = clock();

	for (int i = 0; i < ROUNDS; i++) {
		void *volatile table = calloc(UINT32_MAX / PAGE + 1, sizeof(void *));
		void *volatile page = calloc(PAGE, 8);

		assert_true(table && page);
		free(page);
		free(table);
	}
	return clock() - start;
}

/* A build from a stream makes room for all inodes that there can be, and most have few: that must cost nothing. */
static void room_that_is_not_used_costs_no_time(void **state)
{
	clock_t start, alone = time_of_allocations();

	(void)state;
	start = clock();
	for (int i = 0; i < ROUNDS; i++) {
		struct erofs_pages array;

		assert_int_equal(erofs_pages_init(&array, 8, UINT32_MAX), 0);
		assert_int_equal(erofs_pages_add(&array, 2 * PAGE), 0);
		erofs_pages_release(&array);
	}
	/* Looking at the place of every page took about twenty times as long as they, with sanitizers and without. */
	assert_true(clock() - start < 4 * alone + CLOCKS_PER_SEC / 50);
}

/* ---- threads ------------------------------------------------------------------------------------------------------------- */

struct shared {
	struct erofs_pages array;
	atomic_uint count;
	atomic_uint wrong;
};

static void *read_all(void *arg)
{
	struct shared *shared = arg;
	uint32_t count;

	do {
		count = atomic_load(&shared->count);
		for (uint32_t i = 0; i < count; i += 97)
			if (*(uint32_t *)erofs_pages_at(&shared->array, i) != i)
				atomic_fetch_add(&shared->wrong, 1);
	} while (count < 8 * PAGE);
	return NULL;
}

static void others_may_read_while_it_grows(void **state)
{
	static struct shared shared;
	pthread_t threads[2];

	(void)state;
	assert_int_equal(erofs_pages_init(&shared.array, sizeof(uint32_t), UINT32_MAX), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &shared), 0);
	for (uint32_t i = 0; i < 8 * PAGE; i++) {
		assert_int_equal(erofs_pages_add(&shared.array, i), 0);
		*(uint32_t *)erofs_pages_at(&shared.array, i) = i;
		atomic_store(&shared.count, i + 1);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&shared.wrong), 0);
	erofs_pages_release(&shared.array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_begin_as_zeros),
		cmocka_unit_test(elements_stay_where_they_are),
		cmocka_unit_test(an_array_of_nothing_needs_no_pages),
		cmocka_unit_test(room_that_is_not_used_costs_no_time),
		cmocka_unit_test(others_may_read_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
