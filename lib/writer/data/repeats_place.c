/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/repeats.h"

#include <errno.h>

#include "lib/util/array.h"

/* Commits: the extents of a repeat are those of the file that it repeats, if that was encoded and has its cut. */

/* So many extents are remembered, 48 MiB in all; repeats of further ones are not used. */
#define KNOWN_MOST (UINT32_C(1) << 20)

/* Less is not worth having, and where blocks end is known when all is placed. */
#define LEAST_GAIN_BLOCKS 4u

/* ---- one repeat ------------------------------------------------------------------------------------------------------------ */

struct resolving {
	struct erofs_run *run;
	const struct erofs_choice *choice;
	const struct erofs_method *method;
	uint8_t method_number;
	uint64_t at; /* in the file */
	uint64_t count;
	bool has_shared, has_zeros;
	/* Clusters: where the extent before this began, and how many blocks it takes. */
	bool has_head;
	uint64_t head;
	uint32_t blocks;
	int err;
};

/*
 * In an index of clusters, an entry names the beginning of one extent, and the next says how many blocks it takes if these are
 * several.
 */
static bool fits_behind(const struct resolving *resolving, uint64_t at)
{
	uint64_t block = (at + resolving->method->unit - 1) / resolving->method->unit;

	if (at < resolving->choice->offset + resolving->choice->length)
		block = at / resolving->method->unit;
	return !resolving->has_head || block >= resolving->head + (resolving->blocks > 1 ? 2 : 1);
}

static bool add(struct resolving *resolving, const struct erofs_list_extent *extent)
{
	if (resolving->method->unit > 1 && !fits_behind(resolving, resolving->at))
		return false;
	resolving->has_head = true;
	resolving->head = resolving->at / resolving->method->unit;
	resolving->blocks = extent->plen;
	resolving->at += extent->length;
	resolving->count++;
	resolving->has_zeros |= extent->form == EROFS_FORM_ZEROS;
	resolving->err = erofs_writer_extents_append(&resolving->run->resolved, extent);
	return !resolving->err;
}

/* Stored bytes that are rotated in their block are read right in a file that has them at the same place of a block. */
static bool stands_alike(const struct resolving *resolving, const struct erofs_known_extent *known)
{
	const struct erofs_build_options *options = resolving->run->plan->options;

	return !known->is_stored || resolving->method->unit == 1 || !options->interlaced ||
	       (known->logical - resolving->at) % resolving->method->unit == 0;
}

/* The first `length` bytes of a known extent. */
static bool add_known(struct resolving *resolving, const struct erofs_known_extent *known, uint64_t length)
{
	struct erofs_list_extent extent = {
		.length = length,
		.plen = known->plen,
		.place = known->place,
		.form = known->is_stored ? EROFS_FORM_STORED : EROFS_FORM_ENCODED,
		.partial = !known->is_stored && (known->partial || length < known->length),
	};

	if (known->method != resolving->method_number || !stands_alike(resolving, known))
		return false;
	if (known->is_stored && resolving->method->unit == 1)
		extent.plen = (uint32_t)length;
	resolving->has_shared = true;
	return add(resolving, &extent);
}

/* Zeros take no room, wherever they are. In clusters they want a full index, as repeats do. */
static bool add_zeros(struct resolving *resolving, uint64_t length)
{
	return add(resolving, &(struct erofs_list_extent){ .length = length, .form = EROFS_FORM_ZEROS });
}

