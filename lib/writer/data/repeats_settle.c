/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/repeats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/align.h"
#include "lib/util/cleanup.h"
#include "lib/util/data_buffer.h"

/*
 * Which of the runs that were found are repeats: their bytes are compared, and what is equal in front of them and behind is added. Then
 * they are cut where jobs end, and those go that are not worth an extent.
 */

/* So much in front of a run may be equal, as no chunk ends there; more of it would be one. */
#define WINDOW ((size_t)64 * 1024)

/* A full index takes four times the room of a compact one: this part of a file must be repeats. */
#define SHARE_OF_FULL 64u

/* Repeats in clusters of up to so many blocks begin and end with a block. */
#define FITTED_MOST 2u

/* ---- sizes ----------------------------------------------------------------------------------------------------------------- */

uint64_t erofs_writer_repeats_end(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	const struct erofs_method *method;

	if (!S_ISREG(inode->mode) || run->source->encoded || inode->size < erofs_writer_repeats_least(run) ||
	    inode->size <= erofs_writer_inline_most(run->plan))
		return 0;
	method = erofs_writer_method(run->plan, inode);
	if (!method->encoded_max || erofs_writer_is_fragment(&run->plan->methods, method, inode->size))
		return 0;
	/* What is behind the last extent of the full size will be a fragment. */
	return run->plan->options->fragments && erofs_writer_repeats_in_extents(run)
		       ? inode->size - inode->size % method->extent_bytes
		       : inode->size;
}

/* ---- finding one ----------------------------------------------------------------------------------------------------------- */

static bool repeat_is_before(const struct erofs_repeats *repeats, size_t number, uint32_t inode, uint64_t at)
{
	const struct erofs_repeat *item = &repeats->items[number];

	return item->inode < inode || (item->inode == inode && item->at < at);
}

static bool cut_is_before(const struct erofs_repeats *repeats, size_t number, uint32_t inode, uint64_t at)
{
	const struct erofs_cut *cut = &repeats->cuts[number];

	return cut->inode < inode || (cut->inode == inode && cut->at < at);
}

/* Of `count` in order, the first that is not in front of this byte. */
static size_t first_of(const struct erofs_repeats *repeats, size_t count,
		       bool (*is_before)(const struct erofs_repeats *, size_t, uint32_t, uint64_t), uint32_t inode,
		       uint64_t at)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(repeats, middle, inode, at))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t erofs_writer_repeats_first(const struct erofs_repeats *repeats, uint32_t inode, uint64_t at)
{
	return first_of(repeats, repeats->count, repeat_is_before, inode, at);
}

size_t erofs_writer_repeats_first_cut(const struct erofs_repeats *repeats, uint32_t inode, uint64_t at)
{
	return first_of(repeats, repeats->cut_count, cut_is_before, inode, at);
}

/* ---- comparing ------------------------------------------------------------------------------------------------------------- */

struct settling {
	struct erofs_run *run;
	struct erofs_buffer *settled; /* by file: its repeats */
	size_t *firsts;		      /* of each file that has some, in the list that was found */
	uint32_t files;
};

/* One side of a comparison. */
struct side {
	const struct erofs_source_ops *source;
	void *reader;
	struct erofs_content content;
	uint64_t end;
	uint8_t *bytes;
};

static int open_side(struct side *side, const struct erofs_run *run, unsigned int worker, uint32_t number)
{
	const struct erofs_tree_inode *inode = run->plan->tree->inodes[number];
	int err;

	side->source = run->source;
	side->reader = run->workers[worker].reader;
	side->end = erofs_writer_repeats_end(run, inode);
	side->bytes = erofs_data_buffer(WINDOW);
	if (!side->bytes)
		return -ENOMEM;
	err = side->source->open(side->reader, &side->content, inode);
	if (err)
		free(side->bytes);
	return err;
}

static int close_side(struct side *side, int err)
{
	free(side->bytes);
	if (!err)
		return side->source->close(side->reader, &side->content);
	side->source->abandon(&side->content);
	return err;
}

static int read_side(struct side *side, uint64_t at, size_t length)
{
	return side->source->read(side->reader, &side->content, side->bytes, length, at);
}

static size_t least_of(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t least = a < b ? a : b;

	return (size_t)(least < c ? least : c);
}

/* Adds what is equal in front, as far as `floor`. */
static int grow_back(struct side *file, struct side *other, struct erofs_repeat *repeat, uint64_t floor)
{
	size_t window = least_of(WINDOW, repeat->at - floor, repeat->from), same = 0;
	int err = window ? read_side(file, repeat->at - window, window) : 0;

	if (!err && window)
		err = read_side(other, repeat->from - window, window);
	if (err)
		return err;
	while (same < window && file->bytes[window - 1 - same] == other->bytes[window - 1 - same])
		same++;
	repeat->at -= same;
	repeat->from -= same;
	repeat->length += same;
	return 0;
}

