/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_CHUNKS_H
#define EROFS_WRITER_CHUNKS_H

#include "lib/writer/data/run.h"

/*
 * The method "in chunks" of images that are not compressed: each chunk is stored once, chunks of zeros not at all. The work takes
 * sums; the commit looks for equal chunks, compares them byte by byte with what is stored, and writes what is new, so that the next
 * commit can read it back.
 *
 * Where the caller has given no chunk size, a file stays flat unless its map costs less than what is not stored again. Long files
 * are flat up to the segment that pays for the map of the whole file.
 */

int erofs_writer_chunks_init(struct erofs_run *run);
void erofs_writer_chunks_release(struct erofs_chunks *chunks);

static inline bool erofs_writer_is_in_chunks(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	return erofs_writer_inode_plan(run->plan, inode)->in_chunks && !run->is_hashing_only;
}

/* Work: zeros behind the last of `size` bytes up to the end of the block, and the sums of what is there then, appended to the job's. */
void erofs_writer_chunks_sum(struct erofs_run *run, struct erofs_job *job, const struct erofs_tree_inode *inode,
			     uint8_t *in, size_t size);

/* Commits: a small file; a segment of a long one, in order; the end of it, when its identity is noted. */
int erofs_writer_chunks_small(struct erofs_run *run, struct erofs_job *job, struct erofs_small_file *file);
int erofs_writer_chunks_segment(struct erofs_run *run, struct erofs_job *job);
int erofs_writer_chunks_end(struct erofs_run *run, struct erofs_job *job);

/* Writes what commits have put together; before the job's bytes are gone. */
int erofs_writer_chunks_flush(struct erofs_run *run);

#endif
