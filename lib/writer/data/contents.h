/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_CONTENTS_H
#define EROFS_WRITER_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/util/buffer.h"
#include "lib/util/index.h"

/*
 * The distinct contents of regular files, by digest: what makes equal files share their blocks, and where the metadata find
 * the fingerprints. One thread at a time.
 */
#define EROFS_CONTENT_NONE UINT32_MAX

struct erofs_contents {
	size_t digest_size;
	struct erofs_buffer digests; /* raw, one after the other */
	struct erofs_buffer owners;  /* uint32_t: inode number whose blocks hold it, or EROFS_CONTENT_NONE */
	struct erofs_index index;
};

void erofs_contents_release(struct erofs_contents *contents);

/* The number of the content with this digest, made if it is new. -ENOMEM. */
int erofs_contents_intern(struct erofs_contents *contents, uint32_t *number, const uint8_t *digest);

/* The number of the content with this digest, EROFS_CONTENT_NONE if there is none yet. */
uint32_t erofs_contents_find(const struct erofs_contents *contents, const uint8_t *digest);

uint32_t erofs_contents_count(const struct erofs_contents *contents);
const uint8_t *erofs_contents_digest(const struct erofs_contents *contents, uint32_t number);

/* Lends the place where the owner is noted. */
uint32_t *erofs_contents_owner(const struct erofs_contents *contents, uint32_t number);

#endif
