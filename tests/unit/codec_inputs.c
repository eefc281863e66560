/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/codec_inputs.h"

#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/unit.h"

uint32_t input_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void put_text(uint8_t *out, size_t size, uint32_t *seed)
{
	static const char letters[] = "etaoinshrdlucmfwypvbgkjqxz";
	size_t i = 0;

	while (i < size) {
		uint32_t word = input_random(seed) % 1000 * (input_random(seed) % 1000) / 1000;
		uint32_t state = word * 2654435761u + 1;

		for (size_t length = 2 + word % 7; length && i < size; length--) {
			uint32_t letter = input_random(&state) % 26 * (input_random(&state) % 26) / 26;

			out[i++] = (uint8_t)letters[letter];
		}
		if (i < size)
			out[i++] = input_random(seed) % 12 ? ' ' : '\n';
	}
}

static void put_records(uint8_t *out, size_t size, uint32_t *seed)
{
	for (size_t i = 0; i < size; i++) {
		switch (i % 16) {
		case 0:
			out[i] = (uint8_t)(i / 16);
			break;
		case 4:
		case 5:
			out[i] = (uint8_t)(input_random(seed) % 12);
			break;
		case 8:
			out[i] = (uint8_t)input_random(seed);
			break;
		default:
			out[i] = (uint8_t)(i / 4096);
		}
	}
}

static void put(uint8_t *out, size_t size, enum input_kind kind, uint32_t *seed)
{
	size_t piece;

	switch (kind) {
	case INPUT_ZEROS:
		memset(out, 0, size);
		return;
	case INPUT_RANDOM:
		for (size_t i = 0; i < size; i++)
			out[i] = (uint8_t)(input_random(seed) >> 11);
		return;
	case INPUT_TEXT:
		put_text(out, size, seed);
		return;
	case INPUT_RECORDS:
		put_records(out, size, seed);
		return;
	case INPUT_MIXTURE:
		break;
	}
	for (size_t i = 0; i < size; i += piece) {
		piece = 1 + input_random(seed) % (input_random(seed) % 2 ? 20000 : 100);
		if (piece > size - i)
			piece = size - i;
		put(out + i, piece, (enum input_kind)(input_random(seed) % INPUT_MIXTURE), seed);
	}
}

uint8_t *input_make(enum input_kind kind, size_t size, uint32_t seed)
{
	uint8_t *out = malloc(size);

	assert_non_null(out);
	seed = seed * 2654435761u + 88172645u;
	put(out, size, kind, &seed);
	return out;
}

static size_t decode_lzma(const uint8_t *in, size_t in_size, uint8_t *out, size_t size)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	size_t total;

	assert_int_equal(lzma_microlzma_decoder(&stream, in_size, size, true, 8u << 20), LZMA_OK);
	stream.next_in = in;
	stream.avail_in = in_size;
	stream.next_out = out;
	stream.avail_out = size + 1;
	assert_int_equal(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
	assert_int_equal(stream.total_in, in_size);
	total = stream.total_out;
	lzma_end(&stream);
	return total;
}

static size_t decode_deflate(const uint8_t *in, size_t in_size, uint8_t *out, size_t size)
{
	z_stream stream = { 0 };

	assert_int_equal(inflateInit2(&stream, -15), Z_OK);
	stream.next_in = (uint8_t *)in;
	stream.avail_in = (unsigned int)in_size;
	stream.next_out = out;
	stream.avail_out = (unsigned int)size + 1;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_in, in_size);
	inflateEnd(&stream);
	return stream.total_out;
}

static size_t decode(enum erofs_algorithm algorithm, const uint8_t *in, size_t in_size, uint8_t *out, size_t size)
{
	int lz4;

	switch (algorithm) {
	case EROFS_ALGORITHM_LZ4:
		lz4 = LZ4_decompress_safe((const char *)in, (char *)out, (int)in_size, (int)size + 1);
		assert_true(lz4 >= 0);
		return (size_t)lz4;
	case EROFS_ALGORITHM_LZMA:
		return decode_lzma(in, in_size, out, size);
	case EROFS_ALGORITHM_DEFLATE:
		return decode_deflate(in, in_size, out, size);
	case EROFS_ALGORITHM_ZSTD:
		assert_int_equal(ZSTD_findFrameCompressedSize(in, in_size), in_size);
		return ZSTD_decompress(out, size + 1, in, in_size);
	}
	return 0;
}

void assert_decodes_to(enum erofs_algorithm algorithm, const uint8_t *in, size_t in_size, const uint8_t *wanted,
		       size_t size)
{
	/* Exactly as large as need be, and one byte for what may come too many: reading outside is seen by sanitizers. */
	uint8_t *copy = malloc(in_size), *out = malloc(size + 1);

	assert_non_null(copy);
	assert_non_null(out);
	memcpy(copy, in, in_size);
	assert_int_equal(decode(algorithm, copy, in_size, out, size), size);
	assert_memory_equal(out, wanted, size);
	free(copy);
	free(out);
}
