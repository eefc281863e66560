/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/pieces.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 4096u /* a power of two */
#define ASKED	8192u /* a power of two */
#define PAGE	4096u

enum state {
	DECODING, /* by the thread that came first */
	READY,
	FAILED,
};

struct entry {
	struct piece piece; /* what callers have; first, so that it leads back to the entry */
	uint8_t *bytes;
	struct erofs_extent extent;
	struct entry *next;	     /* of its bucket */
	struct entry *newer, *older; /* in the order of use */
	unsigned int users;
	enum state state;
	int err; /* of FAILED */
};

struct pieces {
	pthread_mutex_t lock;	/* of all that follows, and of the entries but for their bytes */
	pthread_cond_t decoded; /* some entry is no longer DECODING */
	size_t limit, used;	/* bytes; `used` counts all entries that are in a bucket */
	struct entry *newest, *oldest;
	struct entry *buckets[BUCKETS];
	uint64_t asked[ASKED]; /* hashes of extents, each in its place */
};

struct pieces *pieces_new(size_t limit)
{
	struct pieces *new = calloc(1, sizeof(*new));

	if (!new)
		return NULL;
	pthread_mutex_init(&new->lock, NULL);
	pthread_cond_init(&new->decoded, NULL);
	new->limit = limit;
	return new;
}

static void free_entry(struct entry *entry)
{
	free(entry->bytes);
	free(entry);
}

void pieces_free(struct pieces *pieces)
{
	struct entry *older;

	if (!pieces)
		return;
	for (struct entry *entry = pieces->newest; entry; entry = older) {
		older = entry->older;
		free_entry(entry);
	}
	pthread_cond_destroy(&pieces->decoded);
	pthread_mutex_destroy(&pieces->lock);
	free(pieces);
}

/* ---- buckets and the order of use, with the lock ------------------------------------------------------------------------- */

static uint64_t hash_of(const struct erofs_extent *extent)
{
	return (extent->physical + extent->device + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct entry **bucket_of(struct pieces *pieces, const struct erofs_extent *extent)
{
	return &pieces->buckets[hash_of(extent) >> 40 & (BUCKETS - 1)];
}

static bool is_same(const struct erofs_extent *a, const struct erofs_extent *b)
{
	return a->physical == b->physical && a->device == b->device && a->plen == b->plen &&
	       a->algorithm == b->algorithm && a->length == b->length && a->partial == b->partial;
}

static struct entry *find(struct pieces *pieces, const struct erofs_extent *extent)
{
	struct entry *entry = *bucket_of(pieces, extent);

	while (entry && !is_same(&entry->extent, extent))
		entry = entry->next;
	return entry;
}

static void put_in_front(struct pieces *pieces, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = pieces->newest;
	if (pieces->newest)
		pieces->newest->newer = entry;
	pieces->newest = entry;
	if (!pieces->oldest)
		pieces->oldest = entry;
}

static void take_out(struct pieces *pieces, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &pieces->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &pieces->oldest) = entry->newer;
}

static void add(struct pieces *pieces, struct entry *entry)
{
	struct entry **bucket = bucket_of(pieces, &entry->extent);

	entry->next = *bucket;
	*bucket = entry;
	put_in_front(pieces, entry);
	pieces->used += entry->piece.length;
}

static void remove_entry(struct pieces *pieces, struct entry *entry)
{
	struct entry **link = bucket_of(pieces, &entry->extent);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	take_out(pieces, entry);
	pieces->used -= entry->piece.length;
}

/* Down to the limit, as far as others let go. */
static void drop_old(struct pieces *pieces)
{
	struct entry *newer;

	for (struct entry *entry = pieces->oldest; entry && pieces->used > pieces->limit; entry = newer) {
		newer = entry->newer;
		if (entry->users)
			continue;
		remove_entry(pieces, entry);
		free_entry(entry);
	}
}

/* ---- use ------------------------------------------------------------------------------------------------------------------ */

/* A failed one is in no bucket any more; the last of its users frees it. */
static void let_go(struct pieces *pieces, struct entry *entry)
{
	if (--entry->users)
		return;
	if (entry->state == FAILED)
		free_entry(entry);
	else
		drop_old(pieces);
}

/* With the lock: an entry that is there, when it is decoded. */
static int wait_for(struct pieces *pieces, struct entry *entry)
{
	int err = 0;

	entry->users++;
	take_out(pieces, entry);
	put_in_front(pieces, entry);
	while (entry->state == DECODING)
		pthread_cond_wait(&pieces->decoded, &pieces->lock);
	if (entry->state == FAILED) {
		err = entry->err;
		let_go(pieces, entry);
	}
	return err;
}

/* NULL: out of memory. */
static struct entry *new_entry(const struct erofs_extent *extent)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	void *bytes;

	if (!entry)
		return NULL;
	if (posix_memalign(&bytes, PAGE, (size_t)extent->length)) {
		free(entry);
		return NULL;
	}
	entry->bytes = bytes;
	entry->piece = (struct piece){ .data = entry->bytes, .length = (size_t)extent->length };
	entry->extent = *extent;
	entry->users = 1;
	return entry;
}

/* With the lock, which it gives up meanwhile. */
static int decode_new(struct pieces *pieces, struct entry **out, const struct erofs_extent *extent,
		      pieces_decode *decode, void *ctx)
{
	struct entry *entry = new_entry(extent);
	int err;

	if (!entry)
		return -ENOMEM;
	add(pieces, entry);
	drop_old(pieces);
	pthread_mutex_unlock(&pieces->lock);
	err = decode(ctx, entry->bytes, extent);
	pthread_mutex_lock(&pieces->lock);
	entry->err = err;
	entry->state = err ? FAILED : READY;
	pthread_cond_broadcast(&pieces->decoded);
	if (err) {
		remove_entry(pieces, entry);
		let_go(pieces, entry);
	}
	*out = entry;
	return err;
}

int pieces_take(struct pieces *pieces, const struct piece **out, const struct erofs_extent *extent,
		pieces_decode *decode, void *ctx)
{
	struct entry *entry;
	int err;

	pthread_mutex_lock(&pieces->lock);
	entry = find(pieces, extent);
	err = entry ? wait_for(pieces, entry) : decode_new(pieces, &entry, extent, decode, ctx);
	pthread_mutex_unlock(&pieces->lock);
	*out = err ? NULL : &entry->piece;
	return err;
}

void pieces_give_back(struct pieces *pieces, const struct piece *piece)
{
	pthread_mutex_lock(&pieces->lock);
	let_go(pieces, (struct entry *)piece);
	pthread_mutex_unlock(&pieces->lock);
}

bool pieces_asked_before(struct pieces *pieces, const struct erofs_extent *extent)
{
	uint64_t hash = hash_of(extent);
	bool before;

	pthread_mutex_lock(&pieces->lock);
	before = pieces->asked[hash >> 40 & (ASKED - 1)] == hash || find(pieces, extent);
	pieces->asked[hash >> 40 & (ASKED - 1)] = hash;
	pthread_mutex_unlock(&pieces->lock);
	return before;
}