static bool add_repeat(struct resolving *resolving, const struct erofs_repeat *repeat)
{
	const struct erofs_repeats *repeats = &resolving->run->repeats;
	size_t cut = erofs_writer_repeats_first_cut(repeats, repeat->owner, repeat->from);
	uint64_t from = repeat->from, end = from + repeat->length;

	if (cut == repeats->cut_count || repeats->cuts[cut].inode != repeat->owner || repeats->cuts[cut].at != from)
		return false;
	for (size_t i = repeats->cuts[cut].known; from < end; i++) {
		const struct erofs_known_extent *known = &repeats->known[i];
		uint64_t left = end - from, length;

		if (i >= repeats->known_count || known->inode != repeat->owner || known->logical != from)
			return false;
		length = known->length < left ? known->length : left;
		if (!(known->place ? add_known(resolving, known, length) : add_zeros(resolving, length)))
			return false;
		from += length;
	}
	return true;
}

/* ---- choosing -------------------------------------------------------------------------------------------------------------- */

static bool resolve(struct resolving *resolving)
{
	const struct erofs_choice *choice = resolving->choice;
	struct erofs_extent_cursor cursor = { .at = choice->around_extents.data, .left = choice->around->count };
	const struct erofs_repeats *repeats = &resolving->run->repeats;
	struct erofs_list_extent extent;

	while (erofs_writer_extents_next(&cursor, &extent))
		if (!(extent.place ? add_repeat(resolving, &repeats->items[extent.place - 1])
				   : add(resolving, &extent)))
			return false;
	return resolving->method->unit == 1 || fits_behind(resolving, resolving->at);
}

/* Whether repeats of later files want one of the cuts in these bytes. */
static bool has_cuts(const struct erofs_run *run, const struct erofs_choice *choice)
{
	size_t cut = erofs_writer_repeats_first_cut(&run->repeats, choice->inode->number, choice->offset + 1);

	return cut < run->repeats.cut_count && run->repeats.cuts[cut].inode == choice->inode->number &&
	       run->repeats.cuts[cut].at < choice->offset + choice->length;
}

/* About what it adds to the image, with what the index takes more. A fragment is encoded with others. */
static uint64_t cost(const struct erofs_encoded *encoded)
{
	return encoded->size + encoded->tail_size + encoded->fragment_size / 2;
}

static uint64_t index_cost(const struct resolving *resolving, uint64_t more_extents)
{
	const struct erofs_build_options *options = resolving->run->plan->options;

	if (resolving->method->unit == 1)
		return 16 * (more_extents + 1);
	return options->full_index ? 0 : 6 * (resolving->choice->length / resolving->method->unit + 1);
}

/* What a full index adds to a compact one is counted by file, since all of it has the one or the other: erofs_writer_place_extents(). */
static void add_to_balance(const struct resolving *resolving)
{
	const struct erofs_choice *choice = resolving->choice;
	struct erofs_data *data = resolving->run->data;

	data->bytes_without += choice->plain->size + choice->plain->tail_size;
	data->bytes_with += choice->around->size + choice->around->tail_size;
	data->fragments_without += choice->plain->fragment_size;
	data->fragments_with += choice->around->fragment_size;
	if (resolving->method->unit == 1)
		data->bytes_with += index_cost(resolving, resolving->count);
}

/* What a fragment takes among others is unknown: those that are none any more took nothing, new ones take all they have. */
bool erofs_writer_data_lost_by_repeats(const struct erofs_data *data, const struct erofs_plan *plan)
{
	uint64_t with = data->bytes_with + (uint64_t)LEAST_GAIN_BLOCKS * plan->blksz;

	if (data->fragments_with > data->fragments_without)
		with += data->fragments_with - data->fragments_without;
	return data->bytes_with && with > data->bytes_without;
}

static bool needs_full_index(const struct resolving *resolving)
{
	return resolving->has_shared || (resolving->has_zeros && resolving->method->unit > 1);
}

static bool is_better(const struct resolving *resolving)
{
	const struct erofs_choice *choice = resolving->choice;

	if (!needs_full_index(resolving) || has_cuts(resolving->run, choice))
		return true;
	return cost(choice->around) + index_cost(resolving, resolving->count) < cost(choice->plain);
}

