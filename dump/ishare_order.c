/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/ishare_order.h"

#include <stdlib.h>

uint64_t ishare_only(const struct erofs_share_image *image)
{
	/* All copies of what never shares are marginal. */
	return image->marginal_page_bytes - image->unshareable_page_bytes * (image->copies - 1);
}

unsigned int ishare_common(const struct erofs_share_image *image)
{
	uint64_t pages = image->alone.page_bytes, only = ishare_only(image);

	return pages > only ? (unsigned int)((unsigned __int128)(pages - only) * 10000 / pages) : 0;
}

struct key {
	size_t index;
	uint64_t value;
};

static int compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static uint64_t value_of(const struct erofs_share_image *image, enum ishare_order order)
{
	if (order == ISHARE_BY_PAGES)
		return image->alone.page_bytes;
	if (order == ISHARE_BY_SAVING)
		return ishare_common(image);
	return image->marginal_page_bytes;
}

size_t *ishare_rank(const struct ishare_report *report, enum ishare_order order)
{
	size_t count = report->total.images;
	size_t *ranks = calloc(count + 1, sizeof(*ranks));
	struct key *keys = calloc(count + 1, sizeof(*keys));

	if (!ranks || !keys) {
		free(ranks);
		free(keys);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const struct erofs_share_image image = ishare_image(report, i);

		keys[i] = (struct key){ i, value_of(&image, order) };
	}
	qsort(keys, count, sizeof(*keys), compare);
	for (size_t i = 0; i < count; i++)
		ranks[keys[i].index] = i + 1;
	free(keys);
	return ranks;
}
