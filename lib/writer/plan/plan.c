/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/plan.h"

#include "lib/format/format_chunk.h"
#include "lib/format/format_superblock.h"
#include "lib/writer/index/zindex.h"
#include "lib/writer/plan/plan_inode.h"

void erofs_writer_plan_release(struct erofs_plan *plan)
{
	erofs_writer_xattr_plan_release(&plan->xattrs);
	erofs_writer_methods_release(&plan->methods);
	erofs_writer_methods_release(&plan->metabox);
	erofs_buffer_release(&plan->front);
	erofs_pages_release(&plan->inodes);
}

/* ---- before there is a tree -------------------------------------------------------------------------------------------- */

/* Their values follow when all methods are known. */
static int reserve_configs(struct erofs_plan *plan)
{
	struct erofs_compression_configs configs = erofs_writer_plan_configs(plan);
	uint8_t raw[EROFS_CONFIGS_MAX_SIZE];

	return erofs_buffer_append_zeros(&plan->front, erofs_configs_encode(&configs, raw));
}

/* The superblock's room and the prefix table; data start with the first whole block behind them. */
static int plan_front(struct erofs_plan *plan)
{
	int err = erofs_buffer_append_zeros(&plan->front, EROFS_SUPERBLOCK_SIZE);
	uint64_t end;

	if (!err && erofs_writer_may_have_metabox(plan))
		err = erofs_buffer_append_zeros(&plan->front, EROFS_SUPERBLOCK_SLOT_SIZE);
	if (!err && plan->options->data_outside)
		err = erofs_buffer_append_zeros(&plan->front, erofs_writer_devices_size(plan));
	if (!err && plan->options->data_device)
		err = erofs_buffer_append_zeros(&plan->front, EROFS_DEVICE_SLOT_SIZE);
	if (!err && erofs_writer_has_configs(plan))
		err = reserve_configs(plan);
	plan->prefixes_at = EROFS_SUPERBLOCK_OFFSET + (uint32_t)plan->front.size;
	if (!err)
		err = erofs_writer_xattr_plan_encode_prefixes(&plan->xattrs, &plan->front);
	end = EROFS_SUPERBLOCK_OFFSET + plan->front.size;
	plan->data_start = (end + plan->blksz - 1) / plan->blksz * plan->blksz;
	return err ? err : erofs_buffer_append_zeros(&plan->front, plan->data_start - end);
}

int erofs_writer_plan_begin(struct erofs_plan *plan)
{
	uint32_t most = plan->is_arriving ? UINT32_MAX : plan->tree->inode_count;
	int err = erofs_pages_init(&plan->inodes, sizeof(struct erofs_inode_plan), most);

	if (!err && !plan->is_arriving)
		err = erofs_pages_fill(&plan->inodes, most);
	if (!err)
		err = erofs_writer_xattr_plan_begin(&plan->xattrs, plan->options, plan->diag);
	if (!err)
		err = erofs_writer_methods_init(&plan->methods, plan->options, plan->diag);
	if (!err)
		err = erofs_writer_plan_metabox(plan);
	return err ? err : plan_front(plan);
}

/* ---- the tree -------------------------------------------------------------------------------------------------------------- */

/* Bounds for the message of a full disk, and for where the image cannot reach. */
static void add_to_bounds(struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	uint64_t bytes = erofs_writer_planned_blocks(plan, inode) * plan->blksz;

	plan->metadata_bound += erofs_writer_planned_body(plan, inode) + EROFS_NID_SLOT;
	/* Packing tails wastes less than a tail's own size on average, and never more than a block. */
	plan->metadata_bound += 2 * (uint64_t)erofs_writer_planned_tail(plan, inode);
	if (S_ISREG(inode->mode) && inode->size && plan->options->compression_count)
		plan->metadata_bound += erofs_writer_zindex_bound(plan->options, inode->size);
	if (!S_ISREG(inode->mode)) {
		plan->metadata_bound += bytes;
		return;
	}
	plan->data_bound += bytes;
	if (bytes && plan->options->data_align_blocks > 1)
		plan->data_bound += (uint64_t)plan->options->data_align_blocks * plan->blksz;
	plan->files += inode->size > 0;
	plan->file_bytes += inode->size;
}

static void count_inode(struct erofs_build_summary *summary, const struct erofs_tree_inode *inode)
{
	summary->inodes++;
	summary->regular_files += S_ISREG(inode->mode);
	summary->directories += S_ISDIR(inode->mode);
	summary->source_bytes += S_ISREG(inode->mode) ? inode->size : 0;
}

int erofs_writer_plan_tree(struct erofs_plan *plan)
{
	const struct erofs_tree *tree = plan->tree;
	int err = erofs_writer_xattr_plan_init(&plan->xattrs, tree, plan->options);

	if (!err)
		err = erofs_writer_plan_epoch(plan);
	for (uint32_t i = 0; !err && i < tree->inode_count; i++) {
		err = erofs_writer_plan_inode(plan, tree->inodes[i]);
		if (err)
			return err;
		add_to_bounds(plan, tree->inodes[i]);
		count_inode(plan->summary, tree->inodes[i]);
	}
	plan->metadata_bound += plan->xattrs.shared_zone.size + plan->front.size + 4 * (uint64_t)plan->blksz;
	/* Where all is stored chunk by chunk, equal files need not be known. */
	if (!err && !plan->is_arriving && plan->options->dedupe_files && !plan->options->chunk_bytes &&
	    plan->options->fingerprint == EROFS_DIGEST_NONE)
		err = erofs_writer_plan_digests(plan);
	return err;
}
