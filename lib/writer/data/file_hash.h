/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_FILE_HASH_H
#define EROFS_WRITER_FILE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

#include "lib/codec/hasher.h"

/*
 * What identifies a file's content: a cryptographic digest where equality is decided by it, a sum where it only goes into the
 * UUID. One file at a time, one thread at a time.
 */

struct erofs_sum {
	uint64_t low, high;
};

struct erofs_identity {
	uint8_t digest[EROFS_DIGEST_MAX];
	struct erofs_sum sum;
};

enum erofs_identity_kind {
	EROFS_IDENTITY_NONE, /* nobody asks */
	EROFS_IDENTITY_SUM,
	EROFS_IDENTITY_DIGEST,
};

struct erofs_file_hash {
	struct erofs_hasher *hasher;
	XXH3_state_t *summer;
	enum erofs_identity_kind kind; /* of the file in hand */
};

/* -ENOMEM; -EIO: libcrypto does not have the digest. */
int erofs_writer_hash_new(struct erofs_file_hash *hash, enum erofs_digest digest);
void erofs_writer_hash_release(struct erofs_file_hash *hash);

/* Begin, append, end: what libcrypto says. */
int erofs_writer_hash_begin(struct erofs_file_hash *hash, enum erofs_identity_kind kind);
int erofs_writer_hash_append(struct erofs_file_hash *hash, const void *data, size_t size);
int erofs_writer_hash_end(struct erofs_file_hash *hash, struct erofs_identity *identity);

/* The sum of bytes at once. */
struct erofs_sum erofs_writer_sum(const void *data, size_t size);

#endif
