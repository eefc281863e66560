/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/codec/chunker.h"

#define AVERAGE 1024u
#define SIZE	(1024u * 1024)

static uint8_t *make_noise(size_t size, uint64_t random)
{
	uint8_t *bytes = malloc(size);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bytes[i] = (uint8_t)(random >> 56);
	}
	return bytes;
}

/* Where chunks end; returns how many. */
static size_t cut_all(const uint8_t *data, size_t size, size_t *ends)
{
	struct erofs_chunker chunker;
	size_t count = 0;

	erofs_chunker_init(&chunker, AVERAGE);
	for (size_t at = 0; at < size;) {
		size_t length = erofs_chunker_cut(&chunker, data + at, size - at);

		assert_true(length > 0 && length <= size - at && length <= 4 * AVERAGE);
		assert_true(length >= AVERAGE / 4 || at + length == size);
		at += length;
		ends[count++] = at;
	}
	return count;
}

static void sizes_are_bounded(void **state)
{
	uint8_t *noise = make_noise(SIZE, 1);
	size_t *ends = calloc(SIZE, sizeof(*ends));
	struct erofs_chunker chunker;
	size_t count;

	(void)state;
	assert_non_null(ends);
	count = cut_all(noise, SIZE, ends);
	assert_true(count > SIZE / AVERAGE / 2 && count < SIZE / AVERAGE * 2);
	/* No place in zeros is like another, by the rule, unless all are. */
	memset(noise, 0, SIZE);
	count = cut_all(noise, SIZE, ends);
	assert_true(count == SIZE / (4 * AVERAGE) || count == SIZE / (AVERAGE / 4));
	erofs_chunker_init(&chunker, AVERAGE);
	assert_int_equal(erofs_chunker_cut(&chunker, noise, 0), 0);
	assert_int_equal(erofs_chunker_cut(&chunker, noise, 1), 1);
	assert_int_equal(erofs_chunker_cut(&chunker, noise, AVERAGE / 4), AVERAGE / 4);
	free(noise);
	free(ends);
}

/* The smallest average: the window reaches to the start of a chunk, and not in front of it. */
static void small_ones(void **state)
{
	uint8_t *noise = make_noise(4096, 2);
	struct erofs_chunker chunker;

	(void)state;
	erofs_chunker_init(&chunker, 256);
	for (size_t at = 0; at < 4096;) {
		size_t length = erofs_chunker_cut(&chunker, noise + at, 4096 - at);

		assert_true(length >= 64 || at + length == 4096);
		at += length;
	}
	free(noise);
}

/* Behind the first chunks, an equal run is cut at the same bytes, wherever it is. */
static void follow_the_content(void **state)
{
	uint8_t *noise = make_noise(SIZE, 3), *moved = make_noise(SIZE, 4);
	size_t *here = calloc(SIZE, sizeof(*here)), *there = calloc(SIZE, sizeof(*there));
	size_t count, moved_count, found = 0, shift = 12345;

	(void)state;
	assert_non_null(here);
	assert_non_null(there);
	memcpy(moved + shift, noise, SIZE - shift);
	count = cut_all(noise, SIZE, here);
	moved_count = cut_all(moved, SIZE, there);
	for (size_t i = 0, k = 0; i < count && k < moved_count;) {
		if (here[i] + shift == there[k])
			found++;
		if (here[i] + shift <= there[k])
			i++;
		else
			k++;
	}
	assert_true(found * 100 > count * 95);
	free(noise);
	free(moved);
	free(here);
	free(there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(small_ones),
		cmocka_unit_test(follow_the_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
