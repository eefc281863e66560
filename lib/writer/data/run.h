/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_RUN_H
#define EROFS_WRITER_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/gate.h"
#include "lib/writer/data/data.h"
#include "lib/writer/data/encode.h"
#include "lib/writer/data/hash_chain.h"
#include "lib/writer/data/progress.h"
#include "lib/writer/plan/chunk_plan.h"

/*
 * The run over all files: the one way of data from a source into the image.
 *
 *	next    (jobs.c)   takes files from the tree, or as they arrive, and makes a job: a batch of small files, or one segment
 *	                   of a long file
 *	work               reads, hashes and encodes, as the file's method wants it
 *	commit             notes contents, finds duplicates, hands out addresses: in the order of next
 *	finish             writes
 *
 * Nothing here depends on how many workers there are or which is faster.
 */

/* A file of at most one segment. */
struct erofs_small_file {
	const struct erofs_tree_inode *inode;
	size_t at; /* of its bytes in the job's `in` */
	struct erofs_identity identity;
	bool is_known;	   /* its data are there already, so they were not encoded */
	bool is_duplicate; /* the commit found them there */
	uint64_t start;	   /* byte on the device, else */
	size_t out_at;	   /* of the encoded bytes in the job's `out` */
	size_t out_size;   /* 0: none of them take room, or the file is stored as it is */
	size_t extents_at; /* among the job's extents */
	size_t extents_size;
	uint64_t extent_count; /* 0: the file is stored as it is */
	bool uneven;	       /* see struct erofs_encoded */
};

/* A file of several segments, or with chunks. */
struct erofs_long_file {
	const struct erofs_tree_inode *inode;
	uint32_t number;	/* among the long files */
	struct erofs_sum first; /* of its first segment; set by its work */
	struct erofs_identity identity;
	/*
	 * Same size and first segment as an earlier one, so perhaps a duplicate: not stored before all digests are known. Set
	 * by a commit while later segments may be on their way, to be dropped by theirs.
	 */
	atomic_bool is_candidate;
	bool is_copy;	   /* a candidate that is a duplicate */
	bool is_noted;	   /* its content is known from an earlier reading, which this one must confirm */
	uint32_t original; /* inode number of the file that a copy is a duplicate of */
	uint8_t *tail;	   /* of a candidate: its inline tail, which a duplicate needs all the same */

	/* belongs to next */
	uint64_t next_segment, next_offset;
	struct erofs_chunk_cursor holes, chunks; /* where reading and storing stand in the source's map */

	bool is_open;		   /* set by next; reset by the last one that reads */
	struct erofs_content content;
	struct erofs_gate reading; /* segments between next and finish; closed for candidates */
	struct erofs_gate writing; /* of arrivals: closed for what turns out a duplicate when all of it is in the image */
	struct erofs_hash_chain chain;

	/* belong to commits */
	struct erofs_buffer extents;
	uint64_t count;	  /* of them */
	uint64_t gaps;	  /* between them */
	uint64_t start;	  /* byte on the device */
	uint64_t size;	  /* bytes there so far */
	uint64_t covered; /* bytes of the file, by extents that were taken over */
	bool shrunk, uneven;
};

#define EROFS_BATCH_FILES 128u /* tiny ones would otherwise wait long for their commit */

struct erofs_job {
	uint8_t *in, *out;	/* a segment, and room for its encoded bytes; `out` only where something is encoded */
	bool is_zero;		/* all of `in` is known to hold zeros */
	struct erofs_buffer extents;
	struct erofs_small_file files[EROFS_BATCH_FILES];
	uint32_t count; /* of files; 0: a segment of `file` */

	struct erofs_long_file *file;
	uint64_t segment; /* its number, which counts those that are read */
	uint64_t offset;  /* in the file */
	size_t length;
	uint64_t span; /* bytes of the file up to the next segment: with the holes that are stepped over */
	bool has_data, is_last;
	struct erofs_chunk_cursor chunks; /* where the segment begins */
	struct erofs_encoded result;
	uint64_t start; /* byte on the device */
	bool is_dropped;
	size_t padding; /* zeros to write behind it */
};

/* One thread's tools. */
struct erofs_run_worker {
	void *reader; /* of the source */
	struct erofs_file_hash hash;
	struct erofs_encode_tools encode;
};

struct erofs_run {
	struct erofs_plan *plan; /* const but for what arrives */
	struct erofs_data *data;
	struct erofs_pool *pool;
	const struct erofs_source_ops *source;
	const struct erofs_stream_ops *arrivals; /* NULL: contents are read in any order, with the above */
	enum erofs_digest digest;
	struct erofs_run_worker *workers; /* by worker number */
	struct erofs_progress progress;
	size_t segment;	 /* bytes */
	size_t out_room; /* bytes of a job's `out` */
	bool is_hashing_only;

	struct erofs_job *jobs; /* by slot */
	unsigned int job_count;

	/* next */
	void *reader;			      /* opens long files */
	const struct erofs_tree_inode *waiting; /* did not fit into the last job */
	uint32_t next;			      /* inode number, or number of a long file in the second run */
	bool is_second;			      /* the run over candidates that are no duplicates */
	/*
	 * Long files in the middle of which it stands. Stored ones take turns, with each other and with small files: each gets
	 * its whole place when it begins, and a worker that hashes one leaves the others to the rest. Encoded ones and arrivals
	 * go one by one, since where they end is known at their end.
	 */
	struct erofs_long_file **open;
	unsigned int open_count, open_most, turn;
	bool takes_turns; /* contents of long files are then noted at the end, in the order of the tree */

