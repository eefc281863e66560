/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/gaps.h"

#include <errno.h>
#include <stdlib.h>

#include <erofs/inode.h>

#include "lib/util/array.h"

#define NOTHING UINT32_MAX

struct gap {
	uint64_t start;
	uint32_t next; /* of the same size */
};

void erofs_writer_gaps_init(struct erofs_gaps *gaps)
{
	*gaps = (struct erofs_gaps){ .unused = NOTHING };
	for (uint32_t slots = 0; slots <= EROFS_GAP_SLOTS; slots++)
		gaps->heads[slots] = NOTHING;
}

void erofs_writer_gaps_release(struct erofs_gaps *gaps)
{
	free(gaps->items);
}

/* Puts a piece on the list of its size. */
static int push(struct erofs_gaps *gaps, uint64_t start, uint64_t slots)
{
	uint32_t number = gaps->unused;

	if (number != NOTHING) {
		gaps->unused = gaps->items[number].next;
	} else if (erofs_array_reserve(&gaps->items, &gaps->room, (size_t)gaps->count + 1)) {
		return -ENOMEM;
	} else {
		number = gaps->count++;
	}
	gaps->items[number] = (struct gap){ start, gaps->heads[slots] };
	gaps->heads[slots] = number;
	return 0;
}

int erofs_writer_gaps_add(struct erofs_gaps *gaps, uint64_t start, uint64_t end, uint32_t blksz)
{
	int err = 0;

	while (!err && start < end) {
		uint64_t boundary = (start / blksz + 1) * blksz;
		uint64_t stop = boundary < end ? boundary : end;

		err = push(gaps, start, (stop - start) / EROFS_NID_SLOT);
		start = stop;
	}
	return err;
}

int erofs_writer_gaps_take(struct erofs_gaps *gaps, uint64_t *start, uint64_t size)
{
	uint64_t wanted = (size + EROFS_NID_SLOT - 1) / EROFS_NID_SLOT;

	for (uint64_t slots = wanted; slots <= EROFS_GAP_SLOTS; slots++) {
		uint32_t number = gaps->heads[slots];
		struct gap *piece;

		if (number == NOTHING)
			continue;
		piece = &gaps->items[number];
		*start = piece->start;
		gaps->heads[slots] = piece->next;
		piece->next = gaps->unused;
		gaps->unused = number;
		if (slots > wanted && push(gaps, *start + wanted * EROFS_NID_SLOT, slots - wanted))
			return -ENOMEM;
		return 1;
	}
	return 0;
}
