/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/deflate_code.h"

#include <string.h>

#define LITERAL                                                                                                        \
	{                                                                                                              \
		0, 0, 1                                                                                                \
	}
#define LITERALS_4  LITERAL, LITERAL, LITERAL, LITERAL
#define LITERALS_16 LITERALS_4, LITERALS_4, LITERALS_4, LITERALS_4
#define LITERALS_64 LITERALS_16, LITERALS_16, LITERALS_16, LITERALS_16
#define MATCH(extra_, base_)                                                                                           \
	{                                                                                                              \
		0, extra_, base_                                                                                       \
	}

/* Literals, the end of a block, lengths of matches. */
const struct erofs_deflate_symbol erofs_deflate_litlens[EROFS_DEFLATE_LITLENS] = {
	LITERALS_64,   LITERALS_64,   LITERALS_64,   LITERALS_64,   { 0, 0, 0 },   MATCH(0, 3),	  MATCH(0, 4),
	MATCH(0, 5),   MATCH(0, 6),   MATCH(0, 7),   MATCH(0, 8),   MATCH(0, 9),   MATCH(0, 10),  MATCH(1, 11),
	MATCH(1, 13),  MATCH(1, 15),  MATCH(1, 17),  MATCH(2, 19),  MATCH(2, 23),  MATCH(2, 27),  MATCH(2, 31),
	MATCH(3, 35),  MATCH(3, 43),  MATCH(3, 51),  MATCH(3, 59),  MATCH(4, 67),  MATCH(4, 83),  MATCH(4, 99),
	MATCH(4, 115), MATCH(5, 131), MATCH(5, 163), MATCH(5, 195), MATCH(5, 227), MATCH(0, 258),
};

/* How far back: of that only the number of bits matters here. */
const struct erofs_deflate_symbol erofs_deflate_distances[EROFS_DEFLATE_DISTANCES] = {
	{ 0, 0, 0 },  { 0, 0, 0 },  { 0, 0, 0 },  { 0, 0, 0 },	{ 0, 1, 0 },  { 0, 1, 0 },  { 0, 2, 0 },  { 0, 2, 0 },
	{ 0, 3, 0 },  { 0, 3, 0 },  { 0, 4, 0 },  { 0, 4, 0 },	{ 0, 5, 0 },  { 0, 5, 0 },  { 0, 6, 0 },  { 0, 6, 0 },
	{ 0, 7, 0 },  { 0, 7, 0 },  { 0, 8, 0 },  { 0, 8, 0 },	{ 0, 9, 0 },  { 0, 9, 0 },  { 0, 10, 0 }, { 0, 10, 0 },
	{ 0, 11, 0 }, { 0, 11, 0 }, { 0, 12, 0 }, { 0, 12, 0 }, { 0, 13, 0 }, { 0, 13, 0 },
};

static uint32_t reversed(uint32_t code, unsigned int length)
{
	uint32_t result = 0;

	for (unsigned int i = 0; i < length; i++)
		result |= (code >> i & 1) << (length - 1 - i);
	return result;
}

static void first_codes(const struct erofs_deflate_code *code, uint32_t first[EROFS_DEFLATE_LENGTH_MAX + 1])
{
	uint32_t next = 0;

	first[0] = 0;
	for (int length = 1; length <= EROFS_DEFLATE_LENGTH_MAX; length++) {
		first[length] = next;
		next = (next + code->count[length]) << 1;
	}
}

static bool count_lengths(struct erofs_deflate_code *code, const uint8_t *lengths, unsigned int count)
{
	int free_codes = 1;

	memset(code->count, 0, sizeof(code->count));
	for (unsigned int i = 0; i < count; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	for (int length = 1; length <= EROFS_DEFLATE_LENGTH_MAX; length++) {
		free_codes = free_codes * 2 - code->count[length];
		if (free_codes < 0)
			return false;
	}
	return true;
}

static void set_fast(struct erofs_deflate_code *code, unsigned int symbol, unsigned int length, uint32_t bits)
{
	struct erofs_deflate_symbol entry = code->symbols[symbol];

	entry.bits = (uint8_t)length;
	for (uint32_t i = reversed(bits, length); i < 1u << EROFS_DEFLATE_FAST_BITS; i += 1u << length)
		code->fast[i] = entry;
}

bool erofs_deflate_code_make(struct erofs_deflate_code *code, const struct erofs_deflate_symbol *symbols,
			     const uint8_t *lengths, unsigned int count)
{
	uint32_t next[EROFS_DEFLATE_LENGTH_MAX + 1];
	uint16_t place[EROFS_DEFLATE_LENGTH_MAX + 2] = { 0 };

	if (!count_lengths(code, lengths, count))
		return false;
	code->symbols = symbols;
	memset(code->fast, 0, sizeof(code->fast));
	first_codes(code, next);
	for (int length = 1; length <= EROFS_DEFLATE_LENGTH_MAX; length++)
		place[length + 1] = (uint16_t)(place[length] + code->count[length]);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int length = lengths[i];

		if (!length)
			continue;
		code->sorted[place[length]++] = (uint16_t)i;
		if (length <= EROFS_DEFLATE_FAST_BITS)
			set_fast(code, i, length, next[length]);
		next[length]++;
	}
	return true;
}