static void count_repeats(const struct resolving *resolving)
{
	struct erofs_build_summary *summary = resolving->run->plan->summary;
	const struct erofs_choice *choice = resolving->choice;
	struct erofs_extent_cursor cursor = { .at = choice->around_extents.data, .left = choice->around->count };
	struct erofs_list_extent extent;

	while (erofs_writer_extents_next(&cursor, &extent)) {
		if (!extent.place)
			continue;
		summary->repeats++;
		summary->repeat_bytes += extent.length;
	}
}

int erofs_writer_choose_around(struct erofs_run *run, const struct erofs_choice *choice, struct erofs_chosen *chosen)
{
	uint8_t number = erofs_writer_inode_plan(run->plan, choice->inode)->method;
	struct resolving resolving = {
		.run = run,
		.choice = choice,
		.method_number = number,
		.method = &run->plan->methods.items[number],
		.at = choice->offset,
	};

	if (!choice->around->count || choice->around->full || !choice->plain->shrunk)
		return 0;
	run->resolved.size = 0;
	if (!resolve(&resolving) || !is_better(&resolving))
		return resolving.err;
	*chosen = (struct erofs_chosen){ .count = resolving.count,
					 .has_shared = resolving.has_shared,
					 .has_zeros = resolving.has_zeros };
	run->data->has_shared |= resolving.has_shared;
	add_to_balance(&resolving);
	count_repeats(&resolving);
	return 1;
}

/* ---- remembering ----------------------------------------------------------------------------------------------------------- */

/* The last cut of a file that is not behind `at`; NULL. */
static struct erofs_cut *cut_before(const struct erofs_repeats *repeats, uint32_t inode, uint64_t at)
{
	size_t i = erofs_writer_repeats_first_cut(repeats, inode, at + 1);

	return i && repeats->cuts[i - 1].inode == inode ? &repeats->cuts[i - 1] : NULL;
}

/* A packed tail and a fragment are extents of nobody else. */
static bool may_be_shared(const struct erofs_list_extent *extent)
{
	return extent->form == EROFS_FORM_ZEROS || (extent->form != EROFS_FORM_FRAGMENT && extent->plen);
}

static int note_one(struct erofs_run *run, const struct erofs_known_extent *known)
{
	struct erofs_repeats *repeats = &run->repeats;
	struct erofs_cut *cut = cut_before(repeats, known->inode, known->logical);

	if (!cut || known->logical >= cut->end || repeats->known_count == KNOWN_MOST)
		return 0;
	if (erofs_array_reserve(&repeats->known, &repeats->known_room, repeats->known_count + 1))
		return -ENOMEM;
	if (cut->at == known->logical)
		cut->known = (uint32_t)repeats->known_count;
	repeats->known[repeats->known_count++] = *known;
	return 0;
}

int erofs_writer_note_extents(struct erofs_run *run, const struct erofs_tree_inode *inode, uint64_t offset,
			      uint64_t start, const struct erofs_buffer *extents, uint64_t count)
{
	uint8_t method = erofs_writer_inode_plan(run->plan, inode)->method;
	uint64_t place = start / run->plan->methods.items[method].unit;
	struct erofs_extent_cursor cursor = { .at = extents->data, .left = count };
	struct erofs_list_extent extent;
	int err = 0;

	if (!run->repeats.cut_count)
		return 0;
	while (!err && erofs_writer_extents_next(&cursor, &extent)) {
		const struct erofs_known_extent known = {
			.inode = inode->number,
			.logical = offset,
			.length = extent.length,
			.plen = extent.plen,
			.place = extent.place			   ? extent.place
				 : extent.form == EROFS_FORM_ZEROS ? 0
								   : place,
			.method = method,
			.is_stored = extent.form == EROFS_FORM_STORED,
			.partial = extent.partial,
		};

		if (may_be_shared(&extent))
			err = note_one(run, &known);
		offset += extent.length;
		place += erofs_writer_extent_room(&extent);
	}
	return err;
}
