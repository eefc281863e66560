/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

#include "lib/writer/builder.h"
#include "lib/writer/plan/chunk_plan.h"
#include "lib/writer/meta/dirs.h"
#include "lib/writer/plan/hints.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_xattr.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * Plan: everything about an inode that follows from the tree and the options alone, so that a file takes the same form in
 * every image.
 */

struct erofs_zindex erofs_plan_zindex(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	return (struct erofs_zindex){
		.plan = &builder->compress,
		.lists = &builder->extent_lists,
		.list = erofs_plan(builder, inode->number)->list_at,
		.file_size = inode->size,
	};
}

/* Bytes of the chunk map or compressed index behind the xattrs, which end at `at`. */
static uint64_t index_size(const struct erofs_builder *builder, const struct erofs_tree_inode *inode, uint64_t at)
{
	const struct inode_plan *plan = erofs_plan(builder, inode->number);
	struct erofs_zindex zindex;

	if (erofs_plan_is_outside(builder, inode))
		return (-at & (EROFS_CHUNK_INDEX_SIZE - 1)) +
		       erofs_chunk_count(inode->size, plan->chunkbits) * EROFS_CHUNK_INDEX_SIZE;
	if (plan->layout == EROFS_LAYOUT_CHUNK_BASED)
		return erofs_chunk_count(inode->size, plan->chunkbits) * EROFS_CHUNK_BLOCK_SIZE;
	if (!erofs_plan_is_compressed(plan))
		return 0;
	zindex = erofs_plan_zindex(builder, inode);
	return erofs_zindex_size(&zindex, at);
}

uint64_t erofs_plan_body_size(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	const struct inode_plan *plan = erofs_plan(builder, inode->number);
	uint64_t size =
		(plan->extended ? EROFS_INODE_EXTENDED_SIZE : EROFS_INODE_COMPACT_SIZE) +
		erofs_xattr_plan_area_size(&builder->xattrs, inode->xattrs, erofs_plan_has_fingerprint(builder, inode));

	return size + index_size(builder, inode, size);
}

uint32_t erofs_plan_tail_size(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	if (erofs_plan(builder, inode->number)->layout != EROFS_LAYOUT_FLAT_INLINE)
		return 0;
	return (uint32_t)(erofs_plan_size(builder, inode) % builder->blksz);
}

uint64_t erofs_plan_blocks(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	const struct inode_plan *plan = erofs_plan(builder, inode->number);
	uint64_t size = erofs_plan_size(builder, inode);

	if (erofs_plan_is_compressed(plan) || erofs_plan_is_outside(builder, inode))
		return 0;
	if (plan->layout == EROFS_LAYOUT_CHUNK_BASED)
		size = erofs_chunk_stored_bytes(size, inode->data, plan->chunkbits);
	if (plan->layout == EROFS_LAYOUT_FLAT_INLINE)
		return size / builder->blksz;
	return size / builder->blksz + !!(size % builder->blksz);
}

/* ---- the time of compact inodes -------------------------------------------------------------------------------------- */

static bool same_time(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_tree_inode *a = ((const struct erofs_tree *)ctx)->inodes[number];
	const struct erofs_tree_inode *b = key;

	return a->mtime == b->mtime && a->mtime_nsec == b->mtime_nsec;
}

/* The superblock has 32 bits for what the time of the build is later than the epoch. */
static bool may_be_epoch(const struct erofs_builder *builder, int64_t time)
{
	int64_t later;

	return !__builtin_sub_overflow(builder->options->build_time, time, &later) && later >= 0 && later <= UINT32_MAX;
}

/*
 * All compact inodes have one mtime: the commonest, of equally common ones the first in the tree. Where the time of the build
 * could not be told from that one, it is the time of the build.
 */
static int choose_epoch(struct erofs_builder *builder)
{
	const struct erofs_tree *tree = builder->tree;
	erofs_auto_free uint32_t *users =
		calloc(tree->inode_count, sizeof(*users)); /* by the first inode with the time */
	erofs_auto(erofs_index_release) struct erofs_index index = { 0 };
	uint32_t most = 0;

	if (!users)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = tree->inodes[i];
		uint64_t hash = (uint64_t)inode->mtime * 1000000007u + inode->mtime_nsec;
		uint32_t first = erofs_index_find(&index, hash, same_time, tree, inode);

		if (first == EROFS_INDEX_NONE) {
			first = i;
			if (erofs_index_add(&index, hash, i))
				return -ENOMEM;
		}
		users[first]++;
	}
	builder->epoch = builder->options->build_time;
	builder->fixed_nsec = 0;
	for (uint32_t i = 0; i < tree->inode_count; i++) {
		if (users[i] <= most || !may_be_epoch(builder, tree->inodes[i]->mtime))
			continue;
		most = users[i];
		builder->epoch = tree->inodes[i]->mtime;
		builder->fixed_nsec = tree->inodes[i]->mtime_nsec;
	}
	return 0;
}

