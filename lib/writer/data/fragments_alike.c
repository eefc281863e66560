/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/fragments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/codec/chunker.h"
#include "lib/util/cleanup.h"

/*
 * Fragments that have bytes in common, wherever they are in them, lie beside each other, where what encodes them sees both. Each is
 * sketched: cut into chunks by its content, of which the lowest hashes count, so that two that have much in common have many of these in
 * common. Then each follows the one in front of it, by kind and name, that is most like it.
 */

#define CHUNK	     256u /* bytes, on the average */
#define SKETCH_MOST  32u  /* hashes of one fragment */
#define LOOK_BACK    8u	  /* as many fragments with the same hash are looked at */
#define READ_AT_ONCE ((size_t)256 * 1024)
#define BATCH	     32u /* fragments that one worker looks at in a row */
#define ALONE	     UINT32_MAX

struct grouping {
	struct erofs_fragments *fragments;
	struct erofs_chunker chunker;
	uint64_t *firsts; /* by rank, which is the place in the order: where its hashes are in ... */
	uint32_t *hashes; /* ... this; there are ... */
	uint8_t *counts;  /* ... so many, the lowest first */
	uint64_t *pairs;  /* all of them, with the ranks in the lower half, sorted */
	uint64_t pair_count;
	uint32_t *parents; /* by rank: the rank of the one that it follows */
	uint32_t *children, *siblings;
	int (*task)(struct grouping *grouping, uint32_t rank);
};

static void release(struct grouping *grouping)
{
	free(grouping->firsts);
	free(grouping->hashes);
	free(grouping->counts);
	free(grouping->pairs);
	free(grouping->parents);
	free(grouping->children);
	free(grouping->siblings);
}

static const struct erofs_fragment *item_of(const struct grouping *grouping, uint32_t rank)
{
	return &grouping->fragments->items[grouping->fragments->order[rank]];
}

/* ---- sketches -------------------------------------------------------------------------------------------------------------- */

static void add_hash(uint32_t *hashes, uint8_t *count, size_t room, uint32_t hash)
{
	size_t at = *count;

	while (at && hashes[at - 1] > hash)
		at--;
	if ((at && hashes[at - 1] == hash) || at == room)
		return;
	if (*count < room)
		++*count;
	memmove(hashes + at + 1, hashes + at, (*count - at - 1) * sizeof(*hashes));
	hashes[at] = hash;
}

static int sketch(struct grouping *grouping, uint32_t rank)
{
	const struct erofs_fragment *item = item_of(grouping, rank);
	size_t room = (size_t)(grouping->firsts[rank + 1] - grouping->firsts[rank]);
	uint32_t *hashes = grouping->hashes + grouping->firsts[rank];
	erofs_auto_free uint8_t *bytes = malloc(item->size < READ_AT_ONCE ? (size_t)item->size : READ_AT_ONCE);

	if (!bytes)
		return -ENOMEM;
	for (uint64_t at = 0; at < item->size; at += READ_AT_ONCE) {
		size_t size = item->size - at < READ_AT_ONCE ? (size_t)(item->size - at) : READ_AT_ONCE;
		int err = erofs_writer_fragments_fetch(grouping->fragments, bytes, size, item->at + at);

		if (err)
			return err;
		for (size_t from = 0, length; from < size; from += length) {
			length = erofs_chunker_cut(&grouping->chunker, bytes + from, size - from);
			add_hash(hashes, &grouping->counts[rank], room, (uint32_t)XXH3_64bits(bytes + from, length));
		}
	}
	return 0;
}

/* A small one has few chunks, and room for no more. */
static int make_room(struct grouping *grouping)
{
	uint32_t used = grouping->fragments->used;

	grouping->firsts = calloc((size_t)used + 1, sizeof(*grouping->firsts));
	grouping->counts = calloc((size_t)used + 1, sizeof(*grouping->counts));
	grouping->parents = calloc((size_t)used + 1, sizeof(*grouping->parents));
	if (!grouping->firsts || !grouping->counts || !grouping->parents)
		return -ENOMEM;
	for (uint32_t rank = 0; rank < used; rank++) {
		uint64_t chunks = item_of(grouping, rank)->size / grouping->chunker.least + 1;

		grouping->firsts[rank + 1] = grouping->firsts[rank] + (chunks < SKETCH_MOST ? chunks : SKETCH_MOST);
	}
	grouping->hashes = calloc(grouping->firsts[used] + 1, sizeof(*grouping->hashes));
	return grouping->hashes ? 0 : -ENOMEM;
}

/* ---- who is like whom ------------------------------------------------------------------------------------------------------ */

