/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_CHUNK_LIST_H
#define EROFS_WRITER_CHUNK_LIST_H

#include <stdint.h>

#include "lib/util/buffer.h"

/*
 * Where the blocks of files are that were stored chunk by chunk, between the data stage and emit: runs of blocks that follow
 * each other on the device, one list for each distinct content. All sizes and addresses here are blocks.
 */
struct erofs_chunk_run {
	uint32_t block; /* the first one; EROFS_NULL_BLOCK: a hole */
	uint32_t count;
};

/* Appends a run to those of a file, or to the last one of them if it goes on there. -ENOMEM. */
int erofs_writer_runs_append(struct erofs_buffer *runs, uint32_t block, uint64_t count);

/*
 * Log2 of the largest chunk size in bytes with which each chunk lies in one run; not larger than the file of `size` bytes takes,
 * nor than the format allows.
 */
uint8_t erofs_writer_runs_chunkbits(const struct erofs_buffer *runs, uint64_t size, unsigned int blkszbits);

/* Adds the runs of a file to the lists; `*at` is where. -ENOMEM. */
int erofs_writer_chunk_lists_add(struct erofs_buffer *lists, uint64_t *at, const struct erofs_buffer *runs,
				 uint8_t chunkbits);

/* Goes through a list. Lists may not grow meanwhile. */
struct erofs_chunk_list_cursor {
	const struct erofs_chunk_run *run, *end;
	uint8_t chunkbits;
	uint64_t start; /* block of the file that the run begins with */
};

struct erofs_chunk_list_cursor erofs_writer_chunk_list_open(const struct erofs_buffer *lists, uint64_t at);

/* Where a block of the file is, EROFS_NULL_BLOCK in a hole. Asked in ascending order only. */
uint32_t erofs_writer_chunk_list_block(struct erofs_chunk_list_cursor *cursor, uint64_t block);

#endif
