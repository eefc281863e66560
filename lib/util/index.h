/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_INDEX_H
#define EROFS_UTIL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash index: finds numbers (positions in an array of the caller's) by hash and by the caller's own comparison. Eight
 * bytes a slot. Zero-initialised it is empty and ready. Keys of a hostile hand cost no more than others, provided that their
 * hashes differ: a caller that hashes bytes of such a hand needs a seed of its own for that (lib/util/seed.h).
 */
struct erofs_index {
	struct erofs_index_slot *slots;
	size_t used;
	size_t mask;   /* slots - 1, a power of two minus one */
	uint64_t seed; /* mixed into the hashes: they may be chosen to collide; made with the first slots */
};

/* Whether the object that `number` stands for is the one described by `key`. */
typedef bool (*erofs_index_match)(const void *ctx, uint32_t number, const void *key);

#define EROFS_INDEX_NONE UINT32_MAX

void erofs_index_release(struct erofs_index *index);

/* The number of the matching object that was added first, EROFS_INDEX_NONE if there is none. */
uint32_t erofs_index_find(const struct erofs_index *index, uint64_t hash, erofs_index_match match, const void *ctx,
			  const void *key);

/* Adds a number (not EROFS_INDEX_NONE) under its hash; does not look for equal ones. -ENOMEM. */
int erofs_index_add(struct erofs_index *index, uint64_t hash, uint32_t number);

#endif
