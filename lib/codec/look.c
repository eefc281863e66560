/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/encoder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PIECE	     (8u * 1024) /* whose bytes are counted together: compressors adapt, too */
#define TOO_SMALL    1024u	 /* to say anything of how often bytes occur */
#define GAIN_DIVISOR 200	 /* half a percent */

/* Repetitions are looked for at one position in so many, chosen by what is there, not by where it is. */
#define SAMPLED	   32
#define TABLE_BITS 12
#define WORD	   8 /* bytes compared */
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

struct erofs_look {
	uint32_t counts[4][256];
	uint32_t places[1 << TABLE_BITS]; /* where the last with that hash was, + 1 */
};

struct erofs_look *erofs_look_new(void)
{
	return malloc(sizeof(struct erofs_look));
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
 * About how many bytes less the values would take if the common ones had shorter codes. The sum of the squares of their
 * counts is size * size / 256 if all are the same, and by chance 255 / 256 * size more; the excess above that, times
 * 256 / size, is 2 * ln 2 times the bits that could be done without, by the first term of the logarithm's series.
 */
static size_t gain_by_values(struct erofs_look *look, const uint8_t *data, size_t size)
{
	uint64_t sum = 0, even = ((uint64_t)size * size + 255 * (uint64_t)size) / 256;

	count_bytes(look, data, size);
	for (int i = 0; i < 256; i++) {
		uint64_t count =
			(uint64_t)look->counts[0][i] + look->counts[1][i] + look->counts[2][i] + look->counts[3][i];

		sum += count * count;
	}
	return sum > even ? (size_t)((sum - even) * 256 / size / 11) : 0;
}

/* About how many bytes from `begin` to `end` are repetitions of what was before. */
static size_t gain_by_repetitions(struct erofs_look *look, const uint8_t *data, size_t begin, size_t end)
{
	size_t repeated = 0;

	for (size_t i = begin; i + WORD <= end; i++) {
		uint64_t word, hash;
		uint32_t *place;

		memcpy(&word, data + i, WORD);
		hash = word * MULTIPLIER;
		if (hash >> 32 & (SAMPLED - 1))
			continue;
		place = &look->places[hash >> (64 - TABLE_BITS)];
		if (*place && !memcmp(data + *place - 1, &word, WORD))
			repeated++;
		*place = (uint32_t)i + 1;
	}
	return repeated * SAMPLED;
}

int erofs_looks_incompressible(struct erofs_look *look, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t piece, gain = 0;

	if (size < TOO_SMALL)
		return 0;
	memset(look->places, 0, sizeof(look->places));
	for (size_t at = 0; at < size && gain <= size / GAIN_DIVISOR; at += piece) {
		/* No small rest, that says nothing. */
		piece = size - at < 2 * PIECE ? size - at : PIECE;
		gain += gain_by_values(look, bytes + at, piece);
		gain += gain_by_repetitions(look, bytes, at, at + piece);
	}
	return gain <= size / GAIN_DIVISOR;
}

/* LZ4 and the quick levels of Zstandard run over such data about as fast as a look. */
int erofs_encoder_wants_look(const struct erofs_compression *compression)
{
	switch (compression->compressor) {
	case EROFS_COMPRESSOR_LZ4:
		return 0;
	case EROFS_COMPRESSOR_ZSTD:
		return compression->level > 4;
	default:
		return 1;
	}
}
