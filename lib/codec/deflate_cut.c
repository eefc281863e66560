/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/deflate_cut.h"

#include <stdlib.h>

#include "lib/codec/deflate_code.h"

#define STORED	    0
#define FIXED	    1
#define OWN_CODES   2
#define HEADER_BITS 3
#define STORED_HEAD 4 /* bytes: the length, and again inverted */

struct erofs_deflate_cutter {
	struct erofs_deflate_code litlen, distance;
	uint8_t lengths[EROFS_DEFLATE_LITLENS];
};

/* Where the stream can end. */
struct cut {
	uint64_t block;	  /* the bit at which the last block begins */
	uint64_t end;	  /* behind the last symbol, in bits */
	uint64_t decoded; /* what that is in bytes */
	bool in_block;	  /* the end lies in the middle of the block, or at its end */
	bool any;
};

enum walked { BLOCK_DONE, BLOCK_CUT, BLOCK_BAD };

struct erofs_deflate_cutter *erofs_deflate_cutter_new(void)
{
	return malloc(sizeof(struct erofs_deflate_cutter));
}

void erofs_deflate_cutter_free(struct erofs_deflate_cutter *cutter)
{
	free(cutter);
}

static void put_bits(uint8_t *stream, uint64_t at, uint32_t value, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++, at++) {
		uint8_t mask = (uint8_t)(1u << (at & 7));

		stream[at >> 3] = (uint8_t)(value >> i & 1 ? stream[at >> 3] | mask : stream[at >> 3] & ~mask);
	}
}

/* Follows the symbols of a block as long as they and its end stay within `limit`. */
static enum walked walk_symbols(const struct erofs_deflate_cutter *cutter, struct erofs_bits *bits, uint64_t limit,
				struct cut *cut)
{
	uint64_t decoded = cut->decoded;
	uint64_t last = limit - cutter->lengths[EROFS_DEFLATE_END]; /* where a symbol may end */

	for (;;) {
		uint64_t peeked = erofs_bits_peek(bits);
		struct erofs_deflate_symbol symbol = erofs_deflate_code_next(&cutter->litlen, peeked);
		struct erofs_deflate_symbol distance;
		unsigned int used = symbol.bits + symbol.extra;

		if (!symbol.bits)
			return BLOCK_BAD;
		if (!symbol.base) {
			bits->at += used;
			return BLOCK_DONE;
		}
		decoded += symbol.base;
		if (symbol.base > 1) {
			decoded += peeked >> symbol.bits & ((1u << symbol.extra) - 1);
			distance = erofs_deflate_code_next(&cutter->distance, peeked >> used);
			if (!distance.bits)
				return BLOCK_BAD;
			used += distance.bits + distance.extra;
		}
		bits->at += used;
		if (bits->at > last)
			return BLOCK_CUT;
		cut->end = bits->at;
		cut->decoded = decoded;
		cut->in_block = true;
	}
}

static enum walked walk_coded(struct erofs_deflate_cutter *cutter, struct erofs_bits *bits, uint64_t limit,
			      struct cut *cut, unsigned int type)
{
	bool made;

	if (type == FIXED)
		made = erofs_deflate_fixed_codes(&cutter->litlen, &cutter->distance, cutter->lengths);
	else
		made = erofs_deflate_read_codes(bits, &cutter->litlen, &cutter->distance, cutter->lengths);
	if (!made)
		return BLOCK_BAD;
	if (bits->at + cutter->lengths[EROFS_DEFLATE_END] > limit)
		return BLOCK_CUT;
	return walk_symbols(cutter, bits, limit, cut);
}

static enum walked walk_stored(struct erofs_bits *bits, uint64_t limit, struct cut *cut)
{
	uint64_t length, fits;

	bits->at = (bits->at + 7) / 8 * 8;
	length = erofs_bits_take(bits, 16);
	bits->at += 16;
	if (bits->at / 8 + length > bits->size)
		return BLOCK_BAD;
	if (bits->at > limit)
		return BLOCK_CUT;
	fits = (limit - bits->at) / 8;
	if (fits > length)
		fits = length;
	if (fits) {
		cut->end = bits->at + fits * 8;
		cut->decoded += fits;
		cut->in_block = true;
	}
	bits->at += length * 8;
	return fits < length ? BLOCK_CUT : BLOCK_DONE;
}

/* Finds the last place up to `limit`, and the block it is in. */
static bool find_cut(struct erofs_deflate_cutter *cutter, struct erofs_bits *bits, uint64_t limit, struct cut *cut,
		     unsigned int *type)
{
	enum walked walked;
	uint64_t begin, final;

	do {
		begin = bits->at;
		final = erofs_bits_take(bits, 1);
		*type = erofs_bits_take(bits, 2);
		cut->in_block = false;
		if (*type > OWN_CODES || bits->at > bits->size * 8)
			return false;
		walked = *type == STORED ? walk_stored(bits, limit, cut) : walk_coded(cutter, bits, limit, cut, *type);
		if (walked == BLOCK_BAD)
			return false;
		if (walked == BLOCK_DONE) {
			cut->in_block = false;
			cut->end = bits->at;
		}
		if (walked == BLOCK_DONE || cut->in_block) {
			cut->block = begin;
			cut->any = true;
		}
	} while (walked == BLOCK_DONE && !final);
	return cut->any;
}

/* The stored block says how long it is. */
static void end_stored(uint8_t *stream, const struct cut *cut)
{
	uint64_t head = (cut->block + HEADER_BITS + 7) / 8;
	uint32_t length = (uint32_t)(cut->end / 8 - head - STORED_HEAD);

	put_bits(stream, head * 8, length | ~length << 16, 32);
}

size_t erofs_deflate_cut(struct erofs_deflate_cutter *cutter, uint8_t *stream, size_t size, size_t room,
			 size_t *decoded)
{
	struct erofs_bits bits = { .bytes = stream, .size = size };
	struct cut cut = { .any = false };
	unsigned int type;
	uint64_t end;

	if (!find_cut(cutter, &bits, (uint64_t)(room < size ? room : size) * 8, &cut, &type))
		return 0;
	put_bits(stream, cut.block, 1, 1);
	end = cut.end;
	if (cut.in_block && type == STORED) {
		end_stored(stream, &cut);
	} else if (cut.in_block) {
		unsigned int length = cutter->lengths[EROFS_DEFLATE_END];

		put_bits(stream, end, erofs_deflate_code_of(&cutter->litlen, cutter->lengths, EROFS_DEFLATE_END),
			 length);
		end += length;
	}
	put_bits(stream, end, 0, (unsigned int)(-end & 7));
	*decoded = (size_t)cut.decoded;
	return (size_t)((end + 7) / 8);
}

void erofs_deflate_mark_start(uint8_t *stream, size_t size)
{
	/* Not final, stored: five bits are left up to the length. */
	if (size && !stream[0])
		stream[0] = 0xf8;
}
