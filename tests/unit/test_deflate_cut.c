/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/deflate_cut.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/unit/codec_inputs.h"
#include "tests/unit/unit.h"

/* Streams by zlib, that are made differently: many blocks, stored and fixed ones. */
static size_t deflate_by_zlib(const uint8_t *in, size_t size, uint8_t *out, size_t room, int level, int strategy,
			      int memory)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, -15, memory, strategy), Z_OK);
	stream.next_in = (uint8_t *)in;
	stream.avail_in = (unsigned int)size;
	stream.next_out = out;
	stream.avail_out = (unsigned int)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

/*
 * Bytes that the cut may leave unused: the longest symbol, the end of the block, and a block's header in front of them.
 */
#define SYMBOL_MAX ((15 + 5 + 15 + 13 + 15) / 8 + 1)
#define HEADER_MAX 320

static void cut_everywhere(const uint8_t *in, size_t size, const uint8_t *stream, size_t encoded, size_t step)
{
	struct erofs_deflate_cutter *cutter = erofs_deflate_cutter_new();
	uint8_t *copy = malloc(encoded);
	size_t before = 0;

	assert_non_null(cutter);
	assert_non_null(copy);
	for (size_t room = 1; room <= encoded + step; room += step) {
		size_t decoded = 0, cut;

		memcpy(copy, stream, encoded);
		cut = erofs_deflate_cut(cutter, copy, encoded, room, &decoded);
		assert_true(cut <= room);
		if (!cut) {
			assert_true(room <= HEADER_MAX);
			continue;
		}
		assert_true(cut + HEADER_MAX + SYMBOL_MAX >= (room < encoded ? room : encoded));
		assert_true(decoded >= before && decoded <= size);
		before = decoded;
		if (room >= encoded) {
			assert_int_equal(cut, encoded);
			assert_int_equal(decoded, size);
			assert_memory_equal(copy, stream, encoded);
		}
		assert_decodes_to(EROFS_ALGORITHM_DEFLATE, copy, cut, in, decoded);
	}
	assert_true(before > 0);
	free(copy);
	erofs_deflate_cutter_free(cutter);
}

static void check(enum input_kind kind, size_t size, int level, int strategy, int memory, size_t step)
{
	uint8_t *in = input_make(kind, size, (uint32_t)level + 1), *out = malloc(2 * size + 1000);
	size_t encoded;

	assert_non_null(out);
	encoded = deflate_by_zlib(in, size, out, 2 * size + 1000, level, strategy, memory);
	cut_everywhere(in, size, out, encoded, step);
	free(in);
	free(out);
}

static void any_stream_can_be_cut_anywhere(void **state)
{
	static const int strategies[] = { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE };

	(void)state;
	for (int kind = 0; kind < INPUT_KINDS; kind++) {
		for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
			check((enum input_kind)kind, 3000, 6, strategies[i], 1, 1);
			check((enum input_kind)kind, 50000, 9, strategies[i], 1, 211);
		}
		check((enum input_kind)kind, 3000, 0, Z_DEFAULT_STRATEGY, 8, 1);
		check((enum input_kind)kind, 150000, 0, Z_DEFAULT_STRATEGY, 8, 997);
	}
	check(INPUT_MIXTURE, 1500000, 6, Z_DEFAULT_STRATEGY, 9, 40009);
}

static void the_last_symbol_that_fits_is_kept(void **state)
{
	/* Fixed codes: 3 bits, 8 for each of these letters, 7 for the end. */
	uint8_t in[64], out[128], copy[128];
	struct erofs_deflate_cutter *cutter = erofs_deflate_cutter_new();
	size_t encoded, decoded, cut;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 2 + 1);
	encoded = deflate_by_zlib(in, sizeof(in), out, sizeof(out), 6, Z_FIXED, 8);
	for (size_t room = 1; room <= encoded; room++) {
		memcpy(copy, out, encoded);
		decoded = 0;
		cut = erofs_deflate_cut(cutter, copy, encoded, room, &decoded);
		assert_int_equal(decoded, room > 1 ? (room * 8 - 10) / 8 : 0);
		/* What is left of the last byte is empty. */
		assert_int_equal(cut ? copy[cut - 1] >> 2 : 0, 0);
	}
	erofs_deflate_cutter_free(cutter);
}

static void no_bytes_lead_astray(void **state)
{
	struct erofs_deflate_cutter *cutter = erofs_deflate_cutter_new();
	uint8_t *in = input_make(INPUT_TEXT, 2000, 9), valid[3000];
	size_t encoded = deflate_by_zlib(in, 2000, valid, sizeof(valid), 9, Z_DEFAULT_STRATEGY, 8);
	uint32_t seed = 5;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t size = 1 + input_random(&seed) % encoded, decoded;
		uint8_t *bytes = malloc(size); /* exactly so large: sanitizers see what is outside */

		assert_non_null(bytes);
		memcpy(bytes, valid, size);
		for (uint32_t i = input_random(&seed) % 8; i; i--)
			bytes[input_random(&seed) % size] = (uint8_t)input_random(&seed);
		assert_true(erofs_deflate_cut(cutter, bytes, size, 1 + input_random(&seed) % size, &decoded) <= size);
		free(bytes);
	}
	free(in);
	erofs_deflate_cutter_free(cutter);
}

static void the_first_byte_is_marked_where_it_means_nothing(void **state)
{
	uint8_t stored[] = { 0, 2, 0, 0xfd, 0xff, 'a', 'b', 3, 0 }, other[] = { 3, 0 };

	(void)state;
	assert_decodes_to(EROFS_ALGORITHM_DEFLATE, stored, sizeof(stored), (const uint8_t *)"ab", 2);
	erofs_deflate_mark_start(stored, sizeof(stored));
	assert_int_not_equal(stored[0], 0);
	assert_decodes_to(EROFS_ALGORITHM_DEFLATE, stored, sizeof(stored), (const uint8_t *)"ab", 2);
	erofs_deflate_mark_start(other, sizeof(other));
	assert_int_equal(other[0], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_stream_can_be_cut_anywhere),
		cmocka_unit_test(the_last_symbol_that_fits_is_kept),
		cmocka_unit_test(no_bytes_lead_astray),
		cmocka_unit_test(the_first_byte_is_marked_where_it_means_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
