/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/share/share_set.h"
#include "lib/util/cleanup.h"

/* A directory with all that is below it, and where to find its children. */
struct branch {
	uint64_t page_bytes, shared_page_bytes, differing_page_bytes;
	uint32_t child, sibling; /* EROFS_PLACE_NONE: no more */
};

/* A part of the tree: a branch, or what is left of one when parts of it have been cut off. */
struct part {
	uint32_t folder;
	bool whole;
	bool done; /* has been looked at */
	struct erofs_share_directory figures;
};

struct cutting {
	const struct erofs_share *share;
	enum erofs_share_order order;
	struct branch *branches;
	struct part *parts;
	size_t count, limit;
	uint64_t least; /* what is lighter stays where it is */
};

/* Children have higher numbers than their parents, so that going down sees each branch complete. */
static void sum_up(struct cutting *cut)
{
	const struct erofs_share_places *places = &cut->share->places;

	for (size_t i = 0; i < places->folder_count; i++) {
		const struct erofs_share_folder *folder = erofs_share_folder(places, (uint32_t)i);

		cut->branches[i] = (struct branch){ folder->page_bytes, folder->shared_page_bytes,
						    folder->differing_page_bytes, EROFS_PLACE_NONE, EROFS_PLACE_NONE };
	}
	for (size_t i = places->folder_count; i-- > 1;) {
		struct branch *below = &cut->branches[i];
		struct branch *above = &cut->branches[erofs_share_folder(places, (uint32_t)i)->parent];

		above->page_bytes = erofs_share_sum(above->page_bytes, below->page_bytes);
		above->shared_page_bytes = erofs_share_sum(above->shared_page_bytes, below->shared_page_bytes);
		above->differing_page_bytes = erofs_share_sum(above->differing_page_bytes, below->differing_page_bytes);
		below->sibling = above->child;
		above->child = (uint32_t)i;
	}
}

static uint64_t weigh(const struct cutting *cut, uint64_t page_bytes, uint64_t differing_page_bytes)
{
	return cut->order == EROFS_SHARE_BY_SIZE ? page_bytes : differing_page_bytes;
}

static uint64_t weigh_part(const struct cutting *cut, const struct part *part)
{
	return weigh(cut, part->figures.page_bytes, part->figures.differing_page_bytes);
}

static uint64_t weigh_branch(const struct cutting *cut, uint32_t folder)
{
	return weigh(cut, cut->branches[folder].page_bytes, cut->branches[folder].differing_page_bytes);
}

static void add_part(struct cutting *cut, uint32_t folder)
{
	const struct branch *branch = &cut->branches[folder];
	struct part *new = &cut->parts[cut->count++];

	*new = (struct part){ .folder = folder, .whole = true };
	new->figures.page_bytes = branch->page_bytes;
	new->figures.shared_page_bytes = branch->shared_page_bytes;
	new->figures.differing_page_bytes = branch->differing_page_bytes;
}

/* Sums that were cut to 64 bits must not wrap. */
static void take_off(uint64_t *from, uint64_t bytes)
{
	*from -= bytes < *from ? bytes : *from;
}

static void cut_off(struct cutting *cut, struct part *from, uint32_t folder)
{
	const struct branch *branch = &cut->branches[folder];

	take_off(&from->figures.page_bytes, branch->page_bytes);
	take_off(&from->figures.shared_page_bytes, branch->shared_page_bytes);
	take_off(&from->figures.differing_page_bytes, branch->differing_page_bytes);
	from->whole = false;
	add_part(cut, folder);
}

/* The heaviest child that is lighter than `above`, or as heavy and behind `last`. */
static uint32_t next_child(const struct cutting *cut, uint32_t folder, uint64_t above, uint32_t last)
{
	uint32_t found = EROFS_PLACE_NONE;

	for (uint32_t at = cut->branches[folder].child; at != EROFS_PLACE_NONE; at = cut->branches[at].sibling) {
		uint64_t weight = weigh_branch(cut, at);

		if (weight < cut->least || weight > above || (weight == above && at <= last))
			continue;
		if (found == EROFS_PLACE_NONE || weight > weigh_branch(cut, found))
			found = at;
	}
	return found;
}

