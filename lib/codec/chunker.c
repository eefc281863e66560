/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/chunker.h"

#include "lib/util/seed.h"

/*
 * A rolling hash: each byte shifts it to the left and adds a number of its own, so that what is older than 64 bytes has left it.
 * A chunk ends where its highest bits are zero, which depend on all 64.
 */
#define WINDOW 64u

void erofs_chunker_init(struct erofs_chunker *chunker, uint32_t average)
{
	*chunker = (struct erofs_chunker){
		.least = average / 4,
		.most = average * 4,
		.shift = 64 - (unsigned int)__builtin_ctz(average),
	};
	for (uint64_t i = 0; i < 256; i++)
		chunker->gear[i] = erofs_mix(i, UINT64_C(0x6765617220676561));
}

/*
 * Two bytes a step: what the hash comes to behind both follows from the one in front of them, so that steps wait for each other
 * half as often.
 */
static size_t cut_behind(const struct erofs_chunker *chunker, const uint8_t *data, size_t at, size_t end, uint64_t hash)
{
	while (end - at >= 2) {
		uint64_t first = chunker->gear[data[at]], second = chunker->gear[data[at + 1]];
		uint64_t between = (hash << 1) + first;

		hash = (hash << 2) + ((first << 1) + second);
		if (!(between >> chunker->shift))
			return at + 1;
		at += 2;
		if (!(hash >> chunker->shift))
			return at;
	}
	return end;
}

size_t erofs_chunker_cut(const struct erofs_chunker *chunker, const uint8_t *data, size_t size)
{
	size_t end = size < chunker->most ? size : chunker->most, at = chunker->least;
	uint64_t hash = 0;

	if (end <= at)
		return end;
	/* No chunk ends before that, so that the bytes in front of the window need not be looked at. */
	for (size_t i = at - WINDOW; i < at; i++)
		hash = (hash << 1) + chunker->gear[data[i]];
	return cut_behind(chunker, data, at, end, hash);
}
