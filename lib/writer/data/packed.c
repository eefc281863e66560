/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/packed.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/writer/data/run.h"
#include "lib/writer/data/run_all.h"

/* ---- the fragments as a source ----------------------------------------------------------------------------------------------- */

static int reader_new(void **reader, void *source, const struct erofs_diag *diag)
{
	(void)diag;
	*reader = source;
	return 0;
}

static void reader_free(void *reader)
{
	(void)reader;
}

static int open_packed(void *reader, struct erofs_content *out, const struct erofs_tree_inode *inode)
{
	(void)reader;
	*out = (struct erofs_content){ .inode = inode, .fd = -1 };
	return 0;
}

static int read_packed(void *reader, struct erofs_content *content, void *buf, size_t length, uint64_t offset)
{
	(void)content;
	return erofs_writer_fragments_read(reader, buf, length, offset);
}

static int close_packed(void *reader, struct erofs_content *content)
{
	(void)reader;
	(void)content;
	return 0;
}

static void abandon_packed(struct erofs_content *content)
{
	(void)content;
}

static const struct erofs_source_ops source_ops = {
	.reader_new = reader_new,
	.reader_free = reader_free,
	.open = open_packed,
	.read = read_packed,
	.close = close_packed,
	.abandon = abandon_packed,
};

/* ---- the inode --------------------------------------------------------------------------------------------------------------- */

void erofs_writer_packed_free(struct erofs_packed *packed)
{
	if (!packed)
		return;
	erofs_pages_release(&packed->plan.inodes);
	erofs_writer_data_release(&packed->data);
	free(packed);
}

/* What is asked for of files does not go for it. */
static void choose_options(struct erofs_packed *packed, const struct erofs_build_options *options)
{
	packed->options = *options;
	packed->options.fingerprint = EROFS_DIGEST_NONE;
	packed->options.dedupe_files = false;
	packed->options.inline_data = false;
	packed->options.pack_tails = false;
	packed->options.fragments = false;
	packed->options.hints = NULL;
	packed->options.zero_extents = EROFS_ZERO_EXTENTS_NEVER;
}

static void describe(struct erofs_packed *packed, const struct erofs_plan *plan, struct erofs_data *data)
{
	packed->root = (struct erofs_tree_inode){ .mode = S_IFDIR, .name = "" };
	packed->inode = (struct erofs_tree_inode){
		.mode = S_IFREG,
		.size = data->fragments.size,
		.nlink = 1,
		.parent = &packed->root,
		.name = "(fragments)",
	};
	packed->inodes[0] = &packed->inode;
	packed->tree = (struct erofs_tree){
		.source_ops = &source_ops,
		.source = &data->fragments,
		.inodes = packed->inodes,
		.inode_count = 1,
	};
	choose_options(packed, plan->options);
	packed->plan = *plan;
	packed->plan.tree = &packed->tree;
	packed->plan.options = &packed->options;
	packed->plan.summary = &packed->summary;
	packed->plan.stage = EROFS_STAGE_FRAGMENTS;
	packed->plan.files = 1;
	packed->plan.file_bytes = packed->inode.size;
	packed->plan.is_arriving = false;
	packed->method = plan->methods.packed;
	packed->method.zeros = 0;
	packed->plan.methods =
		(struct erofs_methods){ .options = &packed->options, .items = &packed->method, .count = 1 };
	packed->plan.inodes = (struct erofs_pages){ 0 };
	packed->plan.first_ino = plan->tree->inode_count;
}

static int make_room(struct erofs_packed *packed, const struct erofs_data *data)
{
	int err = erofs_pages_init(&packed->plan.inodes, sizeof(struct erofs_inode_plan), 1);

	packed->data.output = data->output;
	packed->data.tails = data->tails;
	if (!err)
		err = erofs_pages_fill(&packed->plan.inodes, 1);
	if (!err)
		err = erofs_pages_init(&packed->data.places, sizeof(struct erofs_place), 1);
	if (!err)
		err = erofs_pages_fill(&packed->data.places, 1);
	if (err)
		return err;
	*erofs_writer_inode_plan(&packed->plan, &packed->inode) = (struct erofs_inode_plan){
		.layout = EROFS_LAYOUT_FLAT_PLAIN,
		.extended = packed->inode.size > UINT32_MAX,
	};
	erofs_writer_place(&packed->data, &packed->inode)->content = EROFS_CONTENT_NONE;
	return 0;
}

/* Fragments of files that something else took the place of belong to nobody. */
static int arrange(struct erofs_data *data, const struct erofs_plan *plan, struct erofs_pool *pool)
{
	const struct erofs_tree *tree = plan->tree;
	int err;

	for (uint32_t i = 0; i < tree->inode_count; i++) {
		uint32_t number = EROFS_FRAGMENT_NONE;

		if (S_ISREG(tree->inodes[i]->mode))
			number = erofs_writer_placed_fragment(data, tree->inodes[i]);
		if (number != EROFS_FRAGMENT_NONE)
			erofs_writer_fragments_use(&data->fragments, number);
	}
	err = erofs_writer_fragments_sort(&data->fragments);
	if (!err)
		err = erofs_writer_fragments_group(&data->fragments, pool);
	if (!err)
		erofs_writer_fragments_arrange(&data->fragments);
	return err;
}

static void summarize(const struct erofs_packed *packed, struct erofs_build_summary *summary)
{
	summary->packed_bytes = packed->inode.size;
	summary->packed_encoded_bytes = erofs_writer_placed_span(&packed->plan, &packed->data, &packed->inode).size;
	summary->encoded_bytes += summary->packed_encoded_bytes;
	summary->repeats += packed->summary.repeats;
	summary->repeat_bytes += packed->summary.repeat_bytes;
	summary->encoder_runs += packed->summary.encoder_runs;
	summary->encoded_extents += packed->summary.encoded_extents;
}

/* Takes back what it has stored. */
static void reset(struct erofs_packed *packed, uint64_t start)
{
	erofs_writer_zone_give_back(&packed->data.zone, start);
	packed->data.extent_lists.size = 0;
	packed->data.has_shared = false;
	packed->summary = (struct erofs_build_summary){ 0 };
	*erofs_writer_place(&packed->data, &packed->inode) = (struct erofs_place){ .content = EROFS_CONTENT_NONE };
}

static int store(struct erofs_packed *packed, struct erofs_pool *pool)
{
	uint64_t start = packed->data.zone.end;
	int err = erofs_writer_run_all(&packed->data, &packed->plan, pool);

	if (err || !erofs_writer_data_lost_by_repeats(&packed->data, &packed->plan))
		return err;
	reset(packed, start);
	packed->options.dedupe_runs = false;
	return erofs_writer_run_all(&packed->data, &packed->plan, pool);
}

int erofs_writer_data_pack(struct erofs_data *data, const struct erofs_plan *plan, struct erofs_pool *pool)
{
	struct erofs_packed *packed;
	int err = data->fragments.count ? arrange(data, plan, pool) : 0;

	if (err || !data->fragments.size)
		return err;
	packed = data->packed = calloc(1, sizeof(*packed));
	if (!packed)
		return -ENOMEM;
	describe(packed, plan, data);
	err = make_room(packed, data);
	if (err)
		return err;
	/* There is one zone. */
	packed->data.zone = data->zone;
	err = store(packed, pool);
	data->zone = packed->data.zone;
	packed->data.zone = (struct erofs_zone){ 0 };
	data->has_shared |= packed->data.has_shared;
	if (err)
		return err;
	summarize(packed, plan->summary);
	return erofs_writer_zone_align(&data->zone);
}
