/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_RUN_H
#define EROFS_WRITER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/gate.h"
#include "lib/writer/data/chunk_table.h"
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
 * small.c and long.c, long_commit.c do the latter three, by way of duplicates.c, place.c, shift.c, reuse.c and chunks.c.
 *
 * Nothing here depends on how many workers there are or which is faster.
 */

/* A run of bytes of a file that are those of another one, or of an earlier part of the same: see repeats.h. */
struct erofs_repeat {
	uint64_t at;   /* where in the file */
	uint64_t from; /* and where in the other one */
	uint64_t length;
	uint32_t inode, owner; /* numbers */
};

/* Where an extent begins because a repeat does. */
struct erofs_cut {
	uint64_t at;
	uint64_t end;	/* up to which byte of the file repeats need its extents, of this cut or of one before it */
	uint32_t inode; /* number */
	uint32_t known; /* number of the extent there, when it is placed */
};

/* An extent that is placed. */
struct erofs_known_extent {
	uint64_t logical, length; /* bytes of the file */
	uint64_t place;		  /* in the method's unit */
	uint32_t inode;
	uint32_t plen;
	uint8_t method;
	bool is_stored, partial;
};

struct erofs_repeats {
	struct erofs_repeat *items; /* by file and place in it */
	size_t count, room;
	struct erofs_cut *cuts; /* likewise */
	size_t cut_count;
	struct erofs_known_extent *known; /* belongs to commits */
	size_t known_count, known_room;
};

/* What is not stored of a file in chunks. */
struct erofs_chunk_gain {
	uint64_t bytes, holes; /* that are there already, that are zeros */
	uint64_t runs;	       /* of the former */
	uint32_t next;	       /* block behind the last of these */
};

#define EROFS_CHUNK_PARTS    64u
#define EROFS_CHUNK_COMPARED ((size_t)64 * 1024)

/* Files in chunks, see chunks.h; belongs to commits. */
struct erofs_chunks {
	struct erofs_chunk_table table;
	uint64_t seed;				/* of sums */
	struct erofs_buffer runs;		/* of the small file in hand */
	struct iovec vector[EROFS_CHUNK_PARTS]; /* what is to be written, to bytes start..end-1 of the device */
	size_t count;
	uint64_t start, end;
	uint8_t *compared; /* EROFS_CHUNK_COMPARED bytes that were read back */
};

/* What the same bytes of a small file become with the extents of other files. */
struct erofs_small_around {
	struct erofs_encoded result;
	size_t extents_at, extents_size; /* among the job's extents */
};

/* A file of at most one segment. */
struct erofs_small_file {
	const struct erofs_tree_inode *inode;
	size_t at; /* of its bytes in the job's `in` */
	struct erofs_identity identity;
	bool is_known;	      /* its data are there already, so they were not encoded */
	bool is_duplicate;    /* the commit found them there */
	uint64_t start;	      /* byte on the device, if it is none */
	size_t out_at;	      /* of the encoded bytes in the job's `out` */
	size_t out_size;      /* 0: none of them take room, or the file is stored as it is */
	size_t tail_size;     /* of a packed tail, right behind these */
	size_t fragment_size; /* of a fragment: the last bytes of `in` */
	size_t extents_at;    /* among the job's extents */
	size_t extents_size;
	uint64_t extent_count; /* 0: the file is stored as it is */
	bool uneven;	       /* see struct erofs_encoded */
	bool has_shared;       /* extents of other files */
	bool has_zeros;	       /* see struct erofs_encoded */
	size_t sums_at;	       /* among the job's */
	struct erofs_small_around around;
};

/* A file of several segments, or with chunks. */
struct erofs_long_file {
	const struct erofs_tree_inode *inode;
	uint32_t number;	/* among the long files */
	struct erofs_sum first; /* of its first segment; set by its work */
	struct erofs_identity identity;
	/*
	 * Same size and first segment as an earlier one, so perhaps a duplicate: not stored before all digests are known. Set
	 * by a commit while later segments may be on their way, to be dropped by theirs. Commits alone look at it; next asks the gate.
	 */
	bool is_candidate;
	bool is_copy;	   /* a candidate that is a duplicate */
	bool is_noted;	   /* its content is known from an earlier reading, which this one must confirm */
	uint32_t original; /* inode number of the file that a copy is a duplicate of */
	uint8_t *tail;	   /* of a candidate: its inline tail, which a duplicate needs all the same */

