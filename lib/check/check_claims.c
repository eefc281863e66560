/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/check/check_claims.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/array.h"

void erofs_check_claims_release(struct erofs_claims *claims)
{
	free(claims->items);
	*claims = (struct erofs_claims){ 0 };
}

int erofs_check_claims_charge(struct erofs_claims *claims, uint64_t length)
{
	if (length > claims->budget)
		return 0;
	claims->budget -= length;
	return 1;
}

int erofs_check_claims_add(struct erofs_claims *claims, uint64_t start, uint64_t length, enum erofs_claim_kind kind,
			   uint32_t node)
{
	if (!length)
		return 1;
	if (start + length < start || !erofs_check_claims_charge(claims, length))
		return 0;
	if (erofs_array_reserve(&claims->items, &claims->capacity, claims->count + 1))
		return -ENOMEM;
	claims->items[claims->count++] =
		(struct erofs_claim){ .start = start, .end = start + length, .node = node, .kind = (uint8_t)kind };
	return 1;
}

/* Every field counts, so that the order does not depend on the sorting. */
static int compare_claims(const void *a, const void *b)
{
	const struct erofs_claim *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

const struct erofs_claim *erofs_check_claims_find(const struct erofs_claims *claims, uint64_t start, uint64_t end)
{
	size_t low = 0, high = claims->count;

	/* The first claim that ends behind `start`. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (claims->items[middle].end <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < claims->count && claims->items[low].start < end ? &claims->items[low] : NULL;
}

void erofs_check_claims_settle(struct erofs_claims *claims,
			       void (*overlap)(void *ctx, const struct erofs_claim *earlier,
					       const struct erofs_claim *later),
			       void *ctx)
{
	struct erofs_claims settled = { .items = claims->items };

	if (claims->count)
		qsort(claims->items, claims->count, sizeof(*claims->items), compare_claims);
	for (size_t i = 0; i < claims->count; i++) {
		struct erofs_claim later = claims->items[i];
		const struct erofs_claim *earlier = erofs_check_claims_find(&settled, later.start, later.end);
		uint64_t taken = settled.count ? settled.items[settled.count - 1].end : 0;

		if (earlier)
			overlap(ctx, earlier, &later);
		if (later.start < taken)
			later.start = taken;
		if (later.end > later.start)
			settled.items[settled.count++] = later;
	}
	claims->count = settled.count;
}
