/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/cleanup.h"
#include "lib/util/index.h"
#include "lib/writer/data/arrivals_chunks.h"

/*
 * When arrivals have ended, their files have data in the image under the numbers of their coming; the tree numbers them anew,
 * and does not hold those that a later member replaced. Their data, unless they are others' too, are wiped.
 */

struct adoption {
	struct erofs_data *data;
	struct erofs_plan *plan;
	struct erofs_index live; /* files whose data stay, by what key_of() says */
};

static const struct erofs_tree_inode *arrival(const struct adoption *adoption, uint32_t number)
{
	return *(const struct erofs_tree_inode **)erofs_pages_at(&adoption->data->arrivals, number);
}

/* Plan and place of an arrival still stand under the number of its coming, whatever number the tree gave its inode. */
static struct erofs_span span_of(const struct adoption *adoption, uint32_t number)
{
	struct erofs_tree_inode inode = *arrival(adoption, number);

	inode.number = number;
	return erofs_writer_placed_span(adoption->plan, adoption->data, &inode);
}

static bool is_in_tree(const struct adoption *adoption, const struct erofs_tree_inode *inode)
{
	const struct erofs_tree *tree = adoption->plan->tree;

	return inode->number < tree->inode_count && tree->inodes[inode->number] == inode;
}

/* ---- what is left over ------------------------------------------------------------------------------------------------------ */

/* Files of the same have the same data, all of them: where they begin, or which runs of blocks they are. */
static uint64_t key_of(const struct adoption *adoption, uint32_t number)
{
	const struct erofs_place *place = erofs_pages_at(&adoption->data->places, number);

	return place->is_chunked ? ~(uint64_t)place->at : span_of(adoption, number).start;
}

static bool same_data(const void *ctx, uint32_t number, const void *key)
{
	return key_of(ctx, number) == *(const uint64_t *)key;
}

static int wipe(struct adoption *adoption, const struct erofs_span *span)
{
	adoption->plan->summary->abandoned_bytes += span->size;
	return erofs_output_write_zeros(adoption->data->output, span->size, span->start);
}

/* The summary counts what is in the image. `is_others`: another file has the same data. */
static void uncount(struct adoption *adoption, uint32_t number, const struct erofs_span *span, bool is_others)
{
	struct erofs_build_summary *summary = adoption->plan->summary;
	const struct erofs_place *place = erofs_pages_at(&adoption->data->places, number);

	if (is_others) {
		summary->shared_files--;
		summary->saved_bytes -= span->size;
	}
	if (place->is_compressed) {
		summary->compressed_files--;
		summary->compressed_bytes -= arrival(adoption, number)->size;
		summary->encoded_bytes -= is_others ? 0 : span->size;
	}
}

static bool is_kept(const void *ctx, uint32_t number)
{
	return is_in_tree(ctx, arrival(ctx, number));
}

static int wipe_abandoned(struct adoption *adoption)
{
	bool in_chunks = erofs_writer_wants_chunks(adoption->plan->options);
	int err = 0;

	for (uint32_t i = 0; !err && i < adoption->data->arrived; i++) {
		struct erofs_span span = span_of(adoption, i);
		uint64_t key = key_of(adoption, i);
		bool is_others;

		if (is_in_tree(adoption, arrival(adoption, i)) || !span.size)
			continue;
		is_others = erofs_index_find(&adoption->live, key, same_data, adoption, &key) != EROFS_INDEX_NONE;
		uncount(adoption, i, &span, is_others);
		if (is_others)
			continue;
		err = in_chunks ? 0 : wipe(adoption, &span);
		/* Its duplicates need not be wiped again. */
		if (!err)
			err = erofs_index_add(&adoption->live, key, i);
	}
	if (err || !in_chunks)
		return err;
	return erofs_writer_wipe_chunks(adoption->data, adoption->plan, is_kept, adoption);
}

/* Contents that no file in the tree has. */
static int count_lost_contents(struct adoption *adoption)
{
	struct erofs_data *data = adoption->data;
	uint32_t count = erofs_writer_contents_count(&data->dedup.contents);
	erofs_auto_free uint8_t *kept = calloc((size_t)count + 1, 1);

	if (!kept)
		return -ENOMEM;
	data->lost_contents = count;
	for (uint32_t i = 0; i < data->arrived; i++) {
		uint32_t content = ((const struct erofs_place *)erofs_pages_at(&data->places, i))->content;

		if (content == EROFS_CONTENT_NONE || kept[content] || !is_in_tree(adoption, arrival(adoption, i)))
			continue;
		kept[content] = 1;
		data->lost_contents--;
	}
	return 0;
}

static int find_abandoned(struct adoption *adoption)
{
	struct erofs_data *data = adoption->data;
	uint32_t abandoned = 0;
	int err = 0;

	for (uint32_t i = 0; i < data->arrived; i++)
		abandoned += !is_in_tree(adoption, arrival(adoption, i));
	if (!abandoned)
		return 0;
	adoption->plan->summary->abandoned_files = abandoned;
	for (uint32_t i = 0; !err && i < data->arrived; i++) {
		struct erofs_span span = span_of(adoption, i);

		/* Where a file of zeros has no data, another one's begin. */
		if (is_in_tree(adoption, arrival(adoption, i)) && span.size)
			err = erofs_index_add(&adoption->live, key_of(adoption, i), i);
	}
	if (!err)
		err = count_lost_contents(adoption);
	return err ? err : wipe_abandoned(adoption);
}

/* ---- those that stay ---------------------------------------------------------------------------------------------------------- */

static int renumber(struct adoption *adoption, struct erofs_pages *array)
{
	struct erofs_pages before = *array;
	const struct erofs_tree *tree = adoption->plan->tree;
	int err = erofs_pages_init(array, before.element, tree->inode_count);

	if (!err)
		err = erofs_pages_fill(array, tree->inode_count);
	for (uint32_t i = 0; !err && i < adoption->data->arrived; i++) {
		const struct erofs_tree_inode *inode = arrival(adoption, i);

		if (is_in_tree(adoption, inode))
			memcpy(erofs_pages_at(array, inode->number), erofs_pages_at(&before, i), before.element);
	}
	erofs_pages_release(&before);
	return err;
}

static void release_adoption(struct adoption *adoption)
{
	erofs_index_release(&adoption->live);
}

int erofs_writer_data_adopt(struct erofs_data *data, struct erofs_plan *plan)
{
	erofs_auto(release_adoption) struct adoption adoption = { .data = data, .plan = plan };
	int err = plan->options->data_outside ? 0 : find_abandoned(&adoption);

	if (!err)
		err = renumber(&adoption, &plan->inodes);
	return err ? err : renumber(&adoption, &data->places);
}