static size_t same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
	size_t same = 0;

	if (memcmp(a, b, size) == 0)
		return size;
	while (a[same] == b[same])
		same++;
	return same;
}

/* Compares all of it, and goes on as long as bytes are equal. A repeat of the same file ends before it comes to itself. */
static int grow_on(struct side *file, struct side *other, struct erofs_repeat *repeat)
{
	uint64_t most = file->end - repeat->at, done = 0;
	int err = 0;

	if (most > other->end - repeat->from)
		most = other->end - repeat->from;
	if (repeat->inode == repeat->owner && most > repeat->at - repeat->from)
		most = repeat->at - repeat->from;
	while (!err && done < most) {
		size_t length = least_of(WINDOW, most - done, UINT64_MAX), same;

		err = read_side(file, repeat->at + done, length);
		if (!err)
			err = read_side(other, repeat->from + done, length);
		if (err)
			return err;
		same = same_bytes(file->bytes, other->bytes, length);
		done += same;
		if (same < length)
			break;
	}
	repeat->length = done;
	return err;
}

/* ---- one file -------------------------------------------------------------------------------------------------------------- */

/* The end of the job that reads this byte. */
static uint64_t job_end(const struct erofs_run *run, const struct erofs_tree_inode *inode, uint64_t at)
{
	return inode->size <= run->segment ? inode->size : at - at % run->segment + run->segment;
}

/* An extent of the job in hand is nowhere yet. */
static uint64_t length_of(const struct erofs_run *run, const struct erofs_repeat *repeat, uint64_t end)
{
	uint64_t length = end - repeat->at, job_start = repeat->at - repeat->at % run->segment;

	if (repeat->owner != repeat->inode)
		return length;
	if (run->plan->tree->inodes[repeat->inode]->size <= run->segment || repeat->from >= job_start)
		return 0;
	return length < job_start - repeat->from ? length : job_start - repeat->from;
}

/*
 * Clusters: no two extents may begin in one block. One that begins with a block never does in the block of what is before it, so that a
 * repeat that begins and ends with a block, or with the file, can be placed. Extents of large clusters are so long that this is
 * seldom in the way, and costs more than it gains.
 */
static void fit_blocks(const struct erofs_run *run, struct erofs_repeat *part, const struct erofs_tree_inode *inode)
{
	uint64_t end = part->at + part->length, blksz = run->plan->blksz, at = erofs_align_up(part->at, blksz);

	if (erofs_writer_repeats_in_extents(run) ||
	    erofs_writer_methods_largest(&run->plan->methods) > FITTED_MOST * blksz)
		return;
	if (end < inode->size)
		end -= end % blksz;
	part->length = end > at ? end - at : 0;
	part->from += at - part->at;
	part->at = at;
}

/* Adds a run to the repeats of its file, for each job its part. */
static int add_parts(const struct erofs_run *run, struct erofs_buffer *to, const struct erofs_repeat *found)
{
	const struct erofs_tree_inode *inode = run->plan->tree->inodes[found->inode];
	uint64_t end = found->at + found->length;
	int err = 0;

	for (uint64_t at = found->at, next; !err && at < end; at = next) {
		struct erofs_repeat part = *found;

		next = job_end(run, inode, at);
		if (next > end)
			next = end;
		part.at = at;
		part.from += at - found->at;
		part.length = length_of(run, &part, next);
		fit_blocks(run, &part, inode);
		if (part.length >= erofs_writer_repeats_least(run))
			err = erofs_buffer_append(to, &part, sizeof(part));
	}
	return err;
}

static int compare_one(struct settling *settling, struct side *file, struct erofs_repeat *repeat, unsigned int worker,
		       uint64_t floor)
{
	struct side other;
	int err = open_side(&other, settling->run, worker, repeat->owner);

	if (err)
		return err;
	err = grow_back(file, &other, repeat, floor);
	if (!err)
		err = grow_on(file, &other, repeat);
	return close_side(&other, err);
}

/* What the repeat before it has taken already, as bytes are equal beyond the last chunk. False: all of it. */
static bool leave_out(struct erofs_repeat *repeat, uint64_t floor)
{
	uint64_t taken = floor > repeat->at ? floor - repeat->at : 0;

	if (taken >= repeat->length)
		return false;
	repeat->at += taken;
	repeat->from += taken;
	repeat->length -= taken;
	return true;
}

