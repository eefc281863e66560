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

/* A part of the tree: a branch, or only the files directly in its directory. */
struct part {
	uint32_t folder;
	bool whole;
	bool indivisible;
	uint64_t weight;
};

struct cutting {
	const struct erofs_share *share;
	enum erofs_share_order order;
	struct branch *branches;
	struct part *parts;
	size_t count, limit;
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

static uint64_t weigh_branch(const struct cutting *cut, uint32_t folder)
{
	const struct branch *branch = &cut->branches[folder];

	return cut->order == EROFS_SHARE_BY_SIZE ? branch->page_bytes : branch->differing_page_bytes;
}

static uint64_t weigh_files(const struct cutting *cut, uint32_t number)
{
	const struct erofs_share_folder *folder = erofs_share_folder(&cut->share->places, number);

	return cut->order == EROFS_SHARE_BY_SIZE ? folder->page_bytes : folder->differing_page_bytes;
}

/* How many parts with any weight a branch falls into. */
static size_t count_pieces(const struct cutting *cut, uint32_t folder, size_t enough)
{
	size_t count = weigh_files(cut, folder) > 0;

	for (uint32_t at = cut->branches[folder].child; at != EROFS_PLACE_NONE && count <= enough;
	     at = cut->branches[at].sibling)
		count += weigh_branch(cut, at) > 0;
	return count;
}

static void add_part(struct cutting *cut, uint32_t folder, bool whole, uint64_t weight)
{
	/* A directory without subdirectories is all its files. */
	bool leaf = cut->branches[folder].child == EROFS_PLACE_NONE;

	if (weight)
		cut->parts[cut->count++] = (struct part){ folder, whole || leaf, !whole || leaf, weight };
}

static void split(struct cutting *cut, size_t at)
{
	uint32_t folder = cut->parts[at].folder;

	cut->parts[at] = cut->parts[--cut->count];
	add_part(cut, folder, false, weigh_files(cut, folder));
	for (uint32_t child = cut->branches[folder].child; child != EROFS_PLACE_NONE;
	     child = cut->branches[child].sibling)
		add_part(cut, child, true, weigh_branch(cut, child));
}

/* The heaviest part that can still be cut. */
static size_t heaviest(const struct cutting *cut)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < cut->count; i++)
		if (!cut->parts[i].indivisible &&
		    (found == SIZE_MAX || cut->parts[i].weight > cut->parts[found].weight))
			found = i;
	return found;
}

static void cut_tree(struct cutting *cut)
{
	size_t at;

	if (cut->share->places.folder_count && cut->limit)
		add_part(cut, EROFS_PLACE_ROOT, true, weigh_branch(cut, EROFS_PLACE_ROOT));
	while ((at = heaviest(cut)) != SIZE_MAX) {
		size_t room = cut->limit - cut->count + 1;

		if (count_pieces(cut, cut->parts[at].folder, room) <= room)
			split(cut, at);
		else
			cut->parts[at].indivisible = true;
	}
}

static int heaviest_first(const void *a, const void *b)
{
	const struct part *first = a, *second = b;

	if (first->weight != second->weight)
		return first->weight < second->weight ? 1 : -1;
	return (first->folder > second->folder) - (first->folder < second->folder);
}

static int fill(const struct cutting *cut, struct erofs_share_directories *out)
{
	for (size_t i = 0; i < cut->count; i++) {
		const struct part *part = &cut->parts[i];
		const struct branch *branch = &cut->branches[part->folder];
		const struct erofs_share_folder *folder = erofs_share_folder(&cut->share->places, part->folder);
		struct erofs_share_directory *to = &out->items[out->count++];

		to->whole = part->whole;
		to->page_bytes = part->whole ? branch->page_bytes : folder->page_bytes;
		to->shared_page_bytes = part->whole ? branch->shared_page_bytes : folder->shared_page_bytes;
		to->differing_page_bytes = part->whole ? branch->differing_page_bytes : folder->differing_page_bytes;
		to->path = erofs_share_folder_path(&cut->share->places, part->folder, &to->path_size);
		if (!to->path)
			return -ENOMEM;
	}
	return 0;
}

int erofs_share_directories(const struct erofs_share *share, struct erofs_share_directories *out,
			    enum erofs_share_order order, size_t limit)
{
	/* Each folder gives two parts at most: its own files and, cut or not, one for its parent. */
	size_t most = 2 * share->places.folder_count;
	struct cutting cut = { .share = share, .order = order, .limit = limit < most ? limit : most };
	erofs_auto_free struct branch *branches = calloc(share->places.folder_count + 1, sizeof(*branches));
	erofs_auto_free struct part *parts = calloc(cut.limit + 1, sizeof(*parts));
	int err;

	*out = (struct erofs_share_directories){ .items = calloc(cut.limit + 1, sizeof(*out->items)) };
	if (!branches || !parts || !out->items) {
		erofs_share_directories_release(out);
		return -ENOMEM;
	}
	cut.branches = branches;
	cut.parts = parts;
	sum_up(&cut);
	cut_tree(&cut);
	qsort(parts, cut.count, sizeof(*parts), heaviest_first);
	err = fill(&cut, out);
	if (err)
		erofs_share_directories_release(out);
	return err;
}

void erofs_share_directories_release(struct erofs_share_directories *directories)
{
	for (size_t i = 0; directories->items && i < directories->count; i++)
		free(directories->items[i].path);
	free(directories->items);
	*directories = (struct erofs_share_directories){ 0 };
}
