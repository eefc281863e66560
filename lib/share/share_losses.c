/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/share/share_set.h"
#include "lib/util/digits.h"

/* Millions of candidates, of which only the worst few are made into losses: a heap with the least of them on top. */
struct candidate {
	uint64_t page_bytes;
	uint64_t files;
	uint64_t contents;
	uint32_t number; /* of the place or content; the lower one is shown first when all else is equal */
	uint32_t other;	 /* clashes: the content that it clashes with */
};

struct ranking {
	const struct erofs_share *share;
	struct candidate *heap;
	size_t count, limit;
	uint64_t all, page_bytes;
};

static bool less(const struct candidate *a, const struct candidate *b)
{
	if (a->page_bytes != b->page_bytes)
		return a->page_bytes < b->page_bytes;
	return a->number > b->number;
}

static void swap(struct candidate *a, struct candidate *b)
{
	struct candidate old = *a;

	*a = *b;
	*b = old;
}

static void sift_down(struct candidate *heap, size_t count)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && less(&heap[child + 1], &heap[child]))
			child++;
		if (!less(&heap[child], &heap[at]))
			return;
		swap(&heap[child], &heap[at]);
		at = child;
	}
}

static void offer(struct ranking *ranking, const struct candidate *new)
{
	size_t at;

	ranking->all++;
	ranking->page_bytes = erofs_share_sum(ranking->page_bytes, new->page_bytes);
	if (ranking->count == ranking->limit) {
		if (!ranking->limit || !less(&ranking->heap[0], new))
			return;
		ranking->heap[0] = *new;
		sift_down(ranking->heap, ranking->count);
		return;
	}
	at = ranking->count++;
	ranking->heap[at] = *new;
	for (; at && less(&ranking->heap[at], &ranking->heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&ranking->heap[at], &ranking->heap[(at - 1) / 2]);
}

/* ---- what there is to offer -------------------------------------------------------------------------------------------- */

static void rank_missing(struct ranking *ranking)
{
	const struct erofs_share_missing *missing = (const void *)ranking->share->missing.data;
	size_t count = ranking->share->missing.size / sizeof(*missing);

	for (size_t i = 0; i < count;) {
		struct candidate new = { .number = missing[i].place };

		for (; i < count && missing[i].place == new.number; i++) {
			new.page_bytes = erofs_share_sum(new.page_bytes, missing[i].page_bytes);
			new.files += missing[i].copies;
		}
		offer(ranking, &new);
	}
}

static void rank_size_clashes(struct ranking *ranking)
{
	const struct erofs_share *share = ranking->share;

	for (uint32_t i = 0; i < share->contents.count; i++) {
		const struct erofs_share_content *head = erofs_share_content(&share->contents, i);
		struct candidate new = { .number = i, .other = EROFS_SHARE_CONTENT_NONE };
		uint64_t largest = 0;

		if (!head->head)
			continue;
		for (uint32_t at = i; at != EROFS_SHARE_CONTENT_NONE;
		     at = erofs_share_content(&share->contents, at)->next) {
			const struct erofs_share_content *content = erofs_share_content(&share->contents, at);
			uint64_t pages = erofs_share_pages(share, content->size);

			if (content->size != head->size)
				new.other = at;
			new.contents++;
			new.files += content->files;
			new.page_bytes = erofs_share_sum(new.page_bytes, pages);
			largest = pages > largest ? pages : largest;
		}
		new.page_bytes -= largest;
		if (new.other != EROFS_SHARE_CONTENT_NONE)
			offer(ranking, &new);
	}
}

static void rank_kind_clashes(struct ranking *ranking)
{
	const struct erofs_share *share = ranking->share;

	for (uint32_t i = 0; i < share->contents.count; i++) {
		const struct erofs_share_content *plain = erofs_share_content(&share->contents, i);
		struct candidate new = { .number = i, .contents = 2 };

		if (plain->compressed || (plain->head && plain->next == EROFS_SHARE_CONTENT_NONE))
			continue;
		new.other = erofs_share_contents_find(&share->contents, &plain->value, plain->size, true);
		if (new.other == EROFS_SHARE_CONTENT_NONE)
			continue;
		new.files = (uint64_t)plain->files + erofs_share_content(&share->contents, new.other)->files;
		new.page_bytes = erofs_share_pages(share, plain->size);
		offer(ranking, &new);
	}
}

static int rank_differences(struct ranking *ranking)
{
	const struct erofs_share *share = ranking->share;
	struct erofs_buffer room = { 0 };
	int err = 0;

	for (uint32_t i = 0; !err && i < share->places.place_count; i++) {
		struct candidate new = { .number = i };
		size_t contents;

		err = erofs_share_difference(share, &new.page_bytes, &contents, i, &room);
		new.contents = contents;
		new.files = erofs_share_place(&share->places, i)->files;
		if (!err && contents > 1)
			offer(ranking, &new);
	}
	erofs_buffer_release(&room);
	return err;
}

static int rank(struct ranking *ranking, enum erofs_share_spoiler spoiler)
{
	switch (spoiler) {
	case EROFS_SHARE_SIZE_CLASH:
		rank_size_clashes(ranking);
		return 0;
	case EROFS_SHARE_NO_FINGERPRINT:
		rank_missing(ranking);
		return 0;
	case EROFS_SHARE_KIND_CLASH:
		rank_kind_clashes(ranking);
		return 0;
	case EROFS_SHARE_CONTENT_DIFFERS:
		return rank_differences(ranking);
	default:
		return -EINVAL;
	}
}

/* ---- losses ---------------------------------------------------------------------------------------------------------- */

/* "sha256:..."; of a value of another form, which has no shorter name, "other:" and the SHA-256 of it. */
static void format_value(char *out, const struct erofs_share_value *value)
{
	out += sprintf(out, "%s:", value->other ? "other" : "sha256");
	erofs_hex_encode(out, value->digest, sizeof(value->digest));
}

static int set_example(const struct erofs_share *share, struct erofs_share_example *out, uint32_t number)
{
	const struct erofs_share_content *content = erofs_share_content(&share->contents, number);

	out->image = content->first_image;
	out->size = content->size;
	out->compressed = content->compressed;
	out->path = erofs_share_place_path(&share->places, content->first_place, &out->path_size);
	return out->path ? 0 : -ENOMEM;
}

static int set_clash(const struct erofs_share *share, struct erofs_share_loss *out, const struct candidate *from)
{
	const struct erofs_share_content *content = erofs_share_content(&share->contents, from->number);

	format_value(out->value, &content->value);
	out->path = erofs_share_place_path(&share->places, content->first_place, &out->path_size);
	if (!out->path || set_example(share, &out->examples[0], from->number))
		return -ENOMEM;
	return set_example(share, &out->examples[1], from->other);
}

static int fill(const struct ranking *ranking, struct erofs_share_losses *out, enum erofs_share_spoiler spoiler)
{
	out->all = ranking->all;
	out->page_bytes = ranking->page_bytes;
	for (size_t i = 0; i < ranking->count; i++) {
		const struct candidate *from = &ranking->heap[i];
		struct erofs_share_loss *to = &out->items[out->count++];

		to->page_bytes = from->page_bytes;
		to->files = from->files;
		to->contents = from->contents;
		if (spoiler == EROFS_SHARE_SIZE_CLASH || spoiler == EROFS_SHARE_KIND_CLASH) {
			if (set_clash(ranking->share, to, from))
				return -ENOMEM;
			continue;
		}
		to->path = erofs_share_place_path(&ranking->share->places, from->number, &to->path_size);
		if (!to->path)
			return -ENOMEM;
	}
	return 0;
}

static int worst_first(const void *a, const void *b)
{
	return less(a, b) ? 1 : -1;
}

static int list_losses(const struct erofs_share *share, struct erofs_share_losses *out,
		       enum erofs_share_spoiler spoiler, size_t limit)
{
	size_t most =
		share->places.place_count > share->contents.count ? share->places.place_count : share->contents.count;
	struct ranking ranking = { .share = share, .limit = limit < most ? limit : most };
	int err = -ENOMEM;

	*out = (struct erofs_share_losses){ 0 };
	ranking.heap = calloc(ranking.limit + 1, sizeof(*ranking.heap));
	if (ranking.heap)
		err = rank(&ranking, spoiler);
	if (!err)
		out->items = calloc(ranking.count + 1, sizeof(*out->items));
	if (!err && out->items) {
		qsort(ranking.heap, ranking.count, sizeof(*ranking.heap), worst_first);
		err = fill(&ranking, out, spoiler);
	} else if (!err) {
		err = -ENOMEM;
	}
	free(ranking.heap);
	if (err)
		erofs_share_losses_release(out);
	return err;
}

int erofs_share_list_losses(const struct erofs_share *share, struct erofs_share_losses *out,
			    enum erofs_share_spoiler spoiler, size_t limit)
{
	if (!share || !out || (unsigned int)spoiler >= EROFS_SHARE_SPOILERS)
		return -EINVAL;
	return list_losses(share, out, spoiler, limit);
}

void erofs_share_losses_release(struct erofs_share_losses *losses)
{
	if (!losses)
		return;
	for (size_t i = 0; losses->items && i < losses->count; i++) {
		free(losses->items[i].path);
		free(losses->items[i].examples[0].path);
		free(losses->items[i].examples[1].path);
	}
	free(losses->items);
	*losses = (struct erofs_share_losses){ 0 };
}
