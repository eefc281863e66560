/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/repeats.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/align.h"

/* Where extents have to begin in the files that repeats are of. One that begins near to another, or to a file's start, begins later. */

/* Repeats that begin nearer to each other than this begin at the same cut. */
#define CUT_DISTANCE 8192u

static int compare_sources(const void *a, const void *b)
{
	const struct erofs_repeat *x = *(const struct erofs_repeat *const *)a,
				  *y = *(const struct erofs_repeat *const *)b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x > y) - (x < y);
}

/* Where an extent begins in any case, behind this byte or with it; in clusters, which end where they are full, only jobs do. */
static uint64_t next_start(const struct erofs_run *run, const struct erofs_repeat *repeat)
{
	const struct erofs_tree_inode *inode = run->plan->tree->inodes[repeat->owner];
	uint64_t step = erofs_writer_repeats_in_extents(run) ? erofs_writer_method(run->plan, inode)->extent_bytes
							     : run->segment;

	return erofs_align_up(repeat->from, step);
}

static void begin_later(struct erofs_repeat *repeat, uint64_t from)
{
	uint64_t less = from - repeat->from;

	repeat->at += less;
	repeat->from += less;
	repeat->length -= less < repeat->length ? less : repeat->length;
}

/*
 * Clusters: what is in front of the first cut of a file is an extent, too, and if it takes two blocks, the next begins in the third. Where
 * they are large, the others are further apart.
 */
static void leave_first_blocks(const struct erofs_run *run, struct erofs_repeat *repeat)
{
	uint64_t first = 2 * (uint64_t)run->plan->blksz;

	if (!erofs_writer_repeats_in_extents(run) && repeat->from && repeat->from < first)
		begin_later(repeat, first);
}

/* From the last to the first: one that begins a little in front of an extent begins with it. */
static void share_cuts(const struct erofs_run *run, struct erofs_repeat **by_source, size_t count)
{
	for (size_t i = count; i-- > 0;) {
		struct erofs_repeat *repeat = by_source[i], *next = i + 1 < count ? by_source[i + 1] : NULL;
		uint64_t start;

		leave_first_blocks(run, repeat);
		start = next_start(run, repeat);
		if (next && next->length && next->owner == repeat->owner && next->from < start)
			start = next->from;
		if (start - repeat->from < CUT_DISTANCE)
			begin_later(repeat, start);
	}
}

static int make_cuts(struct erofs_repeats *repeats, struct erofs_repeat **by_source)
{
	uint64_t end = 0;

	repeats->cuts = calloc(repeats->count + 1, sizeof(*repeats->cuts));
	if (!repeats->cuts)
		return -ENOMEM;
	for (size_t i = 0; i < repeats->count; i++) {
		const struct erofs_repeat *repeat = by_source[i];
		struct erofs_cut *cut = repeats->cut_count ? &repeats->cuts[repeats->cut_count - 1] : NULL;

		if (!repeat->length)
			continue;
		if (!cut || cut->inode != repeat->owner)
			end = 0;
		if (end < repeat->from + repeat->length)
			end = repeat->from + repeat->length;
		if (!cut || cut->inode != repeat->owner || cut->at != repeat->from)
			cut = &repeats->cuts[repeats->cut_count++];
		*cut = (struct erofs_cut){
			.inode = repeat->owner, .at = repeat->from, .end = end, .known = UINT32_MAX
		};
	}
	return 0;
}

static void mark_short(const struct erofs_run *run, struct erofs_repeats *repeats)
{
	for (size_t i = 0; i < repeats->count; i++)
		if (repeats->items[i].length < erofs_writer_repeats_least(run))
			repeats->items[i].length = 0;
}

static void drop_short(struct erofs_repeats *repeats)
{
	size_t kept = 0;

	for (size_t i = 0; i < repeats->count; i++)
		if (repeats->items[i].length)
			repeats->items[kept++] = repeats->items[i];
	repeats->count = kept;
}

int erofs_writer_repeats_cut(struct erofs_run *run)
{
	struct erofs_repeats *repeats = &run->repeats;
	struct erofs_repeat **by_source = calloc(repeats->count + 1, sizeof(*by_source));
	int err;

	if (!by_source)
		return -ENOMEM;
	for (size_t i = 0; i < repeats->count; i++)
		by_source[i] = &repeats->items[i];
	qsort(by_source, repeats->count, sizeof(*by_source), compare_sources);
	share_cuts(run, by_source, repeats->count);
	mark_short(run, repeats);
	err = make_cuts(repeats, by_source);
	free(by_source);
	drop_short(repeats);
	return err;
}
