/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/build.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/codec/hasher.h"
#include "lib/format/format_superblock.h"
#include "lib/util/cleanup.h"
#include "lib/util/digits.h"
#include "lib/util/report.h"
#include "lib/writer/build_options.h"
#include "lib/writer/data/data.h"
#include "lib/writer/data/packed.h"
#include "lib/writer/meta/dirs_encode.h"
#include "lib/writer/meta/emit.h"
#include "lib/writer/meta/layout.h"
#include "lib/writer/meta/verity.h"
#include "lib/writer/plan/hints.h"

/* Where the scratch space begins if the size of the data is unknown: bytes that they will hardly reach. */
#define UNKNOWN_MOST (UINT64_C(1) << 43)

/* Clusters of the packed inode, if nothing was said of clusters: measured with LZ4HC on a database root, 1.3 % of the image. */
#define PACKED_CLUSTER (64u * 1024)

/* Fills in what was left to the library. */
static void settle_sizes(struct erofs_build_options *options)
{
	if (options->all_fragments)
		options->packed_pcluster_size = 0;
	else if (!options->packed_pcluster_size && !options->pcluster_size)
		options->packed_pcluster_size = PACKED_CLUSTER;
	if (!options->pcluster_size)
		options->pcluster_size = 1u << options->blkszbits;
	if (!options->extent_size)
		options->extent_size = EROFS_EXTENT_SIZE_DEFAULT;
	/* No less than a block, and both powers of two. */
	while (options->max_extent_bytes && options->extent_size > options->max_extent_bytes)
		options->extent_size /= 2;
}

/* All that a build has in hand, stage by stage; each stage only reads what the ones before it made. */
struct build {
	struct erofs_plan plan;
	struct erofs_data data;
	struct erofs_layout layout;
	struct erofs_tails tails;
	struct erofs_output *output;
	struct erofs_output *device; /* of data; NULL: there is none */
	bool device_is_waiting;	     /* it is complete, and the image is not */
	struct erofs_pool *pool;
	bool again; /* without repeats */
};

static void release_build(struct build *build)
{
	erofs_pool_free(build->pool);
	erofs_output_close(build->output);
	if (build->device_is_waiting)
		erofs_output_revoke(build->device);
	erofs_output_close(build->device);
	erofs_writer_tails_release(&build->tails);
	erofs_writer_layout_release(&build->layout);
	erofs_writer_packed_free(build->data.packed);
	erofs_writer_data_release(&build->data);
	erofs_writer_plan_release(&build->plan);
}

static int prepare(struct build *build)
{
	const struct erofs_build_options *options = build->plan.options;

	build->pool = erofs_pool_new(options->workers);
	if (!build->pool)
		return erofs_report(build->plan.diag, -EAGAIN, "cannot start %u workers", options->workers);
	if (options->uuid_rule != EROFS_UUID_CONTENT)
		return 0;
	build->data.uuid_hasher = erofs_hasher_new(EROFS_DIGEST_SHA256);
	return build->data.uuid_hasher ? erofs_hasher_begin(build->data.uuid_hasher) : -ENOMEM;
}

static int open_device(struct build *build)
{
	const struct erofs_plan *plan = &build->plan;
	const struct erofs_output_options options = {
		.force = plan->options->force,
		.no_sync = plan->options->no_sync,
		.has_data_alone = true,
	};
	int err;

	if (!plan->options->data_device)
		return 0;
	err = erofs_output_open(&build->device, plan->options->data_device, &options, plan->diag);
	if (!err && !plan->is_arriving)
		erofs_output_expect(build->device, EROFS_OUTPUT_DATA_START + plan->data_bound);
	return err;
}

static int open_output(struct build *build, const char *path)
{
	const struct erofs_plan *plan = &build->plan;
	uint64_t bound = plan->metadata_bound + (plan->options->data_device ? 0 : plan->data_bound);
	const struct erofs_output_options options = {
		.offset = plan->options->offset,
		.force = plan->options->force,
		.no_sync = plan->options->no_sync,
		.cache_entry = plan->options->cache_entry,
	};
	int err;

	if (plan->options->verity)
		bound += erofs_writer_verity_size(bound + plan->blksz - bound % plan->blksz, plan->blksz);
	err = erofs_output_open(&build->output, path, &options, plan->diag);

	if (err)
		return err;
	build->tails.output = build->output;
	/* However badly tails pack, none wastes more than a block. How much arrives, or extents of another builder take, is not
	 * known. */
	build->tails.scratch_at = plan->is_arriving || plan->tree->source_ops->encoded
					  ? UNKNOWN_MOST
					  : bound + (uint64_t)plan->tree->inode_count * plan->blksz;
	if (!plan->is_arriving)
		erofs_output_expect(build->output, bound);
	err = open_device(build);
	return err ? err : erofs_writer_data_init(&build->data, plan, build->output, build->device, &build->tails);
}

