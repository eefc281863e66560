/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/repeats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/codec/chunker.h"
#include "lib/util/align.h"
#include "lib/util/array.h"
#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"
#include "lib/util/seed.h"
#include "lib/util/zeros.h"

/*
 * Reads all files in chunks whose ends depend on the bytes, and looks for those that were there before. Which first occurrence a chunk
 * has depends on the order of files alone, since commits, in that order, note them.
 */

#define JOB_BYTES     ((size_t)1024 * 1024)
#define JOB_PARTS     128u
#define JOBS_PER_WORK 4u

/* Parts begin with a cache line; the kernel copies slower to other places (data_buffer.h). */
#define PART_ALIGN 64u

/*
 * As many chunks are known at most: of larger trees they are larger. 40 bytes for each with its place in the index, so 40 MiB
 * in all, while nothing else is in memory.
 */
#define CHUNKS_MOST   (UINT32_C(1) << 20)
#define AVERAGE_LEAST 1024u
#define AVERAGE_MOST  (UINT32_C(1) << 28)

struct chunk {
	uint64_t hash;
	uint32_t length;
	bool is_mute; /* nobody's: of zeros, which take hardly any room, or where no repeat may be */
};

/* A row of bytes of one file. */
struct part {
	const struct erofs_tree_inode *inode;
	uint64_t offset;
	size_t length, chunks;
};

struct find_job {
	uint8_t *in;
	struct part parts[JOB_PARTS];
	uint32_t count;
	struct chunk *chunks;
	size_t chunk_count, chunk_room;
};

/* Where a chunk was first. */
struct seen {
	uint64_t hash, offset;
	uint32_t inode;
};

struct finder {
	struct erofs_run *run;
	struct erofs_stage_progress progress;
	struct erofs_chunker chunker;
	struct find_job *jobs; /* by slot */
	unsigned int job_count;

	/* next */
	uint32_t next;
	uint64_t next_offset;

	/* commits */
	struct seen *seen;
	size_t seen_room;
	uint32_t seen_count;
	struct erofs_index index; /* of these */
	uint64_t *wholes;	  /* a hash of each file that is no duplicate */
	size_t whole_room;
	uint32_t whole_count;
	struct erofs_index whole_index;
	uint64_t file_hash;	     /* of the file in hand, as far as it has been seen */
	size_t first;		     /* its first repeat */
	struct erofs_repeat current; /* that may go on; of no bytes: there is none */
};

static void release_finder(struct finder *finder)
{
	for (unsigned int i = 0; finder->jobs && i < finder->job_count; i++) {
		free(finder->jobs[i].in);
		free(finder->jobs[i].chunks);
	}
	free(finder->jobs);
	erofs_progress_release(&finder->progress.count);
	free(finder->seen);
	free(finder->wholes);
	erofs_index_release(&finder->index);
	erofs_index_release(&finder->whole_index);
}

/* ---- next ------------------------------------------------------------------------------------------------------------------ */

/* The next file that may have repeats, or be the source of some; NULL. */
static const struct erofs_tree_inode *next_file(struct finder *finder)
{
	const struct erofs_tree *tree = finder->run->plan->tree;

	for (; finder->next < tree->inode_count; finder->next++)
		if (erofs_writer_repeats_end(finder->run, tree->inodes[finder->next]))
			return tree->inodes[finder->next];
	return NULL;
}

static int next_job(void *ctx, unsigned int slot)
{
	struct finder *finder = ctx;
	struct find_job *job = &finder->jobs[slot];
	const struct erofs_tree_inode *inode;
	size_t used = 0;

	if (erofs_writer_is_cancelled(finder->run->plan))
		return -ECANCELED;
	job->count = 0;
	job->chunk_count = 0;
	while (job->count < JOB_PARTS && used < JOB_BYTES && (inode = next_file(finder))) {
		uint64_t left = inode->size - finder->next_offset;
		size_t length = left < JOB_BYTES ? (size_t)left : JOB_BYTES;

		if (length > JOB_BYTES - used)
			break;
		job->parts[job->count++] = (struct part){ inode, finder->next_offset, length, 0 };
		used += erofs_align_up(length, PART_ALIGN);
		finder->next_offset = length == left ? 0 : finder->next_offset + length;
		finder->next += length == left;
	}
	return job->count > 0;
}

