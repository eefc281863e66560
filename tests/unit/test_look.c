/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "lib/codec/encoder.h"
#include "tests/unit/codec_inputs.h"
#include "tests/unit/unit.h"

static const size_t sizes[] = { 4096, 65536, 65537, 131071, 1u << 20 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static int looks(struct erofs_look *look, const uint8_t *in, size_t size)
{
	/* Its own memory: nothing outside may be read. */
	uint8_t *exact = malloc(size ? size : 1);
	int result;

	assert_non_null(exact);
	memcpy(exact, in, size);
	result = erofs_looks_incompressible(look, exact, size);
	free(exact);
	return result;
}

static void random_bytes_are_noticed(void **state)
{
	struct erofs_look *look = erofs_look_new();

	(void)state;
	assert_non_null(look);
	for (size_t i = 0; i < SIZES; i++) {
		for (uint32_t seed = 0; seed < 10; seed++) {
			uint8_t *in = input_make(INPUT_RANDOM, sizes[i], seed);

			assert_true(looks(look, in, sizes[i]));
			free(in);
		}
	}
	erofs_look_free(look);
}

static void all_else_is_not(void **state)
{
	static const enum input_kind kinds[] = { INPUT_ZEROS, INPUT_TEXT, INPUT_RECORDS };
	struct erofs_look *look = erofs_look_new();

	(void)state;
	for (size_t i = 0; i < SIZES * 3; i++) {
		uint8_t *in = input_make(kinds[i / SIZES], sizes[i % SIZES], 1);

		assert_false(looks(look, in, sizes[i % SIZES]));
		free(in);
	}
	erofs_look_free(look);
}

/* One part in a hundred that compresses is enough to be worth it: repeated, uneven, wherever it is. */
static void a_little_in_the_middle_is_found(void **state)
{
	struct erofs_look *look = erofs_look_new();

	(void)state;
	for (size_t at = 0; at < 120000; at += 7001) {
		uint8_t *in = input_make(INPUT_RANDOM, 131072, (uint32_t)at + 1);

		memcpy(in + at, in + (at < 60000 ? at + 3000 : at - 3000), 2000);
		assert_false(looks(look, in, 131072));
		free(in);
		in = input_make(INPUT_RANDOM, 131072, (uint32_t)at + 1);
		for (size_t i = at; i < at + 6000; i++)
			in[i] &= 0x0f;
		assert_false(looks(look, in, 131072));
		free(in);
	}
	erofs_look_free(look);
}

static void little_is_never_called_so(void **state)
{
	struct erofs_look *look = erofs_look_new();
	uint8_t *in = input_make(INPUT_RANDOM, 4096, 1);

	(void)state;
	for (size_t size = 0; size < 100; size++)
		assert_false(looks(look, in, size));
	free(in);
	erofs_look_free(look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_bytes_are_noticed),
		cmocka_unit_test(all_else_is_not),
		cmocka_unit_test(a_little_in_the_middle_is_found),
		cmocka_unit_test(little_is_never_called_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
