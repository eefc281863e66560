/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/pack.h"

#include <errno.h>
#include <inttypes.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* What batches and streams do alike with one file. */

bool erofs_pack_is_stream(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	return inode->size > PACK_SEGMENT || erofs_plan(builder, inode->number)->layout == EROFS_LAYOUT_CHUNK_BASED;
}

static bool wants_digest(const struct pack *pack, const struct erofs_tree_inode *inode)
{
	return erofs_plan(pack->builder, inode->number)->wants_digest;
}

/* A digest identifies the content in the UUID as well as a sum does. */
static bool wants_sum(const struct pack *pack, const struct erofs_tree_inode *inode)
{
	return pack->wants_sums && !wants_digest(pack, inode);
}

int erofs_pack_hash_begin(const struct pack *pack, struct pack_hash *hash, const struct erofs_tree_inode *inode)
{
	if (wants_sum(pack, inode))
		XXH3_128bits_reset(hash->summer);
	return wants_digest(pack, inode) ? erofs_hasher_begin(hash->hasher) : 0;
}

int erofs_pack_hash_append(const struct pack *pack, struct pack_hash *hash, const struct erofs_tree_inode *inode,
			   const void *data, size_t size)
{
	if (wants_sum(pack, inode))
		XXH3_128bits_update(hash->summer, data, size);
	return wants_digest(pack, inode) ? erofs_hasher_append(hash->hasher, data, size) : 0;
}

int erofs_pack_hash_end(const struct pack *pack, struct pack_hash *hash, const struct erofs_tree_inode *inode,
			uint8_t *digest, pack_sum *sum)
{
	if (wants_sum(pack, inode)) {
		XXH128_hash_t found = XXH3_128bits_digest(hash->summer);

		*sum = (pack_sum){ found.low64, found.high64 };
	}
	return wants_digest(pack, inode) ? erofs_hasher_end(hash->hasher, digest) : 0;
}

int erofs_pack_note_content(struct pack *pack, const struct erofs_tree_inode *inode, const uint8_t *digest,
			    pack_sum sum)
{
	struct erofs_builder *builder = pack->builder;
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	int err = 0;

	if (wants_digest(pack, inode))
		err = erofs_contents_intern(&builder->contents, &plan->content, digest);
	if (err || !builder->uuid_hasher)
		return err;
	if (wants_digest(pack, inode))
		return erofs_hasher_append(builder->uuid_hasher, digest, builder->contents.digest_size);
	return erofs_hasher_append(builder->uuid_hasher, &sum, sizeof(sum));
}

void erofs_pack_tell(const struct pack *pack, const struct erofs_tree_inode *inode, const char *how)
{
	const struct erofs_builder *builder = pack->builder;
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };

	if (erofs_wants(builder->diag, EROFS_SEV_DEBUG))
		erofs_message(builder->diag, EROFS_SEV_DEBUG,
			      "%s: %" PRIu64 " bytes, %s %" PRIu64 " blocks at block %" PRIu32,
			      erofs_tree_path(&path, inode), inode->size, how, erofs_plan_blocks(builder, inode),
			      erofs_plan(builder, inode->number)->blkaddr);
}

int erofs_pack_align(struct pack *pack)
{
	struct erofs_builder *builder = pack->builder;
	uint64_t aligned = (builder->next_byte + builder->blksz - 1) & ~(uint64_t)(builder->blksz - 1);
	uint64_t gap = (builder->next_byte + EROFS_NID_SLOT - 1) & ~(uint64_t)(EROFS_NID_SLOT - 1);
	static const uint8_t zeros[4096];
	int err = 0;

	if (builder->is_stale && builder->next_byte < aligned)
		err = erofs_output_write(builder->output, zeros, (size_t)(aligned - builder->next_byte),
					 builder->next_byte);
	builder->next_byte = aligned;
	return err ? err : erofs_gaps_add(&builder->gaps, gap, aligned, builder->blksz);
}

