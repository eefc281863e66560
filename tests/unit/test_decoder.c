/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/decoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "tests/fuzz/encode.h"
#include "tests/unit/unit.h"

#define PLAIN_SIZE ((size_t)300000)
#define ROOM	   ((size_t)400000)

struct sample {
	uint8_t plain[PLAIN_SIZE], encoded[ROOM], out[PLAIN_SIZE + 1];
	size_t size;
	struct erofs_decoder *decoder;
};

static void make_sample(struct sample *sample, enum erofs_algorithm algorithm)
{
	encode_fill(sample->plain, PLAIN_SIZE);
	memset(sample->encoded, 0, ROOM);
	sample->size = encode_whole(algorithm, sample->plain, PLAIN_SIZE, sample->encoded, ROOM);
	assert_in_range(sample->size, 1000, PLAIN_SIZE);
}

/* The input is copied, so that a sanitizer sees reads behind it. */
static int decode(struct sample *sample, enum erofs_algorithm algorithm, size_t in_size, size_t out_size, bool partial)
{
	uint8_t *copy = malloc(in_size + !in_size);
	int err;

	assert_non_null(copy);
	memcpy(copy, sample->encoded, in_size);
	memset(sample->out, 0x5A, sizeof(sample->out));
	err = erofs_decode(sample->decoder, algorithm, copy, in_size, sample->out, out_size, partial);
	if (out_size <= PLAIN_SIZE)
		assert_int_equal(sample->out[out_size], 0x5A);
	free(copy);
	return err;
}

static void check_algorithm(struct sample *sample, enum erofs_algorithm algorithm)
{
	static const size_t parts[] = { 1, 2, 4095, 65536, 70001, PLAIN_SIZE - 1, PLAIN_SIZE };

	make_sample(sample, algorithm);
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(decode(sample, algorithm, sample->size, PLAIN_SIZE, false), 0);
		assert_memory_equal(sample->out, sample->plain, PLAIN_SIZE);
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			assert_int_equal(decode(sample, algorithm, sample->size, parts[i], true), 0);
			assert_memory_equal(sample->out, sample->plain, parts[i]);
		}
	}
	/* Too little, too much, cut off, something behind. */
	assert_int_equal(decode(sample, algorithm, sample->size, PLAIN_SIZE - 1, false), -EUCLEAN);
	assert_int_equal(decode(sample, algorithm, sample->size, PLAIN_SIZE + 1, false), -EUCLEAN);
	/* MicroLZMA has no end of its own: a little more can always be had from its last bytes. */
	if (algorithm != EROFS_ALGORITHM_LZMA)
		assert_int_equal(decode(sample, algorithm, sample->size, PLAIN_SIZE + 1, true), -EUCLEAN);
	assert_int_equal(decode(sample, algorithm, sample->size - 100, PLAIN_SIZE, false), -EUCLEAN);
	assert_int_equal(decode(sample, algorithm, sample->size - 100, PLAIN_SIZE, true), -EUCLEAN);
	assert_int_equal(decode(sample, algorithm, 1, PLAIN_SIZE, false), -EUCLEAN);
	assert_int_equal(decode(sample, algorithm, sample->size + 1, PLAIN_SIZE, false), -EUCLEAN);
	assert_int_equal(decode(sample, algorithm, 0, PLAIN_SIZE, true), -EUCLEAN);
	assert_int_equal(decode(sample, algorithm, sample->size, 0, true), -EUCLEAN);
	/* A failure leaves nothing behind that spoils the next one. */
	assert_int_equal(decode(sample, algorithm, sample->size, PLAIN_SIZE, false), 0);
	assert_memory_equal(sample->out, sample->plain, PLAIN_SIZE);
}

static void each_algorithm_in_whole_and_in_part(void **state)
{
	struct sample *sample = malloc(sizeof(*sample));

	(void)state;
	assert_non_null(sample);
	sample->decoder = erofs_decoder_new();
	for (int algorithm = 0; algorithm < EROFS_ALGORITHM_COUNT; algorithm++)
		check_algorithm(sample, (enum erofs_algorithm)algorithm);
	assert_int_equal(decode(sample, (enum erofs_algorithm)EROFS_ALGORITHM_COUNT, 10, 10, false), -EOPNOTSUPP);
	erofs_decoder_free(sample->decoder);
	erofs_decoder_free(NULL);
	free(sample);
}

/* Two frames one behind the other are two extents, or damage. */
static void a_second_frame_is_refused(void **state)
{
	struct erofs_decoder *decoder = erofs_decoder_new();
	uint8_t in[200], out[12];
	size_t size = ZSTD_compress(in, 100, "first.", 6, 3);

	(void)state;
	size += ZSTD_compress(in + size, 100, "second", 6, 3);
	assert_int_equal(erofs_decode(decoder, EROFS_ALGORITHM_ZSTD, in, size, out, 12, false), -EUCLEAN);
	assert_int_equal(erofs_decode(decoder, EROFS_ALGORITHM_ZSTD, in, size, out, 12, true), -EUCLEAN);
	erofs_decoder_free(decoder);
}

/* A match at distance 0: liblz4 lets it through. The output is what it is, but nothing that stood there before. */
static void lz4_reveals_nothing(void **state)
{
	static const uint8_t in[] = { 0x1f, 'x', 0, 0, 40, 0x50, 'y', 'y', 'y', 'y', 'y' };
	struct erofs_decoder *decoder = erofs_decoder_new();
	uint8_t first[65], second[65];

	(void)state;
	memset(first, 0x5A, sizeof(first));
	memset(second, 0xA5, sizeof(second));
	assert_int_equal(erofs_decode(decoder, EROFS_ALGORITHM_LZ4, in, sizeof(in), first, 65, false),
			 erofs_decode(decoder, EROFS_ALGORITHM_LZ4, in, sizeof(in), second, 65, false));
	for (unsigned int i = 0; i < 65; i++)
		assert_int_equal(first[i], second[i]);
	erofs_decoder_free(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_algorithm_in_whole_and_in_part),
		cmocka_unit_test(a_second_frame_is_refused),
		cmocka_unit_test(lz4_reveals_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
