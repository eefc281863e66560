/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PRESS_H
#define EROFS_WRITER_PRESS_H

#include <pthread.h>

#include "lib/writer/data/compress.h"
#include "lib/writer/data/pack.h"

/*
 * Files of a build that compresses, or whose source is a stream. Those of up to a segment are read whole, several to a job;
 * of longer ones each segment is a job, so that all workers are at one file while its digest runs along. A job's encoded
 * bytes wait in memory until the commit knows their place. What a stream brings is read while the job is made, everything
 * else by the job itself.
 */

/* A file of several segments. */
struct press_stream {
	const struct erofs_tree_inode *inode;
	uint32_t number; /* among the streams */
	pack_sum first;	 /* of its first segment */
	uint8_t digest[EROFS_DIGEST_MAX];
	pack_sum sum;
	/*
	 * Same size and first segment as an earlier one, so perhaps a copy: not placed before all digests are known. Set by a
	 * commit, while later segments may be on their way, to be dropped by theirs.
	 */
	atomic_bool candidate;
	bool copy;	   /* a candidate that is one */
	uint32_t original; /* inode number of whom a copy is one */
	bool noted;	   /* its content is known from an earlier reading, which this one must confirm */

	/* Protects the members down to `writing` between the first segment and the last commit. */
	pthread_mutex_t lock;
	bool is_open;
	struct erofs_content content;
	struct pack_hash hash;
	uint64_t hashed; /* segments */
	bool withdrawn; /* a copy after all, though a stream cannot be read again: what is not written yet will not be */
	unsigned int writing; /* workers that are at it */
	pthread_cond_t written;
	/* By segment modulo the run's slots: read, and not yet hashed. Set without the lock, taken with it. */
	_Atomic(const uint8_t *) *ready;

	/* commits only */
	struct erofs_buffer extents;
	uint64_t count;	  /* of them */
	uint64_t gaps;	  /* between them */
	uint64_t start;	  /* byte on the device */
	uint64_t size;	  /* bytes there so far */
	uint64_t covered; /* bytes of the file, by extents that were taken over */
	bool shrunk, uneven;
};

/* A file of one segment at most. */
struct press_file {
	const struct erofs_tree_inode *inode;
	size_t at;		 /* of its bytes in the slot's buffer */
	size_t out_at, out_size; /* of the encoded ones; none if it is stored flat */
	size_t extents_at;	 /* among the slot's extents */
	size_t extents_size;
	uint64_t extent_count;
	bool uneven; /* see struct erofs_compressed */
	pack_sum sum;
	uint8_t digest[EROFS_DIGEST_MAX];
	bool known;	/* so it was seen before it was compressed */
	bool shares;	/* its data are there already */
	uint64_t start; /* byte on the device, else */
};

struct press_slot {
	uint8_t *in, *out; /* a segment, and room for its encoded bytes */
	struct erofs_buffer extents;
	struct press_file files[PACK_BATCH_MAX];
	uint32_t count; /* of files; 0: a segment of `stream` */

	struct press_stream *stream;
	uint64_t segment; /* its number */
	size_t length;
	struct erofs_compressed result;
	uint64_t start; /* byte on the device */
	bool dropped;
	size_t padding; /* zeros to write behind it */
};

struct press {
	struct pack *pack;
	size_t segment;			    /* bytes */
	size_t out_room;		    /* bytes of a slot's `out` */
	struct erofs_compress_tools *tools; /* by worker number */
	struct press_slot *slots;
	unsigned int slot_count;
	struct press_stream **streams; /* room for all there are; of a streamed source's, only next looks at them */
	uint32_t stream_count;	       /* met so far; belongs to next */
	uint32_t stream_room;
	struct erofs_index first_segments; /* of streams that are not candidates */

	/*
	 * Held by commits while they change contents and plans, and by work that looks whether a content is there already: then
	 * it need not be compressed, only to be thrown away.
	 */
	pthread_mutex_t committing;

	/* the next job */
	const struct erofs_tree_inode *waiting; /* file that did not fit into the last job */
	uint32_t next;				/* inode number, or stream number in the second run */
	bool again;				/* the second run, of candidates that are no copies */
	struct press_stream *current;		/* stream in the middle of which it stands */
	uint64_t current_segment;
};

/* Encoded data of an inode found their place: makes its list of extents, and the inode a compressed one. */
int erofs_press_own(struct press *press, const struct erofs_tree_inode *inode, const struct erofs_extent_list *list,
		    const struct erofs_buffer *extents);

/* Shares the encoded data of an earlier file with the same content; else later ones may share this one's. */
bool erofs_press_share(struct press *press, const struct erofs_tree_inode *inode);

/* The same for a file of several segments, whatever became of the earlier one: flat, its last bytes are in a block. */
bool erofs_press_share_any(struct press *press, const struct erofs_tree_inode *inode);

/*
 * Takes over the extents of an open file that begin in `length` bytes from `offset` on, which `in` holds; what cannot be taken
 * over is compressed.
 */
int erofs_press_copy(struct press *press, unsigned int worker, struct erofs_content *content, const uint8_t *in,
		     uint64_t offset, size_t length, struct erofs_compressed *to);

/* Reports that extents that were taken over are not all of the file, one behind the other; -EUCLEAN. */
int erofs_press_report_gap(const struct press *press, const struct erofs_tree_inode *inode);

/*
 * Leaves as many bytes of the device unused as these extents need in front of them to be readable where they will be; they are
 * about to be placed at the end of the data.
 */
int erofs_press_shift(struct press *press, const struct erofs_tree_inode *inode, const struct erofs_buffer *extents,
		      uint64_t count, uint32_t *shift);

/* ---- batches (press_batch.c) ---- */

int erofs_press_batch_work(struct press *press, struct press_slot *slot, unsigned int worker);
int erofs_press_batch_commit(struct press *press, struct press_slot *slot);
int erofs_press_batch_finish(struct press *press, struct press_slot *slot);

/* ---- streams (press_stream.c) ---- */

int erofs_press_stream_new(struct press *press, struct press_stream **out, const struct erofs_tree_inode *inode);
void erofs_press_stream_free(struct press *press, struct press_stream *stream);
int erofs_press_stream_work(struct press *press, struct press_slot *slot, unsigned int worker);
int erofs_press_stream_commit(struct press *press, struct press_slot *slot);
int erofs_press_stream_finish(struct press *press, struct press_slot *slot, unsigned int worker);

/* Reads a candidate for its digest. */
int erofs_press_stream_digest(struct press *press, struct press_stream *stream, uint8_t *buffer, unsigned int worker);

#endif