static void summarize(const struct build *build)
{
	struct erofs_build_summary *summary = build->plan.summary;
	uint64_t end = build->layout.meta_blkaddr * build->plan.blksz;

	summary->metadata_bytes = build->layout.metadata_size + EROFS_SUPERBLOCK_OFFSET + build->plan.front.size;
	summary->data_bytes = end + build->layout.metadata_size - summary->metadata_bytes;
	if (build->device) {
		summary->device_bytes = build->data.zone.end;
		summary->data_bytes = build->data.zone.end - EROFS_OUTPUT_DATA_START;
	}
	if (build->plan.options->fingerprint != EROFS_DIGEST_NONE) {
		summary->fingerprinted_files = build->plan.files;
		summary->distinct_fingerprints =
			erofs_writer_contents_count(&build->data.dedup.contents) - build->data.lost_contents;
	}
	summary->shared_xattrs = build->plan.xattrs.shared_count;
}

/* What containerd reads beside a layer. */
static int add_sidecar(const struct build *build)
{
	const struct erofs_build_summary *summary = build->plan.summary;
	char root[2 * sizeof(summary->verity_root) + 1], text[160];
	int length;

	erofs_hex_encode(root, summary->verity_root, sizeof(summary->verity_root));
	length = snprintf(text, sizeof(text), "{\n  \"roothash\": \"%s\",\n  \"hashoffset\": %" PRIu64 "\n}", root,
			  summary->verity_offset);
	return erofs_output_add_sidecar(build->output, ".dmverity", text, (size_t)length);
}

/* Data first: the image, which would be taken for one as soon as it has a superblock, does not come before they are on the disk. */
static int finish_device(struct build *build)
{
	int err = build->device ? erofs_output_commit(build->device, build->data.zone.end) : 0;

	build->device_is_waiting = build->device && !err;
	return err;
}

static int finish_image(struct build *build)
{
	int err = erofs_writer_data_pack(&build->data, &build->plan, build->pool);

	if (!err)
		err = finish_device(build);
	if (!err)
		err = erofs_writer_choose_encoded_dirs(&build->plan, &build->data, build->pool);
	if (!err)
		err = erofs_writer_lay_out(&build->layout, &build->plan, &build->data);
	if (err)
		return err;
	erofs_message(build->plan.diag, EROFS_SEV_NOTE, "writing %" PRIu64 " bytes of metadata at block %" PRIu64,
		      build->layout.metadata_size, build->layout.meta_blkaddr);
	err = erofs_writer_emit_encoded_dirs(&build->plan, &build->data, &build->layout, build->pool);
	if (!err)
		err = erofs_writer_emit(&build->plan, &build->data, &build->layout, build->pool);
	if (err)
		return err;
	summarize(build);
	err = build->plan.summary->has_verity ? add_sidecar(build) : 0;
	if (!err)
		err = erofs_output_commit(build->output, build->plan.summary->image_bytes);
	build->device_is_waiting &= err != 0;
	return err;
}

static int store_tree(struct build *build, const char *path)
{
	int err = erofs_writer_plan_tree(&build->plan);

	if (!err)
		err = open_output(build, path);
	if (err)
		return err;
	erofs_message(build->plan.diag, EROFS_SEV_NOTE, "packing %" PRIu64 " files, %" PRIu64 " bytes, %u workers",
		      build->plan.files, build->plan.file_bytes, build->plan.options->workers);
	return erofs_writer_data_store(&build->data, &build->plan, build->pool);
}

/* Data first: what the tree looks like is known when all has arrived. */
static int store_arrivals(struct build *build, struct erofs_tree *tree, const struct erofs_tree_rules *rules,
			  const char *path)
{
	int err = open_output(build, path);

	if (err)
		return err;
	erofs_message(build->plan.diag, EROFS_SEV_NOTE, "packing files as they arrive, %u workers",
		      build->plan.options->workers);
	err = erofs_writer_data_store(&build->data, &build->plan, build->pool);
	if (!err)
		err = erofs_tree_apply(tree, rules, build->plan.diag);
	if (!err)
		err = erofs_writer_data_adopt(&build->data, &build->plan);
	return err ? err : erofs_writer_plan_tree(&build->plan);
}

static int run(struct build *build, struct erofs_tree *arriving, const struct erofs_tree_rules *rules, const char *path)
{
	int err = prepare(build);

	if (!err)
		err = erofs_writer_plan_begin(&build->plan);
	if (!err)
		err = arriving ? store_arrivals(build, arriving, rules, path) : store_tree(build, path);
	build->again = !err && !arriving && erofs_writer_data_lost_by_repeats(&build->data, &build->plan);
	return err || build->again ? err : finish_image(build);
}

