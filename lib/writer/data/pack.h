/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PACK_H
#define EROFS_WRITER_PACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

#include "lib/writer/builder.h"
#include "lib/writer/plan/chunk_plan.h"
#include "lib/codec/hasher.h"

/* What the parts of the pack stage share. */

#define PACK_SEGMENT   ((size_t)512 * 1024) /* fits into a core's own cache together with what hashing needs */
#define PACK_BATCH_MAX 128u		    /* files; tiny ones would otherwise wait long for their commit */

/* Stands for a file's bytes where no digest was asked for: in the content-derived UUID. */
typedef struct {
	uint64_t low, high;
} pack_sum;

/* Working memory for one file's digest and sum. */
struct pack_hash {
	struct erofs_hasher *hasher;
	XXH3_state_t *summer;
};

/* One thread's tools. */
struct pack_worker {
	void *reader; /* of the source */
	struct pack_hash hash;
};

/* A file that goes by segments. Lives until the end of the stage. */
struct pack_stream {
	const struct erofs_tree_inode *inode;
	pack_sum first; /* of its first segment */
	pack_sum sum;
	uint8_t digest[EROFS_DIGEST_MAX];
	uint8_t *tail;	/* inline tail, waiting for the end of the stage */
	bool candidate; /* same size and first segment as an earlier one: placed when all digests are known */
	bool shares;	/* ... and has turned out to be a copy */
};

struct pack {
	struct erofs_builder *builder;
	const struct erofs_source_ops *source;
	const struct erofs_stream_ops *streamed; /* NULL: contents are read in any order, with the above */
	enum erofs_digest digest;		 /* of the contents table */
	bool wants_sums;
	struct pack_worker *workers;	   /* by worker number */
	atomic_uint_fast64_t files, bytes; /* done so far */
	atomic_flag reporting;
	/* without compression */
	struct pack_stream *streams;	   /* in the order of the tree; room for all of them */
	uint32_t stream_count;		   /* met so far; belongs to the run's next() */
	struct erofs_index first_segments; /* of streams that are not candidates */
};

/* All files of the tree, without compression and with it. */
int erofs_pack_plain(struct pack *pack);
int erofs_pack_compressed(struct pack *pack);

/* Hashes all files, as far as that is wanted, whose data stay where they are. */
int erofs_pack_outside(struct pack *pack);

int erofs_pack_hash_new(struct pack_hash *hash, const struct pack *pack);
void erofs_pack_hash_free(struct pack_hash *hash);

/* Whether the file is a stream. */
bool erofs_pack_is_stream(const struct erofs_builder *builder, const struct erofs_tree_inode *inode);

/* Digest and sum of a whole file, as far as they are wanted; begin, append, end. */
int erofs_pack_hash_begin(const struct pack *pack, struct pack_hash *hash, const struct erofs_tree_inode *inode);
int erofs_pack_hash_append(const struct pack *pack, struct pack_hash *hash, const struct erofs_tree_inode *inode,
			   const void *data, size_t size);
int erofs_pack_hash_end(const struct pack *pack, struct pack_hash *hash, const struct erofs_tree_inode *inode,
			uint8_t *digest, pack_sum *sum);

/* Notes what a file's content is, in the order of the tree. */
int erofs_pack_note_content(struct pack *pack, const struct erofs_tree_inode *inode, const uint8_t *digest,
			    pack_sum sum);

/* Takes the next blocks for an inode that is stored flat or in chunks. */
int erofs_pack_allocate(struct pack *pack, const struct erofs_tree_inode *inode);

/* Moves on to the next block of the device; what is left of the last one is a gap. -ENOMEM. */
int erofs_pack_align(struct pack *pack);

/* Takes the next `size` bytes of the device, at builder->next_byte. */
int erofs_pack_take_bytes(struct pack *pack, const struct erofs_tree_inode *inode, uint64_t size);

/* A line for each file, for those who want it. */
void erofs_pack_tell(const struct pack *pack, const struct erofs_tree_inode *inode, const char *how);

/*
 * Shares the blocks of an earlier file with the same content, if its data are laid out alike; else later ones may share
 * this one's.
 */
bool erofs_pack_share(struct pack *pack, const struct erofs_tree_inode *inode);

/* Counts what has been read, and perhaps tells the user. */
void erofs_pack_progress(struct pack *pack, uint64_t files, uint64_t bytes);

/* ---- streams ---------------------------------------------------------------------------------------------------------- */

/* The stream that a slot has in hand. */
struct pack_segment {
	struct pack_stream *stream;
	struct erofs_content content;
	bool is_open;
	size_t length;			 /* bytes of the first segment in the buffer */
	struct erofs_chunk_cursor holes; /* where reading stands in the source's map */
	bool is_zero;			 /* the whole buffer is known to hold zeros */
};

/* The slot's three steps for a stream: read its first segment; find it a place; carry it through. `buffer` is a segment. */
int erofs_pack_stream_work(struct pack *pack, struct pack_segment *segment, uint8_t *buffer,
			   struct pack_worker *worker);
int erofs_pack_stream_commit(struct pack *pack, struct pack_segment *segment);
int erofs_pack_stream_finish(struct pack *pack, struct pack_segment *segment, uint8_t *buffer,
			     struct pack_worker *worker);

/* Places the candidates, and notes the contents and tails of all streams, once the others are done. */
int erofs_pack_settle_streams(struct pack *pack);

#endif