	struct erofs_pages files; /* struct erofs_long_file *, by number: commits look at earlier ones while next adds more */
	uint32_t file_count;	  /* belongs to next */
	struct erofs_index first_segments; /* of long files that are not candidates; belongs to commits */
};

static inline bool erofs_writer_is_cancelled(const struct erofs_plan *plan)
{
	return erofs_cancel_requested(plan->options->cancel);
}

static inline struct erofs_long_file *erofs_writer_long_file(const struct erofs_run *run, uint32_t number)
{
	return *(struct erofs_long_file **)erofs_pages_at(&run->files, number);
}

/* What is to be found out of a file's content. */
enum erofs_identity_kind erofs_writer_identity_kind(const struct erofs_run *run, const struct erofs_tree_inode *inode);

/* The file with this number while the run goes on: of the tree, or of its arrival. */
const struct erofs_tree_inode *erofs_writer_file(const struct erofs_run *run, uint32_t number);

/* ---- next (jobs.c) ---- */

/* 1: there is a job in the slot; 0: there are no more. */
int erofs_writer_next_job(struct erofs_run *run, struct erofs_job *job);

/* ---- small files (small.c), for whole batches ---- */

int erofs_writer_small_work(struct erofs_run *run, struct erofs_job *job, unsigned int worker);
int erofs_writer_small_commit(struct erofs_run *run, struct erofs_job *job);
int erofs_writer_small_finish(struct erofs_run *run, struct erofs_job *job);

/* ---- long files (long.c, long_commit.c), for one segment each ---- */

int erofs_writer_long_new(struct erofs_run *run, struct erofs_long_file **out, const struct erofs_tree_inode *inode);
void erofs_writer_long_free(struct erofs_run *run, struct erofs_long_file *file);

/* Opens it for being read segment by segment, once more if need be. Belongs to next. */
int erofs_writer_long_begin(struct erofs_run *run, struct erofs_long_file *file);

int erofs_writer_long_work(struct erofs_run *run, struct erofs_job *job, unsigned int worker);
int erofs_writer_long_commit(struct erofs_run *run, struct erofs_job *job);
int erofs_writer_long_finish(struct erofs_run *run, struct erofs_job *job, unsigned int worker);

/* ---- contents and duplicates (duplicates.c), for commits ---- */

/* Notes what a file's content is, also for the UUID. */
int erofs_writer_note(struct erofs_run *run, const struct erofs_tree_inode *inode,
		      const struct erofs_identity *identity);

/* Gives a file the data of an earlier one with the same content, if they are stored alike. `compressed`: it would be. */
bool erofs_writer_take_over(struct erofs_run *run, const struct erofs_tree_inode *inode, bool compressed);

/* Makes a file whose data are placed the one that later duplicates take over from. */
void erofs_writer_own(struct erofs_run *run, const struct erofs_tree_inode *inode);

/* Finds out which candidates are duplicates, stores the others, and gives those their data: when the first run is over. */
int erofs_writer_settle_candidates(struct erofs_run *run, const struct erofs_pool_ops *ops);

/* ---- placing (place.c), for commits ---- */

/* Takes blocks for a file that is stored as it is, all at once. */
int erofs_writer_place_stored(struct erofs_run *run, const struct erofs_tree_inode *inode);

/* Keeps a stored file's inline tail, if it has one, for the metadata. */
int erofs_writer_append_tail(struct erofs_run *run, const struct erofs_tree_inode *inode, const uint8_t *tail);

/* Takes `size` bytes at the end of the zone for a file. */
int erofs_writer_place_bytes(struct erofs_run *run, const struct erofs_tree_inode *inode, uint64_t *start,
			     uint64_t size);

/* Reports what the zone said of a file; returns `err`. */
int erofs_writer_report_place(const struct erofs_run *run, const struct erofs_tree_inode *inode, int err);

/* Encoded data of an inode found their place: makes its list of extents, and the inode a compressed one. */
int erofs_writer_place_extents(struct erofs_run *run, const struct erofs_tree_inode *inode,
			       const struct erofs_extent_list *list, const struct erofs_buffer *extents);

/* A line for each file, for those who want it. */
void erofs_writer_tell(const struct erofs_run *run, const struct erofs_tree_inode *inode, const char *how);

/*
 * Leaves as many bytes unused at the end of the zone as these extents, about to be placed there, need in front of them to be
 * readable. (shift.c)
 */
int erofs_writer_shift(struct erofs_run *run, const struct erofs_tree_inode *inode, const struct erofs_buffer *extents,
		       uint64_t count, uint32_t *shift);

/* ---- extents that the source has (reuse.c), for work ---- */

/*
 * Takes over the extents of an open file that begin in `length` bytes from `offset` on, which `in` holds; what cannot be taken
 * over is encoded.
 */
int erofs_writer_reuse(struct erofs_run *run, unsigned int worker, struct erofs_content *content, const uint8_t *in,
		       uint64_t offset, size_t length, struct erofs_encoded *to);

/* Reports that extents that were taken over are not all of the file, one behind the other; -EUCLEAN. */
int erofs_writer_report_gap(const struct erofs_run *run, const struct erofs_tree_inode *inode);

#endif
