/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_HASH_CHAIN_H
#define EROFS_WRITER_HASH_CHAIN_H

#include <stdint.h>

#include "lib/util/monitor.h"
#include "lib/writer/data/file_hash.h"

/*
 * The identity of a long file whose segments are read in any order by several threads: each segment is offered when it has
 * been read, and the thread that offers the next one in order hashes it, with all that wait behind it. No thread waits: a
 * thread that finds another one hashing leaves its segment to it.
 */
struct erofs_hash_chain_link;

struct erofs_hash_chain {
	struct erofs_monitor monitor; /* held by the thread that hashes; protects hash and next */
	struct erofs_file_hash hash;
	uint64_t next; /* the segment to hash next */
	unsigned int width;
	struct erofs_hash_chain_link *links; /* segment modulo width: offered, and not hashed yet */
};

/* At most `width` segments are offered and not hashed. -ENOMEM, -EIO. */
int erofs_writer_chain_init(struct erofs_hash_chain *chain, unsigned int width, enum erofs_digest digest,
			    enum erofs_identity_kind kind);
/* A zeroed or released chain may be released. */
void erofs_writer_chain_release(struct erofs_hash_chain *chain);

/* Offers a segment, 0 being the first; its bytes have to stay until a drain that follows. For any thread. */
int erofs_writer_chain_offer(struct erofs_hash_chain *chain, uint64_t segment, const uint8_t *data, size_t size);

/* Hashes all that was offered in order, waiting for a thread that is at it. For any thread. */
int erofs_writer_chain_drain(struct erofs_hash_chain *chain);

/* The identity, when all segments have been offered and drained. */
int erofs_writer_chain_end(struct erofs_hash_chain *chain, struct erofs_identity *identity);

#endif