/* 1: what a repeat saves is more than it costs; 0; what reading and encoding say. */
static int is_worth_it(const struct settling *settling, struct side *file, const struct erofs_repeat *repeat,
		       unsigned int worker)
{
	struct erofs_run *run = settling->run;
	erofs_auto(erofs_writer_worth_end) struct erofs_worth worth = { .method = 0 };
	int result = 0;

	erofs_writer_worth_begin(&worth, run, worker, run->plan->tree->inodes[repeat->inode]);
	for (uint64_t done = 0; !result && done < repeat->length;) {
		size_t length = least_of(WINDOW, repeat->length - done, UINT64_MAX);

		result = read_side(file, repeat->at + done, length);
		if (!result)
			result = erofs_writer_worth_add(&worth, file->bytes, length);
		done += length;
	}
	return result;
}

static int settle_repeats(struct settling *settling, struct side *file, unsigned int item, unsigned int worker)
{
	struct erofs_run *run = settling->run;
	uint64_t floor = 0;
	int err = 0, worth;

	for (size_t i = settling->firsts[item]; !err && i < settling->firsts[item + 1]; i++) {
		struct erofs_repeat repeat = run->repeats.items[i];

		if (erofs_writer_is_cancelled(run->plan))
			return -ECANCELED;
		if (!leave_out(&repeat, floor))
			continue;
		err = compare_one(settling, file, &repeat, worker, floor);
		if (err || repeat.length < erofs_writer_repeats_least(run))
			continue;
		worth = is_worth_it(settling, file, &repeat, worker);
		if (worth <= 0) {
			err = worth;
			continue;
		}
		err = add_parts(run, &settling->settled[item], &repeat);
		floor = repeat.at + repeat.length;
	}
	return err;
}

/* Whether so many bytes are worth the index that they need. */
static bool is_worth_index(const struct erofs_run *run, const struct erofs_tree_inode *inode,
			   const struct erofs_buffer *settled)
{
	const struct erofs_repeat *items = (const struct erofs_repeat *)settled->data;
	uint64_t bytes = 0;

	if (erofs_writer_repeats_in_extents(run) || run->plan->options->full_index)
		return true;
	for (size_t i = 0; i < settled->size / sizeof(*items); i++)
		bytes += items[i].length;
	return bytes >= inode->size / SHARE_OF_FULL;
}

static int settle_file(void *ctx, unsigned int item, unsigned int worker)
{
	struct settling *settling = ctx;
	struct erofs_run *run = settling->run;
	uint32_t number = run->repeats.items[settling->firsts[item]].inode;
	struct side file;
	int err = open_side(&file, run, worker, number);

	if (err)
		return err;
	err = close_side(&file, settle_repeats(settling, &file, item, worker));
	if (!err && !is_worth_index(run, run->plan->tree->inodes[number], &settling->settled[item]))
		settling->settled[item].size = 0;
	return err;
}

/* ---- all files ------------------------------------------------------------------------------------------------------------- */

static void release_settling(struct settling *settling)
{
	for (uint32_t i = 0; settling->settled && i < settling->files; i++)
		erofs_buffer_release(&settling->settled[i]);
	free(settling->settled);
	free(settling->firsts);
}

static int list_files(struct settling *settling)
{
	const struct erofs_repeats *repeats = &settling->run->repeats;

	settling->firsts = calloc(repeats->count + 1, sizeof(*settling->firsts));
	if (!settling->firsts)
		return -ENOMEM;
	for (size_t i = 0; i < repeats->count; i++)
		if (!i || repeats->items[i].inode != repeats->items[i - 1].inode)
			settling->firsts[settling->files++] = i;
	settling->firsts[settling->files] = repeats->count;
	settling->settled = calloc((size_t)settling->files + 1, sizeof(*settling->settled));
	return settling->settled ? 0 : -ENOMEM;
}

static int collect(struct settling *settling)
{
	struct erofs_repeats *repeats = &settling->run->repeats;
	struct erofs_buffer all = { 0 };
	int err = 0;

	for (uint32_t i = 0; !err && i < settling->files; i++)
		err = erofs_buffer_append(&all, settling->settled[i].data, settling->settled[i].size);
	free(repeats->items);
	repeats->items = (struct erofs_repeat *)all.data;
	repeats->count = repeats->room = all.size / sizeof(*repeats->items);
	return err;
}

int erofs_writer_repeats_settle(struct erofs_run *run)
{
	erofs_auto(release_settling) struct settling settling = { .run = run };
	int err = list_files(&settling);

	if (!err)
		err = erofs_pool_each(run->pool, settle_file, &settling, settling.files);
	if (!err)
		err = collect(&settling);
	return err ? err : erofs_writer_repeats_cut(run);
}