static int compare_pairs(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int pair_up(struct grouping *grouping)
{
	uint32_t used = grouping->fragments->used;
	uint64_t count = 0;

	for (uint32_t rank = 0; rank < used; rank++)
		count += grouping->counts[rank];
	grouping->pairs = calloc(count + 1, sizeof(*grouping->pairs));
	if (!grouping->pairs)
		return -ENOMEM;
	for (uint32_t rank = 0; rank < used; rank++)
		for (unsigned int i = 0; i < grouping->counts[rank]; i++)
			grouping->pairs[grouping->pair_count++] =
				(uint64_t)grouping->hashes[grouping->firsts[rank] + i] << 32 | rank;
	qsort(grouping->pairs, count, sizeof(*grouping->pairs), compare_pairs);
	return 0;
}

static int compare_ranks(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The one that is there most often; of several, the nearest. */
static uint32_t most_often(uint32_t *ranks, size_t count)
{
	uint32_t best = ALONE;
	size_t most = 0, times = 0;

	qsort(ranks, count, sizeof(*ranks), compare_ranks);
	for (size_t i = 0; i < count; i++) {
		times = i && ranks[i] == ranks[i - 1] ? times + 1 : 1;
		if (times >= most) {
			most = times;
			best = ranks[i];
		}
	}
	return best;
}

static int find_parent(struct grouping *grouping, uint32_t rank)
{
	uint32_t ranks[SKETCH_MOST * LOOK_BACK];
	size_t count = 0;

	for (unsigned int i = 0; i < grouping->counts[rank]; i++) {
		uint64_t hash = grouping->hashes[grouping->firsts[rank] + i], key = hash << 32 | rank;
		const uint64_t *pair = bsearch(&key, grouping->pairs, grouping->pair_count, sizeof(key), compare_pairs);

		for (unsigned int back = 0; back < LOOK_BACK && pair > grouping->pairs; back++) {
			pair--;
			if (*pair >> 32 != hash)
				break;
			ranks[count++] = (uint32_t)*pair;
		}
	}
	grouping->parents[rank] = most_often(ranks, count);
	return 0;
}

/* ---- the order ------------------------------------------------------------------------------------------------------------- */

/* Each in front of those that follow it, with all that follow these. A parent comes first by rank, so there is no circle. */
static int line_up(struct grouping *grouping)
{
	struct erofs_fragments *fragments = grouping->fragments;
	erofs_auto_free uint32_t *order = calloc((size_t)fragments->used + 1, sizeof(*order));
	uint32_t *children = grouping->children = calloc((size_t)fragments->used + 1, sizeof(*children));
	uint32_t *siblings = grouping->siblings = calloc((size_t)fragments->used + 1, sizeof(*siblings));
	uint32_t *parents = grouping->parents, placed = 0;

	if (!order || !children || !siblings)
		return -ENOMEM;
	memset(children, 0xff, (size_t)fragments->used * sizeof(*children));
	for (uint32_t rank = fragments->used; rank-- > 0;) {
		if (parents[rank] == ALONE)
			continue;
		siblings[rank] = children[parents[rank]];
		children[parents[rank]] = rank;
	}
	for (uint32_t root = 0; root < fragments->used; root++) {
		for (uint32_t rank = parents[root] == ALONE ? root : ALONE; rank != ALONE;) {
			order[placed++] = fragments->order[rank];
			if (children[rank] != ALONE) {
				rank = children[rank];
				continue;
			}
			while (parents[rank] != ALONE && siblings[rank] == ALONE)
				rank = parents[rank];
			rank = parents[rank] == ALONE ? ALONE : siblings[rank];
		}
	}
	memcpy(fragments->order, order, (size_t)fragments->used * sizeof(*order));
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------- */

static int do_batch(void *ctx, unsigned int batch, unsigned int worker)
{
	struct grouping *grouping = ctx;
	uint32_t rank = batch * BATCH, used = grouping->fragments->used,
		 end = used - rank < BATCH ? used : rank + BATCH;
	int err = 0;

	(void)worker;
	for (; !err && rank < end; rank++)
		err = grouping->task(grouping, rank);
	return err;
}

static int do_all(struct grouping *grouping, struct erofs_pool *pool,
		  int (*task)(struct grouping *grouping, uint32_t rank))
{
	uint32_t used = grouping->fragments->used;

	grouping->task = task;
	return erofs_pool_each(pool, do_batch, grouping, used / BATCH + !!(used % BATCH));
}

int erofs_writer_fragments_group(struct erofs_fragments *fragments, struct erofs_pool *pool)
{
	erofs_auto(release) struct grouping grouping = { .fragments = fragments };
	int err;

	erofs_chunker_init(&grouping.chunker, CHUNK);
	err = make_room(&grouping);
	if (!err)
		err = do_all(&grouping, pool, sketch);
	if (!err)
		err = pair_up(&grouping);
	if (!err)
		err = do_all(&grouping, pool, find_parent);
	return err ? err : line_up(&grouping);
}
