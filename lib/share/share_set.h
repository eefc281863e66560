/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SHARE_SHARE_SET_H
#define EROFS_SHARE_SHARE_SET_H

#include <erofs/share.h>

#include "lib/share/share_batch.h"
#include "lib/share/share_contents.h"
#include "lib/share/share_places.h"
#include "lib/util/arena.h"
#include "lib/util/buffer.h"

/* A file without a fingerprint, in an image that has them. */
struct erofs_share_missing {
	uint32_t place;
	uint32_t copies;
	uint64_t page_bytes;
};

struct erofs_share {
	struct erofs_share_options options;
	struct erofs_buffer images; /* of struct erofs_share_image */
	struct erofs_arena names;
	struct erofs_share_contents contents;
	struct erofs_share_places places;
	struct erofs_buffer
		packed; /* of uint64_t, by image: what each mount reads of its packed inode for itself, however much is shared */
	struct erofs_buffer missing; /* of struct erofs_share_missing, in the order of places once settled */
	struct erofs_share_figures all;
	uint64_t clash_page_bytes;
	uint64_t mounts;
	uint32_t algorithms;
};

/* Adds what an input said. -ENOMEM, -EFBIG. */
int erofs_share_merge(struct erofs_share *share, const struct erofs_share_batch *batch);

/* Computes what only the whole set tells. -ENOMEM. */
int erofs_share_settle(struct erofs_share *share);

/* A file's page cache. */
uint64_t erofs_share_pages(const struct erofs_share *share, uint64_t size);

/* a + b, UINT64_MAX at most. */
static inline uint64_t erofs_share_sum(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* a * b, UINT64_MAX at most. */
static inline uint64_t erofs_share_times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline size_t erofs_share_image_count(const struct erofs_share *share)
{
	return share->images.size / sizeof(struct erofs_share_image);
}

static inline struct erofs_share_image *erofs_share_image_at(const struct erofs_share *share, size_t index)
{
	return (struct erofs_share_image *)(void *)share->images.data + index;
}

/*
 * What the different contents at a place cost beyond the largest of them, and in `*count` how many there are. `room` is scratch
 * space, to be released by the caller. -ENOMEM.
 */
int erofs_share_difference(const struct erofs_share *share, uint64_t *page_bytes, size_t *count, uint32_t place,
			   struct erofs_buffer *room);

#endif