	/* belongs to next */
	uint64_t next_segment, next_offset;
	struct erofs_chunk_cursor holes, chunks; /* where reading and storing stand in the source's map */

	bool is_open; /* set by next; reset by the last one that reads */
	struct erofs_content content;
	struct erofs_gate reading; /* segments between next and finish; closed for candidates */
	struct erofs_gate
		writing; /* of arrivals: closed for what turns out a duplicate when all of it is in the image */
	struct erofs_hash_chain chain;

	/* belong to commits */
	struct erofs_buffer extents;
	uint64_t count;	  /* of them */
	uint64_t gaps;	  /* between them */
	uint64_t start;	  /* byte on the device */
	uint64_t size;	  /* bytes there so far */
	uint64_t covered; /* bytes of the file, by extents that were taken over, or by runs */
	bool shrunk, uneven, has_shared, has_zeros;
	uint32_t fragment;     /* number of the one that all of it is */
	bool in_chunks;	       /* it is no flat file any more; `extents` are the runs of its blocks */
	uint32_t known_before; /* granules in the table when it began */
	struct erofs_chunk_gain gain;
};

#define EROFS_BATCH_FILES 128u /* tiny ones would otherwise wait long for their commit */

struct erofs_job {
	uint8_t *in, *out; /* a segment, and room for its encoded bytes; `out` only where something is encoded */
	bool is_zero;	   /* all of `in` is known to hold zeros */
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
	struct erofs_encoded result,
		around;	  /* the latter with extents of other files; its own are behind those of the result */
	size_t around_at; /* there in `extents` */
	uint64_t start;	  /* byte on the device */
	bool is_dropped;
	size_t padding; /* zeros to write behind it */
	uint64_t *sums; /* of granules, where files are stored in chunks */
	size_t sum_count;
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
	const struct erofs_arrival_ops *arrivals; /* NULL: contents are read in any order, with the above */
	enum erofs_digest digest;
	struct erofs_run_worker *workers; /* by worker number */
	struct erofs_stage_progress progress;
	size_t segment;	 /* bytes */
	size_t out_room; /* bytes of a job's `out` */
	bool is_hashing_only;

	struct erofs_job *jobs; /* by slot */
	unsigned int job_count;

	/* next */
	void *reader;				/* opens long files */
	const struct erofs_tree_inode *waiting; /* did not fit into the last job */
	uint32_t next;				/* inode number, or number of a long file in the second run */
	bool is_second;				/* the run over candidates that are no duplicates */
	/*
	 * Long files in the middle of which it stands. Stored ones take turns, with each other and with small files: each gets
	 * its whole place when it begins, and a worker that hashes one leaves the others to the rest. Encoded ones and arrivals
	 * go one by one, since where they end is known at their end.
	 */
	struct erofs_long_file **open;
	unsigned int open_count, open_most, turn;
	bool takes_turns; /* contents of long files are then noted at the end, in the order of the tree */

	struct erofs_pages
		files; /* struct erofs_long_file *, by number: commits look at earlier ones while next adds more */
	uint32_t file_count;		   /* belongs to next */
	struct erofs_index first_segments; /* of long files that are not candidates; belongs to commits */

	struct erofs_repeats repeats; /* const but for what is known of places */
	struct erofs_buffer resolved; /* belongs to commits */
	struct erofs_chunks chunks;
};

static inline bool erofs_writer_is_cancelled(const struct erofs_plan *plan)
{
	return erofs_cancel_requested(plan->options->cancel);
}

static inline struct erofs_long_file *erofs_writer_long_file(const struct erofs_run *run, uint32_t number)
{
	return *(struct erofs_long_file **)erofs_pages_at(&run->files, number);
}

#endif
