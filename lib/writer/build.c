/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/build.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/writer/build_options.h"
#include "lib/writer/builder.h"
#include "lib/codec/hasher.h"
#include "lib/format/format_superblock.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Where the scratch space of a stream's build begins: bytes that its data will hardly reach. */
#define STREAM_MOST (UINT64_C(1) << 43)

static void release_builder(struct erofs_builder *builder)
{
	erofs_pool_free(builder->pool);
	erofs_output_close(builder->output);
	erofs_hasher_free(builder->uuid_hasher);
	erofs_tails_release(&builder->tails);
	erofs_contents_release(&builder->contents);
	erofs_xattr_plan_release(&builder->xattrs);
	erofs_buffer_release(&builder->front);
	erofs_buffer_release(&builder->extent_lists);
	erofs_gaps_release(&builder->gaps);
	erofs_compress_plan_release(&builder->compress);
	erofs_plans_release(builder);
	free(builder->by_position);
}

/* Fills in what was left to the library. */
static void settle_sizes(struct erofs_build_options *options)
{
	if (!options->pcluster_size)
		options->pcluster_size = 1u << options->blkszbits;
	if (!options->extent_size)
		options->extent_size = EROFS_EXTENT_SIZE_DEFAULT;
	/* No less than a block, and both powers of two. */
	while (options->max_extent_bytes && options->extent_size > options->max_extent_bytes)
		options->extent_size /= 2;
}

static int prepare(struct erofs_builder *builder)
{
	const struct erofs_build_options *options = builder->options;

	builder->pool = erofs_pool_new(options->workers);
	if (!builder->pool)
		return erofs_report(builder->diag, -EAGAIN, "cannot start %u workers", options->workers);
	if (options->uuid_rule != EROFS_UUID_CONTENT)
		return 0;
	builder->uuid_hasher = erofs_hasher_new(EROFS_DIGEST_SHA256);
	return builder->uuid_hasher ? erofs_hasher_begin(builder->uuid_hasher) : -ENOMEM;
}

static int open_output(struct erofs_builder *builder, const char *path)
{
	uint64_t bound = builder->data_bound + builder->metadata_bound;
	const struct erofs_output_options options = {
		.offset = builder->options->offset,
		.force = builder->options->force,
		.no_sync = builder->options->no_sync,
	};
	int err = erofs_output_open(&builder->output, path, &options, builder->diag);

	if (err)
		return err;
	builder->is_stale = !erofs_output_has_scratch(builder->output);
	builder->tails.output = builder->output;
	/* However badly tails pack, none wastes more than a block. How much a stream brings, or extents of
	 * another builder take, is not known. */
	builder->tails.scratch_at = builder->is_streamed || builder->tree->source_ops->encoded
					    ? STREAM_MOST
					    : bound + (uint64_t)builder->tree->inode_count * builder->blksz;
	if (!builder->is_streamed)
		erofs_output_expect(builder->output, bound);
	return 0;
}

static void summarize(struct erofs_builder *builder)
{
	struct erofs_build_summary *summary = builder->summary;
	uint64_t end = builder->meta_blkaddr * builder->blksz;

	summary->image_bytes = end + builder->metadata_size;
	summary->metadata_bytes = builder->metadata_size + EROFS_SUPERBLOCK_OFFSET + builder->front.size;
	summary->data_bytes = summary->image_bytes - summary->metadata_bytes;
	if (builder->options->fingerprint != EROFS_DIGEST_NONE) {
		summary->fingerprinted_files = builder->files;
		summary->distinct_fingerprints = erofs_contents_count(&builder->contents);
	}
	summary->shared_xattrs = builder->xattrs.shared_count;
}

static int finish_image(struct erofs_builder *builder)
{
	int err = erofs_build_layout(builder);

	if (err)
		return err;
	erofs_message(builder->diag, EROFS_SEV_NOTE, "writing %" PRIu64 " bytes of metadata at block %" PRIu64,
		      builder->metadata_size, builder->meta_blkaddr);
	err = erofs_build_emit(builder);
	if (err)
		return err;
	summarize(builder);
	return erofs_output_commit(builder->output, builder->summary->image_bytes);
}

static int run_stages(struct erofs_builder *builder, const char *path)
{
	int err = erofs_plans_init(builder, builder->tree->inode_count, true);

	if (!err)
		err = erofs_build_plan(builder);
	if (!err)
		err = open_output(builder, path);
	if (err)
		return err;
	erofs_message(builder->diag, EROFS_SEV_NOTE, "packing %" PRIu64 " files, %" PRIu64 " bytes, %u workers",
		      builder->files, builder->file_bytes, builder->options->workers);
	err = erofs_build_pack(builder);
	return err ? err : finish_image(builder);
}

