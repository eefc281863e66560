/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/tools/mutate.h"

#include <stdbool.h>
#include <string.h>

#include "tests/tools/support.h"

#define SUPERBLOCK 1024u

/* Offsets inside the superblock; written down a second time here, so that a wrong one in the library shows. */
#define SB_CHECKSUM	4u
#define SB_FEATURES	8u
#define SB_BLKSZBITS	12u
#define SB_META_BLKADDR 0x28u
#define SB_SIZE		128u

static uint64_t get(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static void put(uint8_t *at, unsigned int bytes, uint64_t value)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t crc32c(uint32_t crc, const uint8_t *data, size_t size)
{
	while (size--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
	}
	return crc;
}

void mutate_repair_checksum(uint8_t *image, size_t size)
{
	uint8_t *sb = image + SUPERBLOCK;
	size_t blksz = (size_t)1 << (sb[SB_BLKSZBITS] & 15);
	size_t span = blksz > SUPERBLOCK ? blksz - SUPERBLOCK : blksz;

	if (size < SUPERBLOCK + SB_SIZE || !(sb[SB_FEATURES] & 1) || span < SB_SIZE || span > size - SUPERBLOCK)
		return;
	put(sb + SB_CHECKSUM, 4, 0);
	put(sb + SB_CHECKSUM, 4, crc32c(0xFFFFFFFFu, sb, span));
}

/* A place to damage: the superblock, the inode zone and what follows it, or anywhere. */
static size_t pick_place(const uint8_t *image, size_t size, uint64_t *state)
{
	const uint8_t *sb = image + SUPERBLOCK;
	uint64_t meta = get(sb + SB_META_BLKADDR, 4) << (sb[SB_BLKSZBITS] & 15);

	switch (random_below(state, 10)) {
	case 0:
		return random_below(state, size);
	case 1:
	case 2:
		return SUPERBLOCK + random_below(state, SB_SIZE);
	default:
		/* The first inodes (the root's among them) more often than the rest. */
		if (meta >= size)
			return random_below(state, size);
		if (random_below(state, 3) == 0 && size - meta > 2048)
			return meta + random_below(state, 2048);
		return meta + random_below(state, size - meta);
	}
}

static uint64_t odd_value(uint64_t *state, uint64_t old)
{
	static const uint64_t values[] = { 0,
					   1,
					   2,
					   0x7f,
					   0x80,
					   0xff,
					   0x100,
					   0x7fff,
					   0x8000,
					   0xffff,
					   0x10000,
					   0x7fffffff,
					   0x80000000,
					   0xfffffffe,
					   0xffffffff,
					   0x100000000,
					   0x7fffffffffffffff,
					   0x8000000000000000,
					   0xffffffffffffffff,
					   0xfffffffffffff000 };
	uint64_t choice = random_below(state, 4);

	if (choice == 0)
		return old + 1 + random_below(state, 64);
	if (choice == 1)
		return old - 1 - random_below(state, 64);
	if (choice == 2)
		return random_next(state);
	return values[random_below(state, sizeof(values) / sizeof(values[0]))];
}

static void damage_integer(uint8_t *image, size_t size, uint64_t *state)
{
	unsigned int bytes = 2u << random_below(state, 3);
	size_t at = pick_place(image, size, state) / bytes * bytes;

	/* Directory entries and xattrs have their integers at odd places, too. */
	if (random_below(state, 4) == 0)
		at += random_below(state, bytes);
	if (at + bytes <= size)
		put(image + at, bytes, odd_value(state, get(image + at, bytes)));
}

static void damage_row(uint8_t *image, size_t size, uint64_t *state)
{
	size_t at = pick_place(image, size, state);
	size_t length = 1 + random_below(state, 64);

	memset(image + at, random_below(state, 2) ? 0 : 0xff, length < size - at ? length : size - at);
}

static void swap_places(uint8_t *image, size_t size, uint64_t *state)
{
	size_t length = (size_t)32 << random_below(state, 5);
	size_t to = pick_place(image, size, state) / 32 * 32;
	size_t from = pick_place(image, size, state) / 32 * 32;

	if (to + length <= size && from + length <= size)
		memmove(image + to, image + from, length);
}

static size_t cut(size_t size, uint64_t *state)
{
	switch (random_below(state, 3)) {
	case 0:
		return random_below(state, size + 1);
	case 1:
		return size - random_below(state, size < 4096 ? size : 4096);
	default:
		return size - size % 512 - (size > 1024 ? 512 * random_below(state, size / 512 - 1) : 0);
	}
}

size_t mutate_image(uint8_t *image, size_t size, uint64_t seed)
{
	uint64_t state = seed;
	uint64_t times = 1 + random_below(&state, 4);

	if (size < SUPERBLOCK + SB_SIZE)
		return size;
	for (uint64_t i = 0; i < times; i++) {
		uint64_t kind = random_below(&state, 40);

		if (kind == 0)
			size = cut(size, &state);
		if (size < SUPERBLOCK + SB_SIZE)
			return size;
		if (kind < 10)
			image[pick_place(image, size, &state)] = (uint8_t)random_next(&state);
		else if (kind < 20)
			image[pick_place(image, size, &state)] ^= (uint8_t)(1u << random_below(&state, 8));
		else if (kind < 34)
			damage_integer(image, size, &state);
		else if (kind < 37)
			damage_row(image, size, &state);
		else
			swap_places(image, size, &state);
	}
	if (random_below(&state, 4))
		mutate_repair_checksum(image, size);
	return size;
}
