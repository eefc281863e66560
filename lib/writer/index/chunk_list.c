/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/index/chunk_list.h"

#include <assert.h>

#include <erofs/inode.h>

#include "lib/format/format_chunk.h"

struct list_head {
	uint32_t count; /* of runs */
	uint32_t chunkbits;
};

static struct erofs_chunk_run *last_run(const struct erofs_buffer *runs)
{
	return runs->size ? (struct erofs_chunk_run *)(void *)(runs->data + runs->size) - 1 : NULL;
}

static bool goes_on(const struct erofs_chunk_run *run, uint32_t block, uint32_t count)
{
	if (!run || UINT32_MAX - run->count < count)
		return false;
	if (run->block == EROFS_NULL_BLOCK || block == EROFS_NULL_BLOCK)
		return run->block == block;
	return run->block + run->count == block;
}

int erofs_writer_runs_append(struct erofs_buffer *runs, uint32_t block, uint64_t count)
{
	int err = 0;

	while (!err && count) {
		struct erofs_chunk_run *last = last_run(runs);
		struct erofs_chunk_run run = { block, count > INT32_MAX ? INT32_MAX : (uint32_t)count };

		if (goes_on(last, block, run.count))
			last->count += run.count;
		else
			err = erofs_buffer_append(runs, &run, sizeof(run));
		count -= run.count;
		if (block != EROFS_NULL_BLOCK)
			block += run.count;
	}
	return err;
}

uint8_t erofs_writer_runs_chunkbits(const struct erofs_buffer *runs, uint64_t size, unsigned int blkszbits)
{
	const struct erofs_chunk_run *run = (const void *)runs->data;
	size_t count = runs->size / sizeof(*run);
	unsigned int bits = blkszbits;
	uint64_t at = 0;

	while (bits < blkszbits + EROFS_CHUNK_FORMAT_BLKBITS_MASK && bits < 62 && UINT64_C(1) << bits < size)
		bits++;
	for (size_t i = 0; i + 1 < count; i++) {
		at += run[i].count;
		/* A long hole is several runs. */
		if (run[i].block == EROFS_NULL_BLOCK && run[i + 1].block == EROFS_NULL_BLOCK)
			continue;
		if (blkszbits + (unsigned int)__builtin_ctzll(at) < bits)
			bits = blkszbits + (unsigned int)__builtin_ctzll(at);
	}
	return (uint8_t)bits;
}

int erofs_writer_chunk_lists_add(struct erofs_buffer *lists, uint64_t *at, const struct erofs_buffer *runs,
				 uint8_t chunkbits)
{
	struct list_head head = { (uint32_t)(runs->size / sizeof(struct erofs_chunk_run)), chunkbits };
	int err;

	*at = lists->size;
	err = erofs_buffer_append(lists, &head, sizeof(head));
	return err ? err : erofs_buffer_append(lists, runs->data, runs->size);
}

struct erofs_chunk_list_cursor erofs_writer_chunk_list_open(const struct erofs_buffer *lists, uint64_t at)
{
	const struct list_head *head = (const void *)(lists->data + at);
	const struct erofs_chunk_run *run = (const void *)(head + 1);

	return (struct erofs_chunk_list_cursor){
		.run = run,
		.end = run + head->count,
		.chunkbits = (uint8_t)head->chunkbits,
	};
}

uint32_t erofs_writer_chunk_list_block(struct erofs_chunk_list_cursor *cursor, uint64_t block)
{
	while (block - cursor->start >= cursor->run->count) {
		cursor->start += cursor->run->count;
		cursor->run++;
		assert(cursor->run < cursor->end);
	}
	if (cursor->run->block == EROFS_NULL_BLOCK)
		return EROFS_NULL_BLOCK;
	return cursor->run->block + (uint32_t)(block - cursor->start);
}
