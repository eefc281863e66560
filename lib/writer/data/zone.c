/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/zone.h"

#include <errno.h>

#include <erofs/inode.h>

#include "lib/util/align.h"

void erofs_writer_zone_init(struct erofs_zone *zone, struct erofs_output *output, uint32_t blksz, uint64_t start,
			    uint64_t limit)
{
	*zone = (struct erofs_zone){ .output = output, .blksz = blksz, .end = start, .limit = limit, .unit = blksz };
	zone->is_stale = output && !erofs_output_has_scratch(output);
	erofs_writer_gaps_init(&zone->gaps);
}

void erofs_writer_zone_init_behind(struct erofs_zone *zone, const struct erofs_zone *before, uint64_t start)
{
	erofs_writer_zone_init(zone, before->output, before->blksz, start, before->limit);
	zone->is_stale = before->is_stale;
}

void erofs_writer_zone_release(struct erofs_zone *zone)
{
	erofs_writer_gaps_release(&zone->gaps);
}

static int wipe_stale(const struct erofs_zone *zone, uint64_t start, uint64_t end)
{
	return zone->is_stale ? erofs_output_write_zeros(zone->output, end - start, start) : 0;
}

int erofs_writer_zone_align(struct erofs_zone *zone)
{
	uint64_t aligned = erofs_align_up(zone->end, zone->unit);
	uint64_t gap = erofs_align_up(zone->end, EROFS_NID_SLOT);
	int err = wipe_stale(zone, zone->end, aligned);

	zone->end = aligned;
	return err ? err : erofs_writer_gaps_add(&zone->gaps, gap, aligned, zone->blksz);
}

int erofs_writer_zone_take(struct erofs_zone *zone, uint64_t *start, uint64_t size)
{
	if (size > zone->limit || zone->end > zone->limit - size)
		return -EFBIG;
	/* 0xFFFFFFFF stands for a hole. */
	if ((zone->end + size) / zone->blksz >= EROFS_NULL_BLOCK)
		return -ERANGE;
	*start = zone->end;
	zone->end += size;
	return 0;
}

int erofs_writer_zone_pad(struct erofs_zone *zone, uint64_t size)
{
	uint64_t start;
	int err = erofs_writer_zone_take(zone, &start, size);

	return err ? err : wipe_stale(zone, start, start + size);
}

int erofs_writer_zone_take_gap(struct erofs_zone *zone, uint64_t *start, uint64_t size)
{
	return erofs_writer_gaps_take(&zone->gaps, start, size);
}

void erofs_writer_zone_give_back(struct erofs_zone *zone, uint64_t start)
{
	zone->end = start;
	zone->is_stale = true;
}
