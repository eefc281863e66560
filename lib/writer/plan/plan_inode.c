/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/plan_inode.h"

#include <errno.h>
#include <inttypes.h>

#include "lib/format/format_xattr.h"
#include "lib/util/cleanup.h"
#include "lib/writer/meta/dirs.h"
#include "lib/writer/plan/chunk_plan.h"
#include "lib/writer/plan/hints.h"

/* ---- compact or extended ------------------------------------------------------------------------------------------------- */

static bool fits_compact(const struct erofs_tree_inode *inode, uint64_t size)
{
	return size <= UINT32_MAX && inode->uid <= UINT16_MAX && inode->gid <= UINT16_MAX && inode->nlink <= UINT16_MAX;
}

static int plan_form(struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);
	bool fits = fits_compact(inode, erofs_writer_data_size(plan, inode));
	bool same = inode->mtime == plan->epoch && inode->mtime_nsec == plan->fixed_nsec;

	switch (plan->options->inode_form) {
	case EROFS_INODE_FORM_EXTENDED:
		inode_plan->extended = true;
		return 0;
	case EROFS_INODE_FORM_COMPACT:
		if (!fits)
			return erofs_tree_report(plan->diag, -ERANGE, inode,
						 "size, owner or link count does not fit into a compact inode");
		plan->summary->lost_times += !same;
		return 0;
	default:
		inode_plan->extended = !fits || !same;
		return 0;
	}
}

static int check_xattrs(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	uint32_t size = erofs_writer_xattr_plan_area_size(&plan->xattrs, inode->xattrs,
							  erofs_writer_has_fingerprint(plan, inode));
	const struct erofs_tree_xattr *largest;

	if (size <= EROFS_XATTR_AREA_MAX)
		return 0;
	largest = inode->xattrs->items[0];
	for (uint32_t i = 1; i < inode->xattrs->count; i++)
		if (inode->xattrs->items[i]->value_size > largest->value_size)
			largest = inode->xattrs->items[i];
	return erofs_tree_report(plan->diag, -E2BIG, inode,
				 "its xattrs take %" PRIu32 " bytes where the format allows %u; the largest is '%s'",
				 size, EROFS_XATTR_AREA_MAX, largest->name);
}

/* ---- method and layout ----------------------------------------------------------------------------------------------------- */

static int plan_method(struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	const struct erofs_source_ops *source = plan->tree->source_ops;
	const struct erofs_compress_hint *hint = NULL;
	struct erofs_compress_hint encoded = { 0 };
	uint8_t method;
	int err;

	if (!S_ISREG(inode->mode) || !plan->options->compression_count)
		return 0;
	if (source && source->encoding) {
		bool small = false;
		int encoding = source->encoding(plan->tree->source, inode, &small);

		encoded.pcluster_size = encoding < 0 ? 0 : small ? plan->blksz : plan->options->pcluster_size;
		encoded.compression = encoding < 0 ? 0 : (unsigned int)encoding;
		hint = &encoded;
	} else if (plan->options->hints)
		hint = erofs_writer_compress_hints_find(plan->options->hints, erofs_tree_path(&path, inode) + 1);
	err = erofs_writer_methods_find(&plan->methods, &method, hint);
	erofs_writer_inode_plan(plan, inode)->method = method;
	return err;
}

/* What is a hole in the source must not decide on how equal contents are stored, if they may be compressed. */
static bool may_have_chunks(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return S_ISREG(inode->mode) && inode->data && !plan->options->fill_holes && !plan->options->compression_count;
}

/* Where files are compressed, a long one that does not shrink lies in blocks alone: its segments are written before that is known. */
static bool may_have_tail(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	if (!S_ISREG(inode->mode))
		return true;
	if (plan->options->compression_count && inode->size > erofs_writer_methods_segment(&plan->methods))
		return false;
	return plan->options->inline_data;
}

