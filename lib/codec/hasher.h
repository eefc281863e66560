/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_HASHER_H
#define EROFS_CODEC_HASHER_H

#include <stddef.h>
#include <stdint.h>

#include <erofs/fingerprint.h>

/*
 * A running cryptographic digest (libcrypto's EVP, which uses the CPU's SHA instructions). One thread at a time; to be kept
 * and used again, because making one costs more than hashing a small file.
 */
struct erofs_hasher;

/* NULL when out of memory or libcrypto refuses the algorithm (a policy may forbid it). */
struct erofs_hasher *erofs_hasher_new(enum erofs_digest digest);
void erofs_hasher_free(struct erofs_hasher *hasher);

/* For erofs_auto(). */
static inline void erofs_hasher_release(struct erofs_hasher **hasher)
{
	erofs_hasher_free(*hasher);
}

/* begin, append any number of times, end: writes erofs_digest_size() bytes. -EIO if libcrypto fails. */
int erofs_hasher_begin(struct erofs_hasher *hasher);
int erofs_hasher_append(struct erofs_hasher *hasher, const void *data, size_t size);
int erofs_hasher_end(struct erofs_hasher *hasher, uint8_t *raw);

/* Instead of end: the first 16 bytes of the digest, marked as a UUID of its maker's own kind (version 8 of RFC 9562). */
int erofs_hasher_end_uuid(struct erofs_hasher *hasher, uint8_t uuid[16]);

#endif
