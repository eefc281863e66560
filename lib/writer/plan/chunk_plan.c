/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/chunk_plan.h"

#include <string.h>

#include "lib/format/format_chunk.h"

uint64_t erofs_writer_chunk_stored_bytes(uint64_t size, const struct erofs_data_map *map, unsigned int chunkbits)
{
	uint64_t chunk = UINT64_C(1) << chunkbits;
	uint64_t stored = 0;
	uint64_t done = 0; /* up to here everything is counted or a hole */

	for (uint32_t i = 0; i < map->count; i++) {
		uint64_t start = map->ranges[i].start & ~(chunk - 1);
		uint64_t end = (map->ranges[i].end + chunk - 1) & ~(chunk - 1);

		if (end > size)
			end = size;
		if (start < done)
			start = done;
		if (end > start) {
			stored += end - start;
			done = end;
		}
	}
	return stored;
}

uint8_t erofs_writer_chunk_choose(uint64_t size, const struct erofs_data_map *map, unsigned int blkszbits)
{
	unsigned int largest = blkszbits + EROFS_CHUNK_FORMAT_BLKBITS_MASK;
	uint64_t least = size;
	uint8_t best = 0;

	for (unsigned int bits = blkszbits; bits <= largest && bits < 63; bits++) {
		uint64_t cost = erofs_chunk_count(size, bits) * EROFS_CHUNK_BLOCK_SIZE +
				erofs_writer_chunk_stored_bytes(size, map, bits);

		if (cost < least) {
			least = cost;
			best = (uint8_t)bits;
		}
		if (UINT64_C(1) << bits >= size)
			break;
	}
	return best;
}

/* Bytes of a map that are small: an eighth of the segment of stored files. */
#define SMALL_MAP (UINT64_C(64) * 1024)

uint8_t erofs_writer_chunk_unit(uint64_t size, unsigned int blkszbits, unsigned int segment_bits)
{
	unsigned int bits = blkszbits;

	while (bits < segment_bits && erofs_chunk_count(size, bits) * EROFS_CHUNK_BLOCK_SIZE > SMALL_MAP)
		bits++;
	return (uint8_t)bits;
}

bool erofs_writer_chunk_same_map(const struct erofs_data_map *a, const struct erofs_data_map *b)
{
	return a->count == b->count && memcmp(a->ranges, b->ranges, a->count * sizeof(a->ranges[0])) == 0;
}

bool erofs_writer_chunk_has_data(struct erofs_chunk_cursor *cursor, uint64_t start, uint64_t end)
{
	const struct erofs_data_map *map = cursor->map;

	while (cursor->range < map->count && map->ranges[cursor->range].end <= start)
		cursor->range++;
	return cursor->range < map->count && map->ranges[cursor->range].start < end;
}
