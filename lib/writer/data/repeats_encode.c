/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/repeats.h"

#include "lib/writer/data/encode.h"

/* Encoding what is around the repeats of a file, with an extent at each of its cuts. */

struct around {
	struct erofs_run *run;
	struct erofs_encode_tools *tools;
	const struct erofs_tree_inode *inode;
	uint8_t method;
	const uint8_t *in;
	uint64_t offset, end; /* of the bytes at `in`, in the file */
	bool ends_file;
	struct erofs_encoded *to;
};

static uint64_t extent_bytes(const struct around *around)
{
	return around->run->plan->methods.items[around->method].extent_bytes;
}

static bool has_extents(const struct around *around)
{
	return around->run->plan->methods.items[around->method].unit == 1;
}

/* Where an extent has to begin behind `at`: at the next cut, or, of encoded extents, where one would begin without cuts. */
static uint64_t next_start(const struct around *around, uint64_t at, uint64_t end)
{
	const struct erofs_repeats *repeats = &around->run->repeats;
	size_t i = erofs_writer_repeats_first_cut(repeats, around->inode->number, at + 1);
	uint64_t next = end;

	if (i < repeats->cut_count && repeats->cuts[i].inode == around->inode->number && repeats->cuts[i].at < next)
		next = repeats->cuts[i].at;
	if (has_extents(around) && at - at % extent_bytes(around) + extent_bytes(around) < next)
		next = at - at % extent_bytes(around) + extent_bytes(around);
	return next;
}

/* Bytes from `at` on that repeats need extents of. */
static size_t wanted_at(const struct around *around, uint64_t at)
{
	const struct erofs_repeats *repeats = &around->run->repeats;
	size_t i = erofs_writer_repeats_first_cut(repeats, around->inode->number, at + 1);
	const struct erofs_cut *cut = i ? &repeats->cuts[i - 1] : NULL;

	return cut && cut->inode == around->inode->number && cut->end > at ? (size_t)(cut->end - at) : 0;
}

static int encode_own(struct around *around, uint64_t at, uint64_t end)
{
	int err = 0;

	for (uint64_t next; !err && at < end && !around->to->full; at = next) {
		next = next_start(around, at, end);
		around->to->ends_file = around->ends_file && next == around->end;
		around->to->wanted = wanted_at(around, at);
		around->to->is_followed = !around->to->ends_file;
		err = erofs_writer_encode(around->tools, around->method, around->in + (at - around->offset),
					  (size_t)(next - at), (size_t)(at - around->offset), around->to);
	}
	return err;
}

static int note_repeat(struct around *around, size_t number)
{
	const struct erofs_list_extent extent = {
		.length = around->run->repeats.items[number].length,
		.form = EROFS_FORM_ENCODED,
		.place = number + 1,
	};

	around->to->count++;
	return erofs_writer_extents_append(around->to->extents, &extent);
}

static int encode_all(struct around *around)
{
	const struct erofs_repeats *repeats = &around->run->repeats;
	uint64_t at = around->offset;
	size_t i = erofs_writer_repeats_first(repeats, around->inode->number, at);
	int err = 0;

	for (; !err && i < repeats->count; i++) {
		const struct erofs_repeat *item = &repeats->items[i];

		if (item->inode != around->inode->number || item->at >= around->end)
			break;
		err = encode_own(around, at, item->at);
		if (!err)
			err = note_repeat(around, i);
		at = item->at + item->length;
	}
	return err ? err : encode_own(around, at, around->end);
}

/* Whether repeats need extents of the file's last bytes, where these may end in what is nobody else's. */
static bool must_stay(const struct around *around)
{
	const struct erofs_build_options *options = around->run->plan->options;

	return !has_extents(around) && around->ends_file && (options->fragments || options->pack_tails) &&
	       wanted_at(around, around->offset);
}

/* Where a file has repeats, and thereby a full index, zeros may take no data. */
static bool has_zeros(const struct around *around)
{
	const struct erofs_repeats *repeats = &around->run->repeats;
	const struct erofs_method *method = &around->run->plan->methods.items[around->method];
	size_t item = erofs_writer_repeats_first(repeats, around->inode->number, 0);
	const struct erofs_zero_search search = {
		.options = around->run->plan->options,
		.method = method,
		.in = around->in,
		.size = (size_t)(around->end - around->offset),
		.ends_file = around->ends_file,
	};
	struct erofs_zero_run run = { 0 };

	if (!method->zeros || item == repeats->count || repeats->items[item].inode != around->inode->number ||
	    erofs_writer_may_have_zeros(search.options))
		return false;
	return erofs_writer_zero_run_find(&search, &run);
}

/* Whether there is a repeat in the bytes, or a cut where no extent begins anyway, or bytes behind one. */
static bool has_some(const struct around *around)
{
	const struct erofs_repeats *repeats = &around->run->repeats;
	uint32_t inode = around->inode->number;
	size_t item = erofs_writer_repeats_first(repeats, inode, around->offset);
	size_t cut = erofs_writer_repeats_first_cut(repeats, inode, around->offset + 1);

	if (item < repeats->count && repeats->items[item].inode == inode && repeats->items[item].at < around->end)
		return true;
	for (; cut < repeats->cut_count && repeats->cuts[cut].inode == inode; cut++) {
		uint64_t at = repeats->cuts[cut].at;

		if (at >= around->end)
			return false;
		if (!has_extents(around) || at % extent_bytes(around))
			return true;
	}
	return must_stay(around);
}

int erofs_writer_encode_around(struct erofs_run *run, unsigned int worker, const struct erofs_tree_inode *inode,
			       const uint8_t *in, uint64_t offset, size_t length, struct erofs_encoded *to)
{
	struct around around = {
		.run = run,
		.tools = &run->workers[worker].encode,
		.inode = inode,
		.method = erofs_writer_inode_plan(run->plan, inode)->method,
		.in = in,
		.offset = offset,
		.end = offset + length,
		.ends_file = to->ends_file,
		.to = to,
	};

	if (!run->repeats.cut_count || (!has_some(&around) && !has_zeros(&around)))
		return 0;
	to->uneven = has_extents(&around);
	return encode_all(&around);
}