int erofs_pack_take_bytes(struct pack *pack, const struct erofs_tree_inode *inode, uint64_t size)
{
	struct erofs_builder *builder = pack->builder;

	/* Only where the size could not be known beforehand. */
	if (builder->next_byte + size > builder->tails.scratch_at)
		return erofs_tree_report(builder->diag, -EFBIG, inode,
					 "the image grows beyond %" PRIu64
					 " bytes, more than a source of unknown size may",
					 builder->tails.scratch_at);
	/* 0xFFFFFFFF stands for a hole. */
	if ((builder->next_byte + size) / builder->blksz >= EROFS_NULL_BLOCK)
		return erofs_tree_report(builder->diag, -EFBIG, inode,
					 "the image grows beyond 2^32 blocks; larger blocks would help");
	builder->next_byte += size;
	return 0;
}

int erofs_pack_allocate(struct pack *pack, const struct erofs_tree_inode *inode)
{
	struct erofs_builder *builder = pack->builder;
	uint64_t blocks = erofs_plan_blocks(builder, inode);
	uint32_t *blkaddr = &erofs_plan(builder, inode->number)->blkaddr;
	int err = blocks ? erofs_pack_align(pack) : 0;

	*blkaddr = blocks ? (uint32_t)(builder->next_byte / builder->blksz) : 0;
	if (!err)
		err = erofs_pack_take_bytes(pack, inode, blocks * builder->blksz);
	if (!err)
		erofs_pack_tell(pack, inode, "stored in");
	return err;
}

/* Whether the data blocks of `have` begin with those that `want` needs. */
static bool alike(const struct erofs_builder *builder, const struct erofs_tree_inode *have,
		  const struct erofs_tree_inode *want)
{
	const struct inode_plan *a = erofs_plan(builder, have->number);
	const struct inode_plan *b = erofs_plan(builder, want->number);
	bool chunks = a->layout == EROFS_LAYOUT_CHUNK_BASED;

	if (chunks != (b->layout == EROFS_LAYOUT_CHUNK_BASED))
		return false;
	if (chunks)
		return a->chunkbits == b->chunkbits && erofs_chunk_same_map(have->data, want->data);
	return erofs_plan_blocks(builder, have) >= erofs_plan_blocks(builder, want);
}

bool erofs_pack_share(struct pack *pack, const struct erofs_tree_inode *inode)
{
	struct erofs_builder *builder = pack->builder;
	struct inode_plan *plan = erofs_plan(builder, inode->number);
	uint64_t blocks = erofs_plan_blocks(builder, inode);
	uint32_t *owner;

	if (!builder->options->dedupe_files || plan->content == EROFS_CONTENT_NONE || !blocks)
		return false;
	owner = erofs_contents_owner(&builder->contents, plan->content);
	if (*owner == EROFS_CONTENT_NONE || !alike(builder, erofs_plan(builder, *owner)->inode, inode)) {
		*owner = inode->number;
		return false;
	}
	plan->blkaddr = erofs_plan(builder, *owner)->blkaddr;
	builder->summary->shared_files++;
	builder->summary->saved_bytes += blocks * builder->blksz;
	erofs_pack_tell(pack, inode, "shares");
	return true;
}

void erofs_pack_progress(struct pack *pack, uint64_t files, uint64_t bytes)
{
	const struct erofs_build_options *options = pack->builder->options;
	struct erofs_build_progress progress = {
		.stage = EROFS_STAGE_PACK,
		.files = atomic_fetch_add(&pack->files, files) + files,
		.files_total = pack->builder->files,
		.bytes = atomic_fetch_add(&pack->bytes, bytes) + bytes,
		.bytes_total = pack->builder->file_bytes,
	};

	if (!options->progress || atomic_flag_test_and_set(&pack->reporting))
		return;
	options->progress(options->progress_ctx, &progress);
	atomic_flag_clear(&pack->reporting);
}
