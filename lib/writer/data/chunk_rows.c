/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/chunk_rows.h"

#include <string.h>

#include "lib/writer/data/chunks.h"

int erofs_writer_chunks_flush(struct erofs_run *run)
{
	struct erofs_chunks *chunks = &run->chunks;
	size_t count = chunks->count;

	chunks->count = 0;
	return count ? erofs_output_writev(run->data->zone.output, chunks->vector, count, chunks->start) : 0;
}

static struct iovec *last_of(struct erofs_chunks *chunks)
{
	return &chunks->vector[chunks->count - 1];
}

int erofs_writer_chunk_rows_add(struct erofs_run *run, const uint8_t *bytes, size_t size, uint64_t start)
{
	struct erofs_chunks *chunks = &run->chunks;
	bool goes_on = chunks->count && chunks->end == start;
	int err = 0;

	if (!goes_on || chunks->count == EROFS_CHUNK_PARTS)
		err = erofs_writer_chunks_flush(run);
	if (!chunks->count)
		chunks->start = start;
	chunks->end = start + size;
	if (chunks->count && (const uint8_t *)last_of(chunks)->iov_base + last_of(chunks)->iov_len == bytes)
		last_of(chunks)->iov_len += size;
	else
		chunks->vector[chunks->count++] = (struct iovec){ (void *)(uintptr_t)bytes, size };
	return err;
}

void erofs_writer_chunk_rows_cut(struct erofs_run *run, uint64_t end)
{
	struct erofs_chunks *chunks = &run->chunks;

	while (chunks->count && chunks->end > end) {
		struct iovec *last = last_of(chunks);
		uint64_t start = chunks->end - last->iov_len;

		if (start < end) {
			last->iov_len = (size_t)(end - start);
			start = end;
		} else {
			chunks->count--;
		}
		chunks->end = start;
	}
}

int erofs_writer_chunk_rows_same(struct erofs_run *run, const uint8_t *bytes, size_t size, uint32_t block)
{
	struct erofs_chunks *chunks = &run->chunks;
	uint64_t at = (uint64_t)block * run->plan->blksz;
	int err = 0;

	if (at > run->data->zone.end || size > run->data->zone.end - at)
		return 0;
	if (chunks->count && at < chunks->end && at + size > chunks->start)
		err = erofs_writer_chunks_flush(run);
	while (!err && size) {
		size_t part = size < EROFS_CHUNK_COMPARED ? size : EROFS_CHUNK_COMPARED;

		err = erofs_output_read(run->data->zone.output, chunks->compared, part, at);
		if (!err && memcmp(chunks->compared, bytes, part) != 0)
			return 0;
		bytes += part;
		at += part;
		size -= part;
	}
	return err ? err : 1;
}
