/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)256 * 1024)
#define ALIGNMENT  8u

struct erofs_arena_block {
	struct erofs_arena_block *older;
	char room[] __attribute__((aligned(16)));
};

void erofs_arena_release(struct erofs_arena *arena)
{
	struct erofs_arena_block *block = arena->blocks;

	while (block) {
		struct erofs_arena_block *older = block->older;

		free(block);
		block = older;
	}
	*arena = (struct erofs_arena){ 0 };
}

/* A block for this object alone, behind the newest one, whose free room stays in use. */
static char *alloc_apart(struct erofs_arena *arena, size_t size)
{
	struct erofs_arena_block *block = malloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	if (arena->blocks) {
		block->older = arena->blocks->older;
		arena->blocks->older = block;
	} else {
		block->older = NULL;
		arena->blocks = block;
	}
	return block->room;
}

static char *alloc_bytes(struct erofs_arena *arena, size_t size, size_t alignment)
{
	size_t gap = -(uintptr_t)arena->next & (alignment - 1);
	char *bytes;

	if (size > BLOCK_SIZE / 4)
		return alloc_apart(arena, size);
	if (!arena->next || (size_t)(arena->end - arena->next) < gap + size) {
		struct erofs_arena_block *block = malloc(sizeof(*block) + BLOCK_SIZE);

		if (!block)
			return NULL;
		block->older = arena->blocks;
		arena->blocks = block;
		arena->next = block->room;
		arena->end = block->room + BLOCK_SIZE;
		gap = 0;
	}
	bytes = arena->next + gap;
	arena->next = bytes + size;
	return bytes;
}

void *erofs_arena_alloc(struct erofs_arena *arena, size_t size)
{
	char *bytes = alloc_bytes(arena, size, ALIGNMENT);

	return bytes ? memset(bytes, 0, size) : NULL;
}

char *erofs_arena_copy(struct erofs_arena *arena, const void *bytes, size_t size)
{
	char *copy = alloc_bytes(arena, size + 1, 1);

	if (!copy)
		return NULL;
	if (size)
		memcpy(copy, bytes, size);
	copy[size] = 0;
	return copy;
}

void erofs_arena_adopt(struct erofs_arena *into, struct erofs_arena *from)
{
	struct erofs_arena_block *oldest = from->blocks;

	if (!oldest)
		return;
	while (oldest->older)
		oldest = oldest->older;
	/* Behind into's newest block, which keeps its free room. */
	if (into->blocks) {
		oldest->older = into->blocks->older;
		into->blocks->older = from->blocks;
	} else {
		*into = *from;
	}
	*from = (struct erofs_arena){ 0 };
}