/* Chunks of zeros are found by the content; holes that are larger than a segment are left to the map of the source. */
static void plan_chunks(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	const struct erofs_build_options *options = plan->options;
	struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);
	unsigned int segment_bits = (unsigned int)__builtin_ctzll(erofs_writer_methods_segment(&plan->methods));
	unsigned int bits = 0;

	if (may_have_chunks(plan, inode))
		bits = erofs_writer_chunk_choose(inode->size, inode->data, options->blkszbits);
	if (bits || options->chunk_bytes)
		inode_plan->layout = EROFS_LAYOUT_CHUNK_BASED;
	inode_plan->in_chunks =
		erofs_writer_wants_chunks(options) && S_ISREG(inode->mode) && inode->size && bits <= segment_bits;
	if (options->chunk_bytes && bits < (unsigned int)__builtin_ctz(options->chunk_bytes))
		bits = (unsigned int)__builtin_ctz(options->chunk_bytes);
	if (!bits && inode_plan->in_chunks)
		bits = erofs_writer_chunk_unit(inode->size, options->blkszbits, segment_bits);
	inode_plan->chunkbits = bits & 0x3f;
}

/* `head`: bytes of inode and xattrs at most. */
static void plan_layout(struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t head)
{
	struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);
	uint64_t tail = erofs_writer_data_size(plan, inode) % plan->blksz;

	inode_plan->layout = EROFS_LAYOUT_FLAT_PLAIN;
	if (S_ISREG(inode->mode) && inode->size)
		plan_chunks(plan, inode);
	if (inode_plan->layout == EROFS_LAYOUT_CHUNK_BASED)
		return;
	/* A tail must not cross a block boundary. */
	if (tail && may_have_tail(plan, inode) && head + tail <= plan->blksz)
		inode_plan->layout = EROFS_LAYOUT_FLAT_INLINE;
}

/* ---- one inode ------------------------------------------------------------------------------------------------------------- */

int erofs_writer_plan_inode(struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	struct erofs_inode_plan *inode_plan = erofs_writer_inode_plan(plan, inode);
	int err;

	if (!inode_plan->has_arrived)
		inode_plan->wants_digest = erofs_writer_has_fingerprint(plan, inode);
	if (S_ISDIR(inode->mode))
		inode_plan->dir_size = erofs_writer_dir_data_size(inode, plan->blksz, plan->options->dot_omitted);
	err = plan_form(plan, inode);
	if (!err && !inode_plan->has_arrived)
		err = plan_method(plan, inode);
	if (!err)
		err = check_xattrs(plan, inode);
	if (!err && erofs_writer_is_elsewhere(plan, inode))
		err = erofs_writer_elsewhere_plan(plan, inode);
	else if (!err && !inode_plan->has_arrived)
		plan_layout(plan, inode, erofs_writer_head_size(plan, inode));
	plan->has_chunks |= inode_plan->layout == EROFS_LAYOUT_CHUNK_BASED;
	return err;
}

/*
 * Whether a tail goes behind the inode must be known now; an inode that turns out smaller than it may become loses little by
 * that. Without fingerprints, any file may be a duplicate of one to come.
 */
int erofs_writer_plan_arrival(struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	bool fingerprinted = plan->options->fingerprint != EROFS_DIGEST_NONE;
	struct erofs_inode_plan *inode_plan;
	int err = erofs_pages_add(&plan->inodes, inode->number);

	if (err)
		return err;
	inode_plan = erofs_writer_inode_plan(plan, inode);
	*inode_plan = (struct erofs_inode_plan){ .has_arrived = true };
	inode_plan->wants_digest = fingerprinted || (plan->options->dedupe_files && !plan->options->chunk_bytes);
	err = plan_method(plan, inode);
	if (!err)
		plan_layout(plan, inode,
			    EROFS_INODE_EXTENDED_SIZE +
				    erofs_writer_xattr_plan_area_bound(&plan->xattrs, inode->xattrs, fingerprinted));
	return err;
}
