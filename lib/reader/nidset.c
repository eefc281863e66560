/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/reader/nidset.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/seed.h"

#define FIRST_SLOTS 1024u

void erofs_reader_nidset_release(struct erofs_nidset *set)
{
	free(set->slots);
	*set = (struct erofs_nidset){ 0 };
}

/* The slot with this value, or the free one where it belongs. */
static uint64_t *find(uint64_t *slots, size_t mask, uint64_t seed, uint64_t value)
{
	size_t at = (size_t)erofs_mix(value, seed) & mask;

	while (slots[at] && slots[at] != value)
		at = (at + 1) & mask;
	return &slots[at];
}

static int grow(struct erofs_nidset *set)
{
	size_t count = set->slots ? 2 * (set->mask + 1) : FIRST_SLOTS;
	uint64_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	if (!set->slots)
		set->seed = erofs_random_seed();
	for (size_t i = 0; set->slots && i <= set->mask; i++)
		if (set->slots[i])
			*find(slots, count - 1, set->seed, set->slots[i]) = set->slots[i];
	free(set->slots);
	set->slots = slots;
	set->mask = count - 1;
	return 0;
}

int erofs_reader_nidset_add(struct erofs_nidset *set, uint64_t nid)
{
	uint64_t *slot;

	/* At most half of the slots in use. */
	if (!set->slots || 2 * (set->used + 1) > set->mask + 1) {
		int err = grow(set);

		if (err)
			return err;
	}
	slot = find(set->slots, set->mask, set->seed, nid + 1);
	if (*slot)
		return 0;
	*slot = nid + 1;
	set->used++;
	return 1;
}