/* ---- equal sizes ----------------------------------------------------------------------------------------------------------- */

/* The holes that decide where a file's blocks are; NULL: all of it is stored. */
static const struct erofs_data_map *stored_map(const struct erofs_builder *builder,
					       const struct erofs_tree_inode *inode)
{
	return erofs_plan(builder, inode->number)->layout == EROFS_LAYOUT_CHUNK_BASED ? inode->data : NULL;
}

static bool may_share(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_builder *builder = ctx;
	const struct erofs_tree_inode *a = builder->tree->inodes[number];
	const struct erofs_tree_inode *b = key;
	const struct erofs_data_map *a_map = stored_map(builder, a);
	const struct erofs_data_map *b_map = stored_map(builder, b);

	return a->size == b->size && !a_map == !b_map && (!a_map || erofs_chunk_same_map(a_map, b_map));
}

/*
 * Without fingerprints only files that share their size, and the holes they keep, with another one need a digest, to find
 * equal ones. It matters for sparse files: the digest takes a pass over all their zeros.
 */
static int find_equal_sizes(struct erofs_builder *builder)
{
	const struct erofs_tree *tree = builder->tree;
	erofs_auto(erofs_index_release) struct erofs_index index = { 0 };

	for (uint32_t i = 0; i < tree->inode_count; i++) {
		const struct erofs_tree_inode *inode = tree->inodes[i];
		const struct erofs_data_map *map;
		uint64_t hash;
		uint32_t first;

		if (!S_ISREG(inode->mode) || !erofs_plan_blocks(builder, inode))
			continue;
		map = stored_map(builder, inode);
		hash = map ? XXH3_64bits_withSeed(map->ranges, map->count * sizeof(map->ranges[0]), inode->size)
			   : inode->size;
		first = erofs_index_find(&index, hash, may_share, builder, inode);
		if (first != EROFS_INDEX_NONE)
			erofs_plan(builder, first)->wants_digest = erofs_plan(builder, i)->wants_digest = true;
		else if (erofs_index_add(&index, hash, i))
			return -ENOMEM;
	}
	return 0;
}

/* ---- one inode ------------------------------------------------------------------------------------------------------------- */

static bool fits_compact(const struct erofs_tree_inode *inode, uint64_t size)
{
	return size <= UINT32_MAX && inode->uid <= UINT16_MAX && inode->gid <= UINT16_MAX && inode->nlink <= UINT16_MAX;
}

static int plan_form(struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	bool fits = fits_compact(inode, erofs_plan_size(builder, inode));
	bool same = inode->mtime == builder->epoch && inode->mtime_nsec == builder->fixed_nsec;

	switch (builder->options->inode_form) {
	case EROFS_INODE_FORM_EXTENDED:
		plan->extended = true;
		return 0;
	case EROFS_INODE_FORM_COMPACT:
		if (!fits)
			return erofs_tree_report(builder->diag, -ERANGE, inode,
						 "size, owner or link count does not fit into a compact inode");
		builder->summary->lost_times += !same;
		return 0;
	default:
		plan->extended = !fits || !same;
		return 0;
	}
}

static int check_xattrs(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	uint32_t size =
		erofs_xattr_plan_area_size(&builder->xattrs, inode->xattrs, erofs_plan_has_fingerprint(builder, inode));
	const struct erofs_tree_xattr *largest;

	if (size <= EROFS_XATTR_AREA_MAX)
		return 0;
	largest = inode->xattrs->items[0];
	for (uint32_t i = 1; i < inode->xattrs->count; i++)
		if (inode->xattrs->items[i]->value_size > largest->value_size)
			largest = inode->xattrs->items[i];
	return erofs_tree_report(builder->diag, -E2BIG, inode,
				 "its xattrs take %" PRIu32 " bytes where the format allows %u; the largest is '%s'",
				 size, EROFS_XATTR_AREA_MAX, largest->name);
}

