/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/diff.h"

/* Inodes of non-empty regular files, by what the kernel shares: fingerprint, size and kind. */
struct pages {
	const struct diff_entry **items;
	size_t count;
	uint64_t page_size;
};

static uint64_t pages_of(const struct pages *pages, const struct diff_entry *entry)
{
	return (entry->size + pages->page_size - 1) / pages->page_size * pages->page_size;
}

static int by_identity(const void *a, const void *b)
{
	const struct diff_entry *x = *(const struct diff_entry *const *)a, *y = *(const struct diff_entry *const *)b;
	int order = strcmp(x->fingerprint, y->fingerprint);

	if (order)
		return order;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (int)x->compressed - (int)y->compressed;
}

static void add_side(struct pages *pages, struct diff_figures *figures, const struct diff_side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		const struct diff_entry *entry = &side->entries[i];

		if (!entry->first || !entry->size || !S_ISREG(entry->mode))
			continue;
		figures->files++;
		figures->bytes += entry->size;
		figures->page_bytes += pages_of(pages, entry);
		if (entry->fingerprint)
			pages->items[pages->count++] = entry;
		else
			figures->shared_page_bytes += pages_of(pages, entry);
	}
}

static void share(struct pages *pages, struct diff_figures *figures)
{
	if (pages->count)
		qsort(pages->items, pages->count, sizeof(*pages->items), by_identity);
	for (size_t i = 0; i < pages->count; i++)
		if (!i || by_identity(&pages->items[i - 1], &pages->items[i]))
			figures->shared_page_bytes += pages_of(pages, pages->items[i]);
}

int diff_count_pages(struct diff *diff)
{
	struct pages pages = { .items = malloc((diff->a.count + diff->b.count + 1) * sizeof(*pages.items)),
			       .page_size = diff->options->page_size };

	if (!pages.items)
		return -ENOMEM;
	add_side(&pages, &diff->a.figures, &diff->a);
	share(&pages, &diff->a.figures);
	pages.count = 0;
	add_side(&pages, &diff->b.figures, &diff->b);
	share(&pages, &diff->b.figures);
	pages.count = 0;
	add_side(&pages, &diff->both, &diff->a);
	add_side(&pages, &diff->both, &diff->b);
	share(&pages, &diff->both);
	free(pages.items);
	return 0;
}

uint64_t diff_extra_pages(const struct diff *diff)
{
	return diff->both.shared_page_bytes - diff->a.figures.shared_page_bytes;
}