uint32_t erofs_deflate_code_of(const struct erofs_deflate_code *code, const uint8_t *lengths, unsigned int symbol)
{
	uint32_t first[EROFS_DEFLATE_LENGTH_MAX + 1];
	unsigned int length = lengths[symbol];

	first_codes(code, first);
	for (unsigned int i = 0; i < symbol; i++)
		first[length] += lengths[i] == length;
	return reversed(first[length], length);
}

int erofs_deflate_code_search(const struct erofs_deflate_code *code, uint64_t peeked, unsigned int *length)
{
	uint32_t value = 0, first = 0, place = 0;

	for (unsigned int bits = 1; bits <= EROFS_DEFLATE_LENGTH_MAX; bits++) {
		uint32_t count = code->count[bits];

		value |= peeked >> (bits - 1) & 1;
		if (value - first < count) {
			*length = bits;
			return code->sorted[place + value - first];
		}
		place += count;
		first = (first + count) << 1;
		value <<= 1;
	}
	return -1;
}

#define LENGTH_CODES	 19
#define REPEAT_LAST	 16
#define REPEAT_ZERO	 17
#define REPEAT_ZERO_LONG 18

/* The symbols of the code of lengths: `base` is how many lengths it stands for. */
static const struct erofs_deflate_symbol length_symbols[LENGTH_CODES] = {
	{ 0, 0, 0 },
	{ 0, 0, 1 },
	{ 0, 0, 2 },
	{ 0, 0, 3 },
	{ 0, 0, 4 },
	{ 0, 0, 5 },
	{ 0, 0, 6 },
	{ 0, 0, 7 },
	{ 0, 0, 8 },
	{ 0, 0, 9 },
	{ 0, 0, 10 },
	{ 0, 0, 11 },
	{ 0, 0, 12 },
	{ 0, 0, 13 },
	{ 0, 0, 14 },
	{ 0, 0, 15 },
	{ 0, 2, REPEAT_LAST },
	{ 0, 3, REPEAT_ZERO },
	{ 0, 7, REPEAT_ZERO_LONG },
};

static bool read_length_code(struct erofs_bits *bits, struct erofs_deflate_code *code, unsigned int count)
{
	static const uint8_t order[LENGTH_CODES] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	uint8_t lengths[LENGTH_CODES] = { 0 };

	for (unsigned int i = 0; i < count; i++)
		lengths[order[i]] = (uint8_t)erofs_bits_take(bits, 3);
	return erofs_deflate_code_make(code, length_symbols, lengths, LENGTH_CODES);
}

static bool read_lengths(struct erofs_bits *bits, const struct erofs_deflate_code *code, uint8_t *lengths,
			 unsigned int count)
{
	for (unsigned int i = 0; i < count;) {
		struct erofs_deflate_symbol symbol = erofs_deflate_code_next(code, erofs_bits_peek(bits));
		unsigned int repeat = 1;
		uint8_t value = (uint8_t)symbol.base;

		if (!symbol.bits)
			return false;
		bits->at += symbol.bits;
		if (symbol.base >= REPEAT_LAST) {
			repeat = (symbol.base == REPEAT_ZERO_LONG ? 11 : 3) + erofs_bits_take(bits, symbol.extra);
			value = symbol.base == REPEAT_LAST && i ? lengths[i - 1] : 0;
			if (symbol.base == REPEAT_LAST && !i)
				return false;
		}
		if (repeat > count - i)
			return false;
		memset(lengths + i, value, repeat);
		i += repeat;
	}
	return true;
}

bool erofs_deflate_read_codes(struct erofs_bits *bits, struct erofs_deflate_code *litlen,
			      struct erofs_deflate_code *distance, uint8_t lengths[EROFS_DEFLATE_LITLENS])
{
	uint8_t both[EROFS_DEFLATE_LITLENS + EROFS_DEFLATE_DISTANCES];
	unsigned int litlens = 257 + erofs_bits_take(bits, 5);
	unsigned int distances = 1 + erofs_bits_take(bits, 5);

	/* The code of the lengths is made in the place of the one that comes last. */
	if (!read_length_code(bits, distance, 4 + erofs_bits_take(bits, 4)))
		return false;
	if (!read_lengths(bits, distance, both, litlens + distances))
		return false;
	memset(lengths, 0, EROFS_DEFLATE_LITLENS);
	memcpy(lengths, both, litlens);
	return both[EROFS_DEFLATE_END] && erofs_deflate_code_make(litlen, erofs_deflate_litlens, both, litlens) &&
	       erofs_deflate_code_make(distance, erofs_deflate_distances, both + litlens, distances);
}

bool erofs_deflate_fixed_codes(struct erofs_deflate_code *litlen, struct erofs_deflate_code *distance,
			       uint8_t lengths[EROFS_DEFLATE_LITLENS])
{
	uint8_t distances[EROFS_DEFLATE_DISTANCES];

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 256 - 144);
	memset(lengths + 256, 7, 280 - 256);
	memset(lengths + 280, 8, EROFS_DEFLATE_LITLENS - 280);
	memset(distances, 5, sizeof(distances));
	return erofs_deflate_code_make(litlen, erofs_deflate_litlens, lengths, EROFS_DEFLATE_LITLENS) &&
	       erofs_deflate_code_make(distance, erofs_deflate_distances, distances, sizeof(distances));
}