static void plan_layout(struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	uint64_t tail = erofs_plan_size(builder, inode) % builder->blksz;

	plan->layout = EROFS_LAYOUT_FLAT_PLAIN;
	/* What is a hole in the source must not decide on how equal contents are stored, if they may be compressed. */
	if (S_ISREG(inode->mode) && inode->data && !builder->options->fill_holes &&
	    !builder->options->compression_count) {
		plan->chunkbits = erofs_chunk_choose(inode->size, inode->data, builder->options->blkszbits);
		if (plan->chunkbits) {
			plan->layout = EROFS_LAYOUT_CHUNK_BASED;
			builder->has_chunks = true;
			return;
		}
	}
	if (S_ISREG(inode->mode) && !builder->options->inline_data)
		return;
	/* A tail must not cross a block boundary. */
	if (tail && erofs_plan_body_size(builder, inode) + tail <= builder->blksz)
		plan->layout = EROFS_LAYOUT_FLAT_INLINE;
}

static int plan_way(struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	const struct erofs_source_ops *source = builder->tree->source_ops;
	const struct erofs_compress_hint *hint = NULL;
	struct erofs_compress_hint encoded = { 0 };

	if (!S_ISREG(inode->mode) || !builder->options->compression_count)
		return 0;
	if (source && source->encoding) {
		bool small = false;
		int encoding = source->encoding(builder->tree->source, inode, &small);

		encoded.pcluster_size = encoding < 0 ? 0 : small ? builder->blksz : builder->options->pcluster_size;
		encoded.compression = encoding < 0 ? 0 : (unsigned int)encoding;
		hint = &encoded;
	} else if (builder->options->hints)
		hint = erofs_compress_hints_find(builder->options->hints, erofs_tree_path(&path, inode) + 1);
	return erofs_compress_plan_way(&builder->compress, &erofs_plan(builder, inode->number)->way, hint);
}

static int plan_inode(struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	int err;

	plan->inode = inode;
	if (!plan->is_placed) {
		plan->content = EROFS_CONTENT_NONE;
		plan->wants_digest = erofs_plan_has_fingerprint(builder, inode);
	}
	if (S_ISDIR(inode->mode))
		plan->dir_size = erofs_dir_data_size(inode, builder->blksz);
	err = plan_form(builder, inode);
	if (!err && !plan->is_placed)
		err = plan_way(builder, inode);
	if (!err)
		err = check_xattrs(builder, inode);
	if (!err && erofs_plan_is_outside(builder, inode))
		err = erofs_outside_plan(builder, inode);
	else if (!err && !plan->is_placed)
		plan_layout(builder, inode);
	return err;
}

/*
 * Whether a tail goes behind the inode must be known now; an inode that turns out smaller than it may become loses little by
 * that. Without fingerprints, any file may be a copy of one to come.
 */
int erofs_build_plan_arrival(struct erofs_builder *builder, struct erofs_tree_inode *inode)
{
	bool fingerprinted = builder->options->fingerprint != EROFS_DIGEST_NONE;
	struct inode_plan *plan;
	uint64_t tail = inode->size % builder->blksz;
	int err = erofs_plans_add(builder, builder->arrived);

	if (err)
		return err;
	inode->number = builder->arrived++;
	plan = erofs_plan(builder, inode->number);
	*plan = (struct inode_plan){
		.content = EROFS_CONTENT_NONE,
		.layout = EROFS_LAYOUT_FLAT_PLAIN,
		.is_placed = true,
		.wants_digest = fingerprinted || builder->options->dedupe_files,
		.inode = inode,
	};
	if (builder->options->inline_data && tail &&
	    EROFS_INODE_EXTENDED_SIZE + erofs_xattr_plan_area_bound(&builder->xattrs, inode->xattrs, fingerprinted) +
			    tail <=
		    builder->blksz)
		plan->layout = EROFS_LAYOUT_FLAT_INLINE;
	return plan_way(builder, inode);
}