/* ---- work ------------------------------------------------------------------------------------------------------------------ */

static int read_part(const struct finder *finder, unsigned int worker, const struct part *part, uint8_t *in)
{
	void *reader = finder->run->workers[worker].reader;
	const struct erofs_source_ops *source = finder->run->source;
	struct erofs_content content;
	int err = source->open(reader, &content, part->inode);

	if (err)
		return err;
	err = source->read(reader, &content, in, part->length, part->offset);
	if (!err)
		return source->close(reader, &content);
	source->abandon(&content);
	return err;
}

/* What may have no repeats is read, too, so that duplicates of files are known. No chunk goes beyond the end of what may. */
static int cut_part(const struct finder *finder, struct find_job *job, struct part *part, const uint8_t *in)
{
	uint64_t end = erofs_writer_repeats_end(finder->run, part->inode);

	for (size_t at = 0; at < part->length; part->chunks++) {
		uint64_t left = part->length - at, to_end = end - part->offset - at;
		bool is_behind = part->offset + at >= end;
		size_t length = erofs_chunker_cut(&finder->chunker, in + at,
						  is_behind || left < to_end ? left : (size_t)to_end);

		if (erofs_array_reserve(&job->chunks, &job->chunk_room, job->chunk_count + 1))
			return -ENOMEM;
		job->chunks[job->chunk_count++] = (struct chunk){
			.hash = XXH3_64bits(in + at, length),
			.length = (uint32_t)length,
			.is_mute = is_behind || erofs_is_zero(in + at, length),
		};
		at += length;
	}
	return 0;
}

static int work_job(void *ctx, unsigned int slot, unsigned int worker)
{
	struct finder *finder = ctx;
	struct find_job *job = &finder->jobs[slot];
	uint8_t *in = job->in;
	int err = 0;

	for (uint32_t i = 0; !err && i < job->count; i++) {
		err = read_part(finder, worker, &job->parts[i], in);
		if (!err)
			err = cut_part(finder, job, &job->parts[i], in);
		in += erofs_align_up(job->parts[i].length, PART_ALIGN);
	}
	return err;
}

/* ---- commit ---------------------------------------------------------------------------------------------------------------- */

static bool same_chunk(const void *ctx, uint32_t number, const void *key)
{
	const struct finder *finder = ctx;

	return finder->seen[number].hash == *(const uint64_t *)key;
}

static bool same_whole(const void *ctx, uint32_t number, const void *key)
{
	const struct finder *finder = ctx;

	return finder->wholes[number] == *(const uint64_t *)key;
}

static int end_repeat(struct finder *finder)
{
	struct erofs_repeats *repeats = &finder->run->repeats;

	if (!finder->current.length)
		return 0;
	if (erofs_array_reserve(&repeats->items, &repeats->room, repeats->count + 1))
		return -ENOMEM;
	repeats->items[repeats->count++] = finder->current;
	finder->current.length = 0;
	return 0;
}

static int add_seen(struct finder *finder, const struct seen *seen)
{
	if (finder->seen_count == CHUNKS_MOST)
		return 0;
	if (erofs_array_reserve(&finder->seen, &finder->seen_room, (size_t)finder->seen_count + 1))
		return -ENOMEM;
	finder->seen[finder->seen_count] = *seen;
	return erofs_index_add(&finder->index, seen->hash, finder->seen_count++);
}

static bool goes_on(const struct erofs_repeat *current, const struct seen *seen)
{
	return current->length && seen->inode == current->owner && seen->offset == current->from + current->length;
}

static int commit_chunk(struct finder *finder, const struct part *part, uint64_t offset, const struct chunk *chunk)
{
	const struct seen here = { .hash = chunk->hash, .offset = offset, .inode = part->inode->number };
	uint32_t number = EROFS_INDEX_NONE;
	const struct seen *seen;
	int err;

	if (!chunk->is_mute)
		number = erofs_index_find(&finder->index, chunk->hash, same_chunk, finder, &chunk->hash);
	if (number == EROFS_INDEX_NONE) {
		err = end_repeat(finder);
		return err || chunk->is_mute ? err : add_seen(finder, &here);
	}
	seen = &finder->seen[number];
	if (!goes_on(&finder->current, seen)) {
		err = end_repeat(finder);
		if (err)
			return err;
		finder->current = (struct erofs_repeat){
			.at = offset,
			.from = seen->offset,
			.inode = part->inode->number,
			.owner = seen->inode,
		};
	}
	finder->current.length += chunk->length;
	return 0;
}

