/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_ZONE_H
#define EROFS_WRITER_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/io/output.h"
#include "lib/writer/data/gaps.h"

/*
 * The data zone: the only place that hands out addresses for data. Data follow each other in the order of the commits; what
 * begins with a block leaves a gap behind the one before, which smaller data may take. One thread at a time. All sizes and
 * addresses are bytes, addresses from the start of the image.
 */
struct erofs_zone {
	struct erofs_output *output;
	uint32_t blksz;
	uint64_t end;	 /* of what is taken */
	uint64_t limit;	 /* the zone may not grow beyond */
	uint64_t unit;	 /* what is aligned begins with one: a number of blocks */
	bool is_stale;	 /* what nobody writes holds old bytes, so that padding has to be written */
	struct erofs_gaps gaps;
};

/* Begins at `start`, a multiple of the block size. The zone writes to `output` only what stays empty. */
void erofs_writer_zone_init(struct erofs_zone *zone, struct erofs_output *output, uint32_t blksz, uint64_t start,
			    uint64_t limit);
/* One for what lies behind another one, on the same output, from any byte on. */
void erofs_writer_zone_init_behind(struct erofs_zone *zone, const struct erofs_zone *before, uint64_t start);
void erofs_writer_zone_release(struct erofs_zone *zone);

/* Moves the end to the next unit, which is a block unless somebody has set it; what is passed over becomes a gap. -ENOMEM, or what the output says. */
int erofs_writer_zone_align(struct erofs_zone *zone);

/* Takes `size` bytes at the end; `*start` is where. -EFBIG: beyond the limit; -ERANGE: beyond the blocks that exist. */
int erofs_writer_zone_take(struct erofs_zone *zone, uint64_t *start, uint64_t size);

/* Takes `size` bytes at the end that stay empty. */
int erofs_writer_zone_pad(struct erofs_zone *zone, uint64_t size);

/* Takes `size` bytes from a gap: 1; 0: no gap has them; -ENOMEM. */
int erofs_writer_zone_take_gap(struct erofs_zone *zone, uint64_t *start, uint64_t size);

/* Gives back what was taken last, from `start` on; nothing of it may be written any more. */
void erofs_writer_zone_give_back(struct erofs_zone *zone, uint64_t start);

#endif
