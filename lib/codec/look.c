/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/encoder.h"

#include <lz4.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PIECE	     (64u * 1024) /* looked at in one go */
#define TOO_SMALL    1024u	  /* to say anything of how often bytes occur */
#define ACCELERATION 4
#define GAIN_DIVISOR 200 /* half a percent */

struct erofs_look {
	uint32_t counts[4][256];
	char out[PIECE];
	char state[]; /* of LZ4 */
};

struct erofs_look *erofs_look_new(void)
{
	return malloc(sizeof(struct erofs_look) + (size_t)LZ4_sizeofState());
}

void erofs_look_free(struct erofs_look *look)
{
	free(look);
}

/* Four counts for each value: equal bytes in a row would wait for one another. */
static void count_bytes(struct erofs_look *look, const uint8_t *data, size_t size)
{
	size_t i = 0;

	memset(look->counts, 0, sizeof(look->counts));
	for (; i + 8 <= size; i += 8) {
		uint64_t eight;

		memcpy(&eight, data + i, sizeof(eight));
		for (int j = 0; j < 8; j++)
			look->counts[j & 3][eight >> (8 * j) & 0xff]++;
	}
	for (; i < size; i++)
		look->counts[0][data[i]]++;
}

/*
 * The deviation from equally many of each value, as the sum of squares d * d, where random bytes come to 255 * size / 256
 * with d counted from the mean. By the first term of the logarithm's series the bytes could do with
 * (sum * 256 / size - 255) / (2 * ln 2 * size) bits less of 8 each; that is to stay below half a percent.
 */
static bool values_are_even(struct erofs_look *look, const uint8_t *data, size_t size)
{
	uint64_t sum = 0, chance;

	count_bytes(look, data, size);
	for (int i = 0; i < 256; i++) {
		uint64_t count =
			(uint64_t)look->counts[0][i] + look->counts[1][i] + look->counts[2][i] + look->counts[3][i];

		sum += count * count;
	}
	chance = ((uint64_t)size * size + 255 * (uint64_t)size) / 256;
	/* 0.055 = 0.5 % of 8 bits * 2 * ln 2 */
	return sum < chance + (uint64_t)size * size / 256 * 55 / 1000;
}

static bool has_no_repetitions(struct erofs_look *look, const uint8_t *data, size_t size)
{
	int room = (int)(size - size / GAIN_DIVISOR);

	return !LZ4_compress_fast_extState(look->state, (const char *)data, look->out, (int)size, room, ACCELERATION);
}

int erofs_looks_incompressible(struct erofs_look *look, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	if (size < TOO_SMALL)
		return 0;
	while (size) {
		/* No small rest, that says nothing. */
		size_t piece = size >= 2 * PIECE ? PIECE : size > PIECE ? size / 2 : size;

		if (!values_are_even(look, bytes, piece) || !has_no_repetitions(look, bytes, piece))
			return 0;
		bytes += piece;
		size -= piece;
	}
	return 1;
}

/* LZ4 itself runs over such data as fast as a look. */
int erofs_encoder_wants_look(const struct erofs_compression *compression)
{
	switch (compression->compressor) {
	case EROFS_COMPRESSOR_LZ4:
		return 0;
	case EROFS_COMPRESSOR_ZSTD:
		return compression->level > 2;
	default:
		return 1;
	}
}