/* 1: again, without repeats. */
static int build_once(const struct erofs_tree *tree, struct erofs_tree *arriving, const struct erofs_tree_rules *rules,
		      const char *output, const struct erofs_build_options *options,
		      struct erofs_build_summary *summary, const struct erofs_diag *diag)
{
	erofs_auto(release_build) struct build build = {
		.plan = { .tree = tree,
			  .options = options,
			  .diag = diag,
			  .is_arriving = arriving,
			  .blksz = 1u << options->blkszbits,
			  .summary = summary },
	};
	int err;

	*summary = (struct erofs_build_summary){ 0 };
	err = run(&build, arriving, rules, output);
	return err ? err : build.again;
}

/* `arriving`: the tree, if its source's contents come once. `options` are complete. */
static int build(const struct erofs_tree *tree, struct erofs_tree *arriving, const struct erofs_tree_rules *rules,
		 const char *output, struct erofs_build_options *options, struct erofs_build_summary *summary,
		 const struct erofs_diag *diag)
{
	struct erofs_build_summary ignored;
	int err;

	if (!summary)
		summary = &ignored;
	settle_sizes(options);
	erofs_writer_settle_zero_extents(options);
	err = build_once(tree, arriving, rules, output, options, summary, diag);
	if (err > 0) {
		erofs_message(diag, EROFS_SEV_NOTE, "repeats cost more than they save: once more, without them");
		options->dedupe_runs = false;
		erofs_writer_settle_zero_extents(options);
		err = build_once(tree, arriving, rules, output, options, summary, diag);
	}
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	return err;
}

static int check_tree(const struct erofs_tree *tree, bool is_arriving, const char *function,
		      const struct erofs_diag *diag)
{
	const char *wrong = NULL;

	if (!tree)
		wrong = "no tree (NULL)";
	else if (!tree->source_ops)
		wrong = "the tree has no source: it was not scanned";
	else if (tree->is_unusable)
		wrong = "the tree is incomplete, or its contents have arrived already";
	else if (!is_arriving && tree->arrival_ops)
		wrong = "contents of the tree arrive once, which erofs_build_arrivals() reads";
	else if (is_arriving && !tree->arrival_ops)
		wrong = "contents of the tree can be read in any order: erofs_build() is for it";
	else if (!is_arriving && !tree->is_normalized)
		wrong = "the tree is not normalized: see erofs_tree_normalize()";
	return wrong ? erofs_report(diag, -EINVAL, "%s(): %s", function, wrong) : 0;
}

static int take_options(struct erofs_build_options *known, const struct erofs_build_options *options,
			const struct erofs_tree *tree, const char *output, const struct erofs_diag *diag)
{
	int err = erofs_writer_options_take(known, options, diag);

	if (err)
		return err;
	if (!output)
		return erofs_report(diag, -EINVAL, "no name for the image (NULL)");
	if (!tree->source_ops->thin)
		err = erofs_writer_options_check_archive(known, diag);
	if (err)
		return err;
	if (known->data_outside && !tree->source_ops->locate && !tree->source_ops->thin)
		return erofs_report(diag, -EINVAL,
				    "erofs_build_options.data_outside: the source has no file that could stay outside");
	if (known->data_outside && tree->has_hot_files)
		return erofs_report(diag, -EINVAL,
				    "erofs_tree_rules.hot_files: contents that stay outside stay in their order");
	err = erofs_writer_options_check(known, diag);
	if (!err)
		erofs_writer_compress_hints_warn(known, diag);
	return err;
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

int erofs_build_arrivals(struct erofs_tree *tree, const struct erofs_tree_rules *rules, const char *output,
			 const struct erofs_build_options *options, struct erofs_build_summary *summary,
			 const struct erofs_diag *diag)
{
	struct erofs_build_options known;
	struct erofs_tree_rules known_rules;
	int err = check_tree(tree, true, "erofs_build_arrivals", diag);

	if (!err)
		err = take_options(&known, options, tree, output, diag);
	if (!err && known.dedupe_runs && known.compression_count && !known.all_fragments)
		err = erofs_report(
			diag, -EINVAL,
			"dedupe reads contents twice, and those of a pipe, a compressed archive or layers come once: "
			"unpack them first, or pack all files as fragments");
	if (!err)
		err = erofs_tree_take_rules(&known_rules, rules, diag);
	if (!err && known_rules.hot_files)
		err = erofs_report(
			diag, -EINVAL,
			"erofs_tree_rules.hot_files: contents that arrive are stored in the order of their coming");
	if (err)
		return err;
	err = build(tree, tree, &known_rules, output, &known, summary, diag);
	/* What has been read does not come again. */
	tree->is_unusable = true;
	return err;
}
