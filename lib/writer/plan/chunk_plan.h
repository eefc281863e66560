/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_CHUNK_PLAN_H
#define EROFS_WRITER_CHUNK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/tree/tree.h"

/*
 * Chunks of a sparse file. A chunk in which the source has any data is stored, the others are holes; stored chunks follow
 * each other on the device without gaps.
 */

/*
 * Log2 of the chunk size that makes map and stored chunks together smallest, 0 if the file is better stored flat, its
 * holes as zeros. `blkszbits` is the smallest possible.
 */
uint8_t erofs_writer_chunk_choose(uint64_t size, const struct erofs_data_map *map, unsigned int blkszbits);

/*
 * Log2 of the chunk size for a file of this size in which equal chunks are looked for: the map that one such chunk has to pay for
 * is small against a segment, which is the most that it may be.
 */
uint8_t erofs_writer_chunk_unit(uint64_t size, unsigned int blkszbits, unsigned int segment_bits);

/* Bytes of the stored chunks; the file's last chunk counts no further than the file's end. */
uint64_t erofs_writer_chunk_stored_bytes(uint64_t size, const struct erofs_data_map *map, unsigned int chunkbits);

/* Whether two files with these maps store the same chunks. */
bool erofs_writer_chunk_same_map(const struct erofs_data_map *a, const struct erofs_data_map *b);

/* Asks chunk by chunk, in ascending order only. Zero-initialised but for the map it stands at the start. */
struct erofs_chunk_cursor {
	const struct erofs_data_map *map;
	uint32_t range; /* first range that may still matter */
};

/* Whether bytes start..end-1 hold any data; `start` never goes back. */
bool erofs_writer_chunk_has_data(struct erofs_chunk_cursor *cursor, uint64_t start, uint64_t end);

#endif
