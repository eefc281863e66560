/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * One encoded extent. The input's first byte is the algorithm, unless FUZZ_ALGORITHM says it, with 4 added for a partial one; the
 * next three bytes are the length that it is to decode to.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/codec/decoder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/tools/support.h"

#define HEADER	 4u
#define PARTIAL	 4u
#define OUT_MAX	 ((size_t)1 << 20)
#define SENTINEL 0xA5

static enum erofs_algorithm algorithm_of(const uint8_t *data)
{
#ifdef FUZZ_ALGORITHM
	(void)data;
	return FUZZ_ALGORITHM;
#else
	return (enum erofs_algorithm)(data[0] & 3);
#endif
}

/*
 * What has been decoded is the same another time. Its beginning can be had by itself if an encoder made it; of bytes that only
 * look so (with a code that is not complete, or a distance of 0) the libraries' two ways may think differently.
 */
static void check_again(struct erofs_decoder *decoder, enum erofs_algorithm algorithm, const uint8_t *in,
			size_t in_size, const uint8_t *whole, size_t out_size, bool partial)
{
	uint8_t *again = must_alloc(out_size);
	size_t half = out_size / 2;

	if (erofs_decode(decoder, algorithm, in, in_size, again, out_size, partial) || memcmp(again, whole, out_size))
		abort();
	again[half] = SENTINEL;
	if (half && (erofs_decode(decoder, algorithm, in, in_size, again, half, true) > 0 || again[half] != SENTINEL))
		abort();
	free(again);
}

bool fuzz_one(const uint8_t *data, size_t size)
{
	struct erofs_decoder *decoder;
	enum erofs_algorithm algorithm;
	uint8_t *out;
	size_t out_size;
	bool partial;
	int err;

	if (size < HEADER)
		return false;
	algorithm = algorithm_of(data);
	partial = data[0] & PARTIAL;
	out_size = (size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16;
	if (out_size > OUT_MAX)
		return false;
	out = must_alloc(out_size + 1);
	out[out_size] = SENTINEL;
	decoder = erofs_decoder_new();
	err = erofs_decode(decoder, algorithm, data + HEADER, size - HEADER, out, out_size, partial);
	if (err > 0 || out[out_size] != SENTINEL)
		abort();
	if (!err)
		check_again(decoder, algorithm, data + HEADER, size - HEADER, out, out_size, partial);
	erofs_decoder_free(decoder);
	free(out);
	return !err;
}
