/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/chunk_table.h"

#include <stdlib.h>

#include <erofs/inode.h>

#include "lib/util/array.h"

void erofs_writer_chunk_table_release(struct erofs_chunk_table *table)
{
	free(table->sums);
	free(table->blocks);
	erofs_index_release(&table->index);
	*table = (struct erofs_chunk_table){ 0 };
}

/* What was cut off may still be in the index, under another sum than that of what has its number now. */
static bool has_sum(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_chunk_table *table = ctx;

	return number < table->count && table->sums[number] == *(const uint64_t *)key;
}

static uint32_t find(const struct erofs_chunk_table *table, uint64_t sum)
{
	return sum == EROFS_CHUNK_SUM_ZERO ? EROFS_INDEX_NONE
					   : erofs_index_find(&table->index, sum, has_sum, table, &sum);
}

/* Only the first of equal ones goes to the index, so that no row of them gets long. */
static int add(struct erofs_chunk_table *table, uint64_t sum, uint32_t block)
{
	bool is_new = sum != EROFS_CHUNK_SUM_ZERO && find(table, sum) == EROFS_INDEX_NONE;

	table->sums[table->count] = sum;
	table->blocks[table->count++] = block;
	return is_new ? erofs_index_add(&table->index, sum, table->count - 1) : 0;
}

int erofs_writer_chunk_table_add(struct erofs_chunk_table *table, const uint64_t *sums, size_t count, uint32_t block,
				 uint32_t blocks)
{
	int err = 0;

	if (count > EROFS_CHUNK_TABLE_MOST - table->count)
		count = EROFS_CHUNK_TABLE_MOST - table->count;
	err = erofs_array_reserve(&table->sums, &table->sum_room, table->count + count);
	if (!err)
		err = erofs_array_reserve(&table->blocks, &table->block_room, table->count + count);
	for (size_t i = 0; !err && i < count; i++)
		err = add(table, sums[i], block + (uint32_t)i * blocks);
	return err;
}

/* By the first granule that is not zeros. */
uint32_t erofs_writer_chunk_table_find(const struct erofs_chunk_table *table, const uint64_t *sums, size_t count,
				       uint32_t blocks)
{
	uint32_t first, zeros = 0;

	while (zeros + 1 < count && sums[zeros] == EROFS_CHUNK_SUM_ZERO)
		zeros++;
	first = find(table, sums[zeros]);
	if (first == EROFS_INDEX_NONE || first < zeros)
		return EROFS_NULL_BLOCK;
	first -= zeros;
	if (count > table->count - first)
		return EROFS_NULL_BLOCK;
	for (uint32_t i = 0; i < count; i++)
		if (table->sums[first + i] != sums[i] || table->blocks[first + i] != table->blocks[first] + i * blocks)
			return EROFS_NULL_BLOCK;
	return table->blocks[first];
}

void erofs_writer_chunk_table_cut(struct erofs_chunk_table *table, uint32_t count)
{
	table->count = count;
}
