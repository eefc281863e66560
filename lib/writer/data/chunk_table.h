/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_CHUNK_TABLE_H
#define EROFS_WRITER_CHUNK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/index.h"

/*
 * Which bytes are in the data zone already: a sum of each granule (a block, or a chunk where all chunks have one size) and the block
 * where it begins. Equal sums only suggest equal bytes. One thread at a time. Zero-initialised it is empty.
 */

/*
 * So many are known at most, those that came first: 24 MiB and an index of 32. They are 8 GiB of blocks of 4 KiB; of what comes
 * behind them, what repeats these is still found.
 */
#define EROFS_CHUNK_TABLE_MOST (UINT32_C(1) << 21)

/* Stands for a granule of zeros, which nobody needs to find. */
#define EROFS_CHUNK_SUM_ZERO UINT64_C(0)

struct erofs_chunk_table {
	uint64_t *sums;
	uint32_t *blocks;
	size_t sum_room, block_room;
	uint32_t count;
	struct erofs_index index;
};

void erofs_writer_chunk_table_release(struct erofs_chunk_table *table);

/* Adds granules that lie one behind the other, each of `blocks` blocks but for the last. What is too much is left out. -ENOMEM. */
int erofs_writer_chunk_table_add(struct erofs_chunk_table *table, const uint64_t *sums, size_t count, uint32_t block,
				 uint32_t blocks);

/*
 * The block where bytes may lie that have these sums, which are there one behind the other; EROFS_NULL_BLOCK if there are none.
 * Of several it is the first that was added.
 */
uint32_t erofs_writer_chunk_table_find(const struct erofs_chunk_table *table, const uint64_t *sums, size_t count,
				       uint32_t blocks);

/* Forgets all but the first `count`. */
void erofs_writer_chunk_table_cut(struct erofs_chunk_table *table, uint32_t count);

#endif
