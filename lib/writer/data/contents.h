/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_CONTENTS_H
#define EROFS_WRITER_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buffer.h"
#include "lib/util/index.h"

/*
 * The distinct contents of regular files, by digest: what duplicates are found by, and where the metadata find the
 * fingerprints. One thread at a time.
 */
#define EROFS_CONTENT_NONE UINT32_MAX

/* The file whose data hold a content. */
struct erofs_content_owner {
	uint32_t inode_number; /* or EROFS_CONTENT_NONE */
	bool is_compressed;
};

struct erofs_contents {
	size_t digest_size;
	struct erofs_buffer digests; /* raw, one after the other */
	struct erofs_buffer owners;  /* struct erofs_content_owner */
	struct erofs_index index;
};

void erofs_writer_contents_release(struct erofs_contents *contents);

/* The number of the content with this digest, made if it is new. -ENOMEM. */
int erofs_writer_contents_intern(struct erofs_contents *contents, uint32_t *number, const uint8_t *digest);

/* The number of the content with this digest, EROFS_CONTENT_NONE if there is none yet. */
uint32_t erofs_writer_contents_find(const struct erofs_contents *contents, const uint8_t *digest);

uint32_t erofs_writer_contents_count(const struct erofs_contents *contents);
const uint8_t *erofs_writer_contents_digest(const struct erofs_contents *contents, uint32_t number);

/* Lends the place where the owner is noted. */
struct erofs_content_owner *erofs_writer_contents_owner(const struct erofs_contents *contents, uint32_t number);

#endif