/* A duplicate of a whole file is for others to find. */
static int end_file(struct finder *finder)
{
	uint64_t hash = finder->file_hash;
	int err = end_repeat(finder);

	if (err || !finder->run->plan->options->dedupe_files)
		return err;
	if (erofs_index_find(&finder->whole_index, hash, same_whole, finder, &hash) != EROFS_INDEX_NONE) {
		finder->run->repeats.count = finder->first;
		return 0;
	}
	if (erofs_array_reserve(&finder->wholes, &finder->whole_room, (size_t)finder->whole_count + 1))
		return -ENOMEM;
	finder->wholes[finder->whole_count] = hash;
	return erofs_index_add(&finder->whole_index, hash, finder->whole_count++);
}

static int commit_part(struct finder *finder, const struct part *part, const struct chunk *chunks)
{
	uint64_t offset = part->offset;
	int err = 0;

	if (!offset) {
		finder->first = finder->run->repeats.count;
		finder->file_hash = erofs_mix(part->inode->size, 0);
	}
	for (size_t i = 0; !err && i < part->chunks; i++) {
		finder->file_hash = erofs_mix(finder->file_hash ^ chunks[i].hash, chunks[i].length);
		err = commit_chunk(finder, part, offset, &chunks[i]);
		offset += chunks[i].length;
	}
	if (!err && offset == part->inode->size)
		err = end_file(finder);
	return err;
}

static int commit_job(void *ctx, unsigned int slot)
{
	struct finder *finder = ctx;
	const struct find_job *job = &finder->jobs[slot];
	const struct chunk *chunks = job->chunks;
	int err = 0;

	for (uint32_t i = 0; !err && i < job->count; i++) {
		const struct part *part = &job->parts[i];

		err = commit_part(finder, part, chunks);
		chunks += part->chunks;
		erofs_progress_add(&finder->progress.count, part->offset + part->length == part->inode->size,
				   part->length);
	}
	return err;
}

/* ---- beginning and end ----------------------------------------------------------------------------------------------------- */

/* What there is to read. */
static void init_progress(struct erofs_stage_progress *progress, const struct erofs_run *run)
{
	const struct erofs_tree *tree = run->plan->tree;

	erofs_writer_progress_init(progress, run->plan, EROFS_STAGE_REPEATS);
	progress->files_total = progress->bytes_total = 0;
	for (uint32_t i = 0; i < tree->inode_count; i++) {
		if (!erofs_writer_repeats_end(run, tree->inodes[i]))
			continue;
		progress->files_total++;
		progress->bytes_total += tree->inodes[i]->size;
	}
}

static int init_finder(struct finder *finder)
{
	uint32_t average = AVERAGE_LEAST;

	init_progress(&finder->progress, finder->run);
	while (finder->progress.bytes_total / average > CHUNKS_MOST && average < AVERAGE_MOST)
		average *= 2;
	erofs_chunker_init(&finder->chunker, average);
	finder->job_count = JOBS_PER_WORK * erofs_pool_width(finder->run->pool);
	finder->jobs = calloc(finder->job_count, sizeof(*finder->jobs));
	for (unsigned int i = 0; finder->jobs && i < finder->job_count; i++) {
		finder->jobs[i].in = erofs_data_buffer(JOB_BYTES);
		if (!finder->jobs[i].in)
			return -ENOMEM;
	}
	return finder->jobs ? 0 : -ENOMEM;
}

int erofs_writer_repeats_find(struct erofs_run *run)
{
	static const struct erofs_pool_ops ops = { .next = next_job, .work = work_job, .commit = commit_job };
	struct finder finder = { .run = run };
	int err = init_finder(&finder);

	if (!err)
		err = erofs_pool_run(run->pool, &ops, &finder, finder.job_count);
	release_finder(&finder);
	return err ? err : erofs_writer_repeats_settle(run);
}

void erofs_writer_repeats_release(struct erofs_repeats *repeats)
{
	free(repeats->items);
	free(repeats->cuts);
	free(repeats->known);
	*repeats = (struct erofs_repeats){ 0 };
}
