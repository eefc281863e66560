/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_DEFLATE_CODE_H
#define EROFS_CODEC_DEFLATE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * DEFLATE (RFC 1951) as far as one must know it to find where symbols begin and end, and how much they decode to.
 */

#define EROFS_DEFLATE_LENGTH_MAX 15
#define EROFS_DEFLATE_FAST_BITS	 10
#define EROFS_DEFLATE_LITLENS	 288
#define EROFS_DEFLATE_DISTANCES	 32
#define EROFS_DEFLATE_END	 256 /* the symbol that ends a block */

/* Bits of a stream, the lowest of a byte first. Behind the end there are zeros: see `at`. */
struct erofs_bits {
	const uint8_t *bytes;
	size_t size;
	uint64_t at; /* how many were taken */
};

/* The next 57 bits at least. */
static inline uint64_t erofs_bits_peek(const struct erofs_bits *bits)
{
	size_t byte = (size_t)(bits->at >> 3);
	uint64_t value = 0;

	if (byte + 8 <= bits->size) {
		const uint8_t *p = bits->bytes + byte;

		/* Compilers make one load of it. */
		value = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
			(uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
		return value >> (bits->at & 7);
	}
	for (size_t i = byte; i < bits->size; i++)
		value |= (uint64_t)bits->bytes[i] << (8 * (i - byte));
	return value >> (bits->at & 7);
}

static inline uint32_t erofs_bits_take(struct erofs_bits *bits, unsigned int count)
{
	uint32_t value = (uint32_t)(erofs_bits_peek(bits) & ((UINT64_C(1) << count) - 1));

	bits->at += count;
	return value;
}

/*
 * What a symbol is followed by and stands for. In the table of a code the bits of the code are in `bits` too; 0 there:
 * the code is longer than the table has bits.
 */
struct erofs_deflate_symbol {
	uint8_t bits;  /* of the code */
	uint8_t extra; /* bits that follow */
	uint16_t base; /* bytes it decodes to, without the value of the extra bits; a match if 3 or more */
};

struct erofs_deflate_code {
	struct erofs_deflate_symbol fast[1 << EROFS_DEFLATE_FAST_BITS];
	const struct erofs_deflate_symbol *symbols;
	uint16_t count[EROFS_DEFLATE_LENGTH_MAX + 1]; /* codes of each length */
	uint16_t sorted[EROFS_DEFLATE_LITLENS];	      /* symbols by code */
};

/* What the symbols of each kind are. */
extern const struct erofs_deflate_symbol erofs_deflate_litlens[EROFS_DEFLATE_LITLENS];
extern const struct erofs_deflate_symbol erofs_deflate_distances[EROFS_DEFLATE_DISTANCES];

/* The codes that follow from their lengths. False if there can be none such. */
bool erofs_deflate_code_make(struct erofs_deflate_code *code, const struct erofs_deflate_symbol *symbols,
			     const uint8_t *lengths, unsigned int count);

/* The code of a symbol, its bits in the order of the stream. */
uint32_t erofs_deflate_code_of(const struct erofs_deflate_code *code, const uint8_t *lengths, unsigned int symbol);

/* A code longer than the table's: its symbol's number, or -1. */
int erofs_deflate_code_search(const struct erofs_deflate_code *code, uint64_t peeked, unsigned int *length);

/* The symbol at the front of `peeked`; with `bits` 0 if there is none. */
static inline struct erofs_deflate_symbol erofs_deflate_code_next(const struct erofs_deflate_code *code,
								  uint64_t peeked)
{
	struct erofs_deflate_symbol found = code->fast[peeked & ((1u << EROFS_DEFLATE_FAST_BITS) - 1)];
	unsigned int length;
	int number;

	if (found.bits)
		return found;
	number = erofs_deflate_code_search(code, peeked, &length);
	if (number < 0)
		return (struct erofs_deflate_symbol){ 0 };
	found = code->symbols[number];
	found.bits = (uint8_t)length;
	return found;
}

/*
 * The header of a block with codes of its own, behind its first three bits. `lengths` are those of the literals and
 * lengths.
 */
bool erofs_deflate_read_codes(struct erofs_bits *bits, struct erofs_deflate_code *litlen,
			      struct erofs_deflate_code *distance, uint8_t lengths[EROFS_DEFLATE_LITLENS]);

/* The codes of a block that has none of its own. */
bool erofs_deflate_fixed_codes(struct erofs_deflate_code *litlen, struct erofs_deflate_code *distance,
			       uint8_t lengths[EROFS_DEFLATE_LITLENS]);

#endif
