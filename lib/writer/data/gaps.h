/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_GAPS_H
#define EROFS_WRITER_GAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Unused room in the inode zone: gaps within one block, in units of EROFS_NID_SLOT bytes. Zero-initialised but for the
 * heads, see erofs_writer_gaps_init().
 */
#define EROFS_GAP_SLOTS 128u /* slots of the largest block */

struct erofs_gaps {
	uint32_t heads[EROFS_GAP_SLOTS + 1]; /* by size in slots: the newest gap of that size */
	uint32_t unused;		     /* gaps without room, to be used again */
	struct gap *items;
	uint32_t count;
	size_t room;
};

void erofs_writer_gaps_init(struct erofs_gaps *gaps);
void erofs_writer_gaps_release(struct erofs_gaps *gaps);

/* Notes bytes start..end-1, both multiples of EROFS_NID_SLOT, cut at block boundaries. -ENOMEM. */
int erofs_writer_gaps_add(struct erofs_gaps *gaps, uint64_t start, uint64_t end, uint32_t blksz);

/*
 * Takes `size` bytes from the smallest gap that has them, of equally small ones the newest: 1 and their place, 0 if there
 * is none, -ENOMEM.
 */
int erofs_writer_gaps_take(struct erofs_gaps *gaps, uint64_t *start, uint64_t size);

#endif
