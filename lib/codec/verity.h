/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_VERITY_H
#define EROFS_CODEC_VERITY_H

#include <stddef.h>
#include <stdint.h>

/*
 * A running fs-verity digest (SHA-256, blocks of 4096 bytes, no salt), the one that fsverity(1) and the kernel give for a file
 * of this content: the digest of a descriptor with the size and the root of a tree of digests. One thread at a time. Bytes
 * are hashed as they come, a block at a time, and 36 KiB are kept whatever the size. Blocks of zeros, all alike, cost next to nothing.
 */
struct erofs_verity;

/* NULL when out of memory or libcrypto refuses SHA-256. */
struct erofs_verity *erofs_verity_new(void);
void erofs_verity_free(struct erofs_verity *verity);

/* begin, append any number of times, end: writes 32 bytes. -EIO if libcrypto fails. */
void erofs_verity_begin(struct erofs_verity *verity);
int erofs_verity_append(struct erofs_verity *verity, const void *data, size_t size);
int erofs_verity_end(struct erofs_verity *verity, uint8_t *raw);

#endif
