/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FINGERPRINT_H
#define EROFS_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>

/*
 * Fingerprints: an xattr of each non-empty regular file whose value is an ASCII algorithm name, a colon and the *raw*
 * digest of the file's bytes, for example "sha256:" + 32 bytes. Linux >= 7.0 shares the page cache of files whose values
 * are equal (mount options inode_share and domain_id).
 */

#define EROFS_FINGERPRINT_DEFAULT_NAME "trusted.erofs.fingerprint"
#define EROFS_DIGEST_MAX	       64u /* bytes of the longest raw digest */
/* "sha512:" and its digest; the longer name has the shorter one. */
#define EROFS_FINGERPRINT_VALUE_MAX (7u + EROFS_DIGEST_MAX)

enum erofs_digest {
	EROFS_DIGEST_NONE = 0,
	EROFS_DIGEST_SHA256,
	EROFS_DIGEST_SHA512,
	/*
	 * What fs-verity gives for a file of this content, with SHA-256, blocks of 4096 bytes and no salt: the file need not be on
	 * a file system that has fs-verity. `fsverity digest` prints the same.
	 */
	EROFS_DIGEST_FSVERITY,
	EROFS_DIGEST_COUNT,
};

/* Bytes of a raw digest; 0 for EROFS_DIGEST_NONE. */
EROFS_API size_t erofs_digest_size(enum erofs_digest digest);

/* "sha256", "sha512" or "fsverity-sha256-4096", as in values; "none" otherwise. Static storage. */
EROFS_API const char *erofs_digest_name(enum erofs_digest digest);

/* Algorithm of that name, or EROFS_DIGEST_FSVERITY for "fsverity"; EROFS_DIGEST_NONE if it is not one of them. */
EROFS_API enum erofs_digest erofs_digest_by_name(const char *name);

/*
 * The raw digest of all that is in a file or block device, from its beginning, wherever its offset stands: erofs_digest_size() bytes to `out`.
 * A pipe cannot be read in this way (-ESPIPE). Memory does not depend on the size. A negative errno; -ENOMEM also if libcrypto refuses the algorithm.
 */
EROFS_API int erofs_digest_file(uint8_t *out, enum erofs_digest digest, int fd);

/* Bytes of a fingerprint value of that algorithm: name, colon and raw digest. */
EROFS_API size_t erofs_fingerprint_value_size(enum erofs_digest digest);

/* Writes the value for a raw digest to `out` (EROFS_FINGERPRINT_VALUE_MAX bytes) and returns its size. */
EROFS_API size_t erofs_fingerprint_compose(uint8_t *out, enum erofs_digest digest, const uint8_t *raw);

/*
 * Takes a value apart: the algorithm, and in `*raw` a pointer to the digest inside `value`. EROFS_DIGEST_NONE if the value
 * is malformed: unknown algorithm, or not exactly the right length.
 */
EROFS_API enum erofs_digest erofs_fingerprint_parse(const uint8_t **raw, const void *value, size_t size);

#endif