/* Bounds for the message of a full disk, and for where the image cannot reach. */
static void add_to_bounds(struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	uint64_t blocks = erofs_plan_blocks(builder, inode) * builder->blksz;

	builder->metadata_bound += erofs_plan_body_size(builder, inode) + EROFS_NID_SLOT;
	/* Packing tails wastes less than a tail's own size on average, and never more than a block. */
	builder->metadata_bound += 2 * (uint64_t)erofs_plan_tail_size(builder, inode);
	if (S_ISREG(inode->mode) && inode->size && builder->options->compression_count)
		builder->metadata_bound += erofs_zindex_bound(builder->options, inode->size);
	if (!S_ISREG(inode->mode)) {
		builder->metadata_bound += blocks;
		return;
	}
	builder->data_bound += blocks;
	builder->files += inode->size > 0;
	builder->file_bytes += inode->size;
}

static void count_inode(struct erofs_build_summary *summary, const struct erofs_tree_inode *inode)
{
	summary->inodes++;
	summary->regular_files += S_ISREG(inode->mode);
	summary->directories += S_ISDIR(inode->mode);
	summary->source_bytes += S_ISREG(inode->mode) ? inode->size : 0;
}

/* Their values follow when all ways to compress are known. */
static int reserve_configs(struct erofs_builder *builder)
{
	struct erofs_compression_configs configs = erofs_compress_configs(&builder->compress);
	uint8_t raw[EROFS_CONFIGS_MAX_SIZE];

	return erofs_buffer_append_zeros(&builder->front, erofs_configs_encode(&configs, raw));
}

/* The superblock's room and the prefix table; data start with the first whole block behind them. */
static int plan_front(struct erofs_builder *builder)
{
	int err = erofs_buffer_append_zeros(&builder->front, EROFS_SUPERBLOCK_SIZE);
	uint64_t end;

	if (!err && builder->options->data_outside)
		err = erofs_buffer_append_zeros(&builder->front, EROFS_DEVICE_SLOT_SIZE);
	if (!err && builder->options->compression_count && erofs_compress_needs_configs(builder->options))
		err = reserve_configs(builder);
	builder->prefixes_at = EROFS_SUPERBLOCK_OFFSET + (uint32_t)builder->front.size;
	if (!err)
		err = erofs_xattr_plan_encode_prefixes(&builder->xattrs, &builder->front);
	end = EROFS_SUPERBLOCK_OFFSET + builder->front.size;
	builder->next_byte = (end + builder->blksz - 1) / builder->blksz * builder->blksz;
	return err ? err : erofs_buffer_append_zeros(&builder->front, builder->next_byte - end);
}

/* All of them before the first file, because a streamed source's files come while others are being compressed. */
static int plan_ways(struct erofs_builder *builder)
{
	const struct erofs_compress_hint *hint;
	uint8_t number;
	int err;

	builder->compress.options = builder->options;
	err = erofs_compress_plan_way(&builder->compress, &number, NULL);
	for (size_t i = 0; !err && (hint = erofs_compress_hints_at(builder->options->hints, i)); i++)
		err = erofs_compress_plan_way(&builder->compress, &number, hint);
	if (err == -E2BIG)
		return erofs_report(builder->diag, err, "the hints name more than %u ways to compress files",
				    EROFS_COMPRESS_WAYS_MAX);
	return err ? err : erofs_compress_plan_check(&builder->compress, builder->diag);
}

int erofs_build_plan_begin(struct erofs_builder *builder)
{
	int err = erofs_xattr_plan_begin(&builder->xattrs, builder->options, builder->diag);

	erofs_gaps_init(&builder->gaps);
	if (!err)
		err = plan_ways(builder);
	return err ? err : plan_front(builder);
}

int erofs_build_plan(struct erofs_builder *builder)
{
	const struct erofs_tree *tree = builder->tree;
	int err = erofs_xattr_plan_init(&builder->xattrs, tree, builder->options);

	if (!err)
		err = choose_epoch(builder);
	for (uint32_t i = 0; !err && i < tree->inode_count; i++) {
		err = plan_inode(builder, tree->inodes[i]);
		if (err)
			return err;
		add_to_bounds(builder, tree->inodes[i]);
		count_inode(builder->summary, tree->inodes[i]);
	}
	builder->metadata_bound +=
		builder->xattrs.shared_zone.size + builder->front.size + 4 * (uint64_t)builder->blksz;
	if (!err && !builder->is_streamed && builder->options->dedupe_files &&
	    builder->options->fingerprint == EROFS_DIGEST_NONE)
		err = find_equal_sizes(builder);
	return err;
}
