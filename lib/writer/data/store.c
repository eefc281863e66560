/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/store.h"

bool erofs_writer_is_stored(const struct erofs_run *run, const struct erofs_long_file *file)
{
	return !file->content.encoded_end && !erofs_writer_method(run->plan, file->inode)->encoded_max;
}

/* ---- chunks ---------------------------------------------------------------------------------------------------------------- */

/* Goes through the parts of a segment that belong to stored chunks. */
struct part_cursor {
	struct erofs_chunk_cursor chunks;
	uint64_t chunk; /* bytes */
	uint64_t at, end;
};

static struct part_cursor open_parts(const struct erofs_run *run, const struct erofs_job *job)
{
	return (struct part_cursor){
		.chunks = job->chunks,
		.chunk = UINT64_C(1) << erofs_writer_inode_plan(run->plan, job->file->inode)->chunkbits,
		.at = job->offset,
		.end = job->offset + job->length,
	};
}

static uint64_t chunk_end(const struct part_cursor *cursor, uint64_t at)
{
	uint64_t end = (at & ~(cursor->chunk - 1)) + cursor->chunk;

	return end < cursor->end ? end : cursor->end;
}

static bool is_in_stored_chunk(struct part_cursor *cursor, uint64_t at)
{
	uint64_t start = at & ~(cursor->chunk - 1);

	return erofs_writer_chunk_has_data(&cursor->chunks, start, start + cursor->chunk);
}

/* The next bytes that are stored one behind the other; false at the end. */
static bool next_part(struct part_cursor *cursor, uint64_t *start, size_t *length)
{
	while (cursor->at < cursor->end && !is_in_stored_chunk(cursor, cursor->at))
		cursor->at = chunk_end(cursor, cursor->at);
	*start = cursor->at;
	while (cursor->at < cursor->end && is_in_stored_chunk(cursor, cursor->at))
		cursor->at = chunk_end(cursor, cursor->at);
	*length = (size_t)(cursor->at - *start);
	return *length;
}

static bool has_chunks(const struct erofs_run *run, const struct erofs_job *job)
{
	return erofs_writer_inode_plan(run->plan, job->file->inode)->layout == EROFS_LAYOUT_CHUNK_BASED;
}

/* Bytes of the segment that go to the device as they are. */
static size_t stored_bytes(const struct erofs_run *run, const struct erofs_job *job)
{
	struct part_cursor cursor;
	size_t length, sum = 0;
	uint64_t start;

	if (!has_chunks(run, job))
		return job->length - (job->is_last ? erofs_writer_planned_tail(run->plan, job->file->inode) : 0);
	cursor = open_parts(run, job);
	while (next_part(&cursor, &start, &length))
		sum += length;
	return sum;
}

/* ---- sizes and writing ----------------------------------------------------------------------------------------------------- */

/* Only the file's last block is padded: all else ends with a block. */
static size_t padding_of(const struct erofs_run *run, size_t bytes)
{
	return -bytes & (run->plan->blksz - 1);
}

size_t erofs_writer_store_size(const struct erofs_run *run, const struct erofs_job *job)
{
	size_t bytes = stored_bytes(run, job);

	return bytes + padding_of(run, bytes);
}

#define VECTOR_PARTS 64

static int write_parts(struct erofs_run *run, const struct erofs_job *job, size_t padding)
{
	static const uint8_t zeros[4096];
	struct part_cursor cursor = open_parts(run, job);
	struct iovec vector[VECTOR_PARTS + 1];
	uint64_t at = job->start, start;
	size_t count = 0, length, size = 0;
	int err = 0;

	while (!err && next_part(&cursor, &start, &length)) {
		vector[count++] = (struct iovec){ job->in + (start - job->offset), length };
		size += length;
		if (count < VECTOR_PARTS)
			continue;
		err = erofs_output_writev(run->data->zone.output, vector, count, at);
		at += size;
		count = size = 0;
	}
	vector[count++] = (struct iovec){ (void *)(uintptr_t)zeros, padding };
	return err ? err : erofs_output_writev(run->data->zone.output, vector, count, at);
}

int erofs_writer_store(struct erofs_run *run, const struct erofs_job *job)
{
	static const uint8_t zeros[4096];
	size_t bytes = stored_bytes(run, job), padding = padding_of(run, bytes);
	struct iovec vector[2] = { { job->in, bytes }, { (void *)(uintptr_t)zeros, padding } };

	if (has_chunks(run, job))
		return write_parts(run, job, padding);
	return erofs_output_writev(run->data->zone.output, vector, 2, job->start);
}
