/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_ARENA_H
#define EROFS_UTIL_ARENA_H

#include <stddef.h>

/*
 * Memory that is given back all at once: for the many small objects of a tree, without a header for each. Zero-initialised
 * it is empty and ready. One thread at a time.
 */
struct erofs_arena {
	struct erofs_arena_block *blocks;
	char *next; /* free room of the newest block */
	char *end;
};

void erofs_arena_release(struct erofs_arena *arena);

/* `size` zeroed bytes, aligned for any object; NULL when out of memory. */
void *erofs_arena_alloc(struct erofs_arena *arena, size_t size);

/* A copy of `size` bytes with a NUL behind them, not aligned. */
char *erofs_arena_copy(struct erofs_arena *arena, const void *bytes, size_t size);

/* Moves all that `from` owns to `into`, so that it lives as long. */
void erofs_arena_adopt(struct erofs_arena *into, struct erofs_arena *from);

#endif
