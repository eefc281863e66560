/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/index.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/seed.h"

#define FIRST_SLOTS 1024u

struct erofs_index_slot {
	uint32_t hash; /* kept, so that growing needs no help and most mismatches cost no call */
	uint32_t number;
};

void erofs_index_release(struct erofs_index *index)
{
	free(index->slots);
	*index = (struct erofs_index){ 0 };
}

/* Spreads the caller's hash, whose bits may be anything from excellent to an inode number. */
static uint32_t mix(const struct erofs_index *index, uint64_t hash)
{
	return (uint32_t)erofs_mix(hash, index->seed);
}

static struct erofs_index_slot *free_slot(struct erofs_index_slot *slots, size_t mask, uint32_t hash)
{
	size_t at = hash & mask;

	while (slots[at].number != EROFS_INDEX_NONE)
		at = (at + 1) & mask;
	return &slots[at];
}

/*
 * Moves all to a larger table, in the order in which a search comes by: that begins behind a free slot, because a row of used
 * ones may go on from the last slot to the first. So of equal objects the one that was added first is found first, always.
 */
static void move(struct erofs_index *index, struct erofs_index_slot *slots, size_t mask)
{
	size_t start = 0;

	while (index->slots[start].number != EROFS_INDEX_NONE)
		start++;
	for (size_t i = 1; i <= index->mask; i++) {
		const struct erofs_index_slot *slot = &index->slots[(start + i) & index->mask];

		if (slot->number != EROFS_INDEX_NONE)
			*free_slot(slots, mask, slot->hash) = *slot;
	}
}

static int grow(struct erofs_index *index)
{
	size_t count = index->slots ? 2 * (index->mask + 1) : FIRST_SLOTS;
	struct erofs_index_slot *slots = malloc(count * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		slots[i].number = EROFS_INDEX_NONE;
	if (index->slots)
		move(index, slots, count - 1);
	else
		index->seed = erofs_random_seed();
	free(index->slots);
	index->slots = slots;
	index->mask = count - 1;
	return 0;
}

uint32_t erofs_index_find(const struct erofs_index *index, uint64_t hash, erofs_index_match match, const void *ctx,
			  const void *key)
{
	uint32_t mixed = mix(index, hash);

	if (!index->slots)
		return EROFS_INDEX_NONE;
	for (size_t at = mixed & index->mask;; at = (at + 1) & index->mask) {
		const struct erofs_index_slot *slot = &index->slots[at];

		if (slot->number == EROFS_INDEX_NONE)
			return EROFS_INDEX_NONE;
		if (slot->hash == mixed && match(ctx, slot->number, key))
			return slot->number;
	}
}

int erofs_index_add(struct erofs_index *index, uint64_t hash, uint32_t number)
{
	uint32_t mixed;

	/* At most three slots in four in use. */
	if (!index->slots || 4 * (index->used + 1) > 3 * (index->mask + 1)) {
		int err = grow(index);

		if (err)
			return err;
	}
	mixed = mix(index, hash);
	*free_slot(index->slots, index->mask, mixed) = (struct erofs_index_slot){ mixed, number };
	index->used++;
	return 0;
}