/* Data first: what the tree looks like is known when the stream has ended. */
static int run_streamed_stages(struct erofs_builder *builder, struct erofs_tree *tree,
			       const struct erofs_tree_rules *rules, const char *path)
{
	int err = erofs_plans_init(builder, UINT32_MAX, false);

	if (!err)
		err = open_output(builder, path);
	if (err)
		return err;
	erofs_message(builder->diag, EROFS_SEV_NOTE, "packing a stream, %u workers", builder->options->workers);
	err = erofs_build_pack(builder);
	if (!err)
		err = erofs_tree_apply(tree, rules, builder->diag);
	if (!err)
		err = erofs_build_adopt(builder);
	if (!err)
		err = erofs_build_plan(builder);
	return err ? err : finish_image(builder);
}

static int run(struct erofs_builder *builder, struct erofs_tree *tree, const struct erofs_tree_rules *rules,
	       const char *path)
{
	int err = prepare(builder);

	if (!err)
		err = erofs_build_plan_begin(builder);
	if (err)
		return err;
	return tree ? run_streamed_stages(builder, tree, rules, path) : run_stages(builder, path);
}

/* `streamed`: the tree, if its source is a stream. `options` are complete. */
static int build(const struct erofs_tree *tree, struct erofs_tree *streamed, const struct erofs_tree_rules *rules,
		 const char *output, struct erofs_build_options *options, struct erofs_build_summary *summary,
		 const struct erofs_diag *diag)
{
	struct erofs_build_summary ignored;
	erofs_auto(release_builder) struct erofs_builder builder = {
		.tree = tree,
		.options = options,
		.diag = diag,
		.is_streamed = streamed,
		.blksz = 1u << options->blkszbits,
		.summary = summary ? summary : &ignored,
	};
	int err;

	settle_sizes(options);
	*builder.summary = (struct erofs_build_summary){ 0 };
	err = run(&builder, streamed, rules, output);
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	return err;
}

static int check_tree(const struct erofs_tree *tree, bool is_streamed, const char *function,
		      const struct erofs_diag *diag)
{
	const char *wrong = NULL;

	if (!tree)
		wrong = "no tree (NULL)";
	else if (!tree->source_ops)
		wrong = "the tree has no source: it was not scanned";
	else if (tree->is_unusable)
		wrong = "the tree is incomplete, or its stream has been read already";
	else if (!is_streamed && tree->stream_ops)
		wrong = "the tree comes from a stream, which erofs_build_streamed() reads";
	else if (is_streamed && !tree->stream_ops)
		wrong = "the tree does not come from a stream: erofs_build() is for it";
	else if (!is_streamed && !tree->is_normalized)
		wrong = "the tree is not normalized: see erofs_tree_normalize()";
	return wrong ? erofs_report(diag, -EINVAL, "%s(): %s", function, wrong) : 0;
}

static int take_options(struct erofs_build_options *known, const struct erofs_build_options *options,
			const struct erofs_tree *tree, const char *output, const struct erofs_diag *diag)
{
	int err = erofs_build_options_take(known, options, diag);

	if (err)
		return err;
	if (!output)
		return erofs_report(diag, -EINVAL, "no name for the image (NULL)");
	if (known->data_outside && !tree->source_ops->locate)
		return erofs_report(diag, -EINVAL,
				    "erofs_build_options.data_outside: the source has no file that could stay outside");
	return erofs_build_options_check(known, diag);
}

int erofs_build(const struct erofs_tree *tree, const char *output, const struct erofs_build_options *options,
		struct erofs_build_summary *summary, const struct erofs_diag *diag)
{
	struct erofs_build_options known;
	int err = check_tree(tree, false, "erofs_build", diag);

	if (!err)
		err = take_options(&known, options, tree, output, diag);
	return err ? err : build(tree, NULL, NULL, output, &known, summary, diag);
}

int erofs_build_streamed(struct erofs_tree *tree, const struct erofs_tree_rules *rules, const char *output,
			 const struct erofs_build_options *options, struct erofs_build_summary *summary,
			 const struct erofs_diag *diag)
{
	struct erofs_build_options known;
	struct erofs_tree_rules known_rules;
	int err = check_tree(tree, true, "erofs_build_streamed", diag);

	if (!err)
		err = take_options(&known, options, tree, output, diag);
	if (!err)
		err = erofs_tree_take_rules(&known_rules, rules, diag);
	if (err)
		return err;
	err = build(tree, tree, &known_rules, output, &known, summary, diag);
	/* What has been read does not come again. */
	tree->is_unusable = true;
	return err;
}
