/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/arrivals_chunks.h"

#include <errno.h>
#include <stdlib.h>

#include <erofs/inode.h>

#include "lib/util/cleanup.h"
#include "lib/writer/index/chunk_list.h"

/* A bit for each block of the data zone. */
static bool is_marked(const uint8_t *marked, uint64_t block)
{
	return marked[block / 8] >> block % 8 & 1;
}

static void mark(uint8_t *marked, const struct erofs_chunk_run *run)
{
	for (uint64_t block = run->block; block < (uint64_t)run->block + run->count; block++)
		marked[block / 8] |= (uint8_t)(1u << block % 8);
}

/* The blocks of `run` that are not marked; each row of them is written once. */
static int wipe(const struct erofs_data *data, uint8_t *marked, const struct erofs_chunk_run *run,
		struct erofs_build_summary *summary)
{
	uint64_t at = run->block, end = at + run->count, blksz = data->zone.blksz;
	int err = 0;

	while (!err && at < end) {
		uint64_t start = at;

		while (at < end && !is_marked(marked, at))
			at++;
		err = erofs_output_write_zeros(data->zone.output, (at - start) * blksz, start * blksz);
		summary->abandoned_bytes += (at - start) * blksz;
		while (at < end && is_marked(marked, at))
			at++;
	}
	mark(marked, run);
	return err;
}

/* The runs of a file; of a flat one they are one, which goes to `flat`. */
static struct erofs_chunk_list_cursor runs_of(const struct erofs_data *data, const struct erofs_plan *plan,
					      uint32_t number, struct erofs_chunk_run *flat)
{
	struct erofs_tree_inode inode = **(const struct erofs_tree_inode **)erofs_pages_at(&data->arrivals, number);
	const struct erofs_place *place;
	struct erofs_span span;

	/* Plan and place still stand under the number of its coming. */
	inode.number = number;
	place = erofs_writer_place(data, &inode);
	if (place->is_chunked)
		return erofs_writer_chunk_list_open(&data->chunk_lists, place->at);
	span = erofs_writer_placed_span(plan, data, &inode);
	*flat = (struct erofs_chunk_run){ (uint32_t)(span.start / plan->blksz), (uint32_t)(span.size / plan->blksz) };
	return (struct erofs_chunk_list_cursor){ .run = flat, .end = flat + 1 };
}

static int go_through(const struct erofs_data *data, const struct erofs_plan *plan, uint32_t number, uint8_t *marked,
		      bool is_kept)
{
	struct erofs_chunk_run flat;
	struct erofs_chunk_list_cursor runs = runs_of(data, plan, number, &flat);
	int err = 0;

	for (; !err && runs.run < runs.end; runs.run++) {
		if (runs.run->block == EROFS_NULL_BLOCK)
			continue;
		if (is_kept)
			mark(marked, runs.run);
		else
			err = wipe(data, marked, runs.run, plan->summary);
	}
	return err;
}

int erofs_writer_wipe_chunks(const struct erofs_data *data, const struct erofs_plan *plan,
			     erofs_writer_is_kept_function *is_kept, const void *ctx)
{
	erofs_auto_free uint8_t *marked = calloc(data->zone.end / plan->blksz / 8 + 1, 1);
	int err = 0;

	if (!marked)
		return -ENOMEM;
	for (uint32_t i = 0; i < data->arrived; i++)
		if (is_kept(ctx, i))
			(void)go_through(data, plan, i, marked, true);
	for (uint32_t i = 0; !err && i < data->arrived; i++)
		if (!is_kept(ctx, i))
			err = go_through(data, plan, i, marked, false);
	return err;
}