/* Cuts off the heavy children, as many as there is room for. */
static void split(struct cutting *cut, struct part *part)
{
	uint64_t above = UINT64_MAX;
	uint32_t child = 0;

	part->done = true;
	/* One more than fits, if nothing is left of the part then. */
	while (cut->count <= cut->limit) {
		child = next_child(cut, part->folder, above, child);
		if (child == EROFS_PLACE_NONE)
			break;
		above = weigh_branch(cut, child);
		if (cut->count == cut->limit && above < weigh_part(cut, part))
			break;
		cut_off(cut, part, child);
	}
	if (!weigh_part(cut, part))
		*part = cut->parts[--cut->count];
}

/* The heaviest part that has not been looked at. */
static struct part *heaviest(const struct cutting *cut)
{
	struct part *found = NULL;

	for (size_t i = 0; i < cut->count; i++)
		if (!cut->parts[i].done && (!found || weigh_part(cut, &cut->parts[i]) > weigh_part(cut, found)))
			found = &cut->parts[i];
	return found;
}

static void cut_tree(struct cutting *cut)
{
	struct part *part;

	if (weigh_branch(cut, EROFS_PLACE_ROOT))
		add_part(cut, EROFS_PLACE_ROOT);
	while ((part = heaviest(cut)))
		split(cut, part);
}

static int heaviest_first(const struct cutting *cut, const struct part *first, const struct part *second)
{
	uint64_t a = weigh_part(cut, first), b = weigh_part(cut, second);

	if (a != b)
		return a < b ? 1 : -1;
	return (first->folder > second->folder) - (first->folder < second->folder);
}

static int by_size(const void *a, const void *b)
{
	return heaviest_first(&(struct cutting){ .order = EROFS_SHARE_BY_SIZE }, a, b);
}

static int by_difference(const void *a, const void *b)
{
	return heaviest_first(&(struct cutting){ .order = EROFS_SHARE_BY_DIFFERENCE }, a, b);
}

static int fill(const struct cutting *cut, struct erofs_share_directories *out)
{
	for (size_t i = 0; i < cut->count; i++) {
		const struct part *part = &cut->parts[i];
		struct erofs_share_directory *to = &out->items[out->count++];

		*to = part->figures;
		to->whole = part->whole;
		to->path = erofs_share_folder_path(&cut->share->places, part->folder, &to->path_size);
		if (!to->path)
			return -ENOMEM;
	}
	return 0;
}

static int list_directories(const struct erofs_share *share, struct erofs_share_directories *out,
			    enum erofs_share_order order, size_t limit)
{
	size_t most = share->places.folder_count;
	struct cutting cut = { .share = share, .order = order, .limit = limit < most ? limit : most };
	erofs_auto_free struct branch *branches = calloc(share->places.folder_count + 1, sizeof(*branches));
	erofs_auto_free struct part *parts = calloc(cut.limit + 2, sizeof(*parts));
	int err;

	*out = (struct erofs_share_directories){ .items = calloc(cut.limit + 1, sizeof(*out->items)) };
	if (!branches || !parts || !out->items) {
		erofs_share_directories_release(out);
		return -ENOMEM;
	}
	cut.branches = branches;
	cut.parts = parts;
	sum_up(&cut);
	if (share->places.folder_count && limit) {
		cut.least = weigh_branch(&cut, EROFS_PLACE_ROOT) / 4 / limit + 1;
		cut_tree(&cut);
	}
	qsort(parts, cut.count, sizeof(*parts), order == EROFS_SHARE_BY_SIZE ? by_size : by_difference);
	err = fill(&cut, out);
	if (err)
		erofs_share_directories_release(out);
	return err;
}

int erofs_share_list_directories(const struct erofs_share *share, struct erofs_share_directories *out,
				 enum erofs_share_order order, size_t limit)
{
	if (!share || !out || (unsigned int)order > EROFS_SHARE_BY_DIFFERENCE)
		return -EINVAL;
	return list_directories(share, out, order, limit);
}

void erofs_share_directories_release(struct erofs_share_directories *directories)
{
	if (!directories)
		return;
	for (size_t i = 0; directories->items && i < directories->count; i++)
		free(directories->items[i].path);
	free(directories->items);
	*directories = (struct erofs_share_directories){ 0 };
}
