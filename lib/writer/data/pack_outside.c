/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/writer/data/pack.h"
#include "lib/util/cleanup.h"

/* Contents that are not stored are only read, for fingerprints and for a UUID that comes from the content. */

struct result {
	const struct erofs_tree_inode *inode;
	pack_sum sum;
	uint8_t digest[EROFS_DIGEST_MAX];
};

struct outside_run {
	struct pack *pack;
	struct result *results;
	unsigned int count;
	uint8_t **buffers; /* by worker */
};

static bool wants_bytes(const struct pack *pack)
{
	return pack->builder->options->fingerprint != EROFS_DIGEST_NONE || pack->wants_sums;
}

/* ---- in any order ------------------------------------------------------------------------------------------------------- */

static int hash_content(struct pack *pack, struct pack_worker *worker, struct erofs_content *content, uint8_t *buffer,
			struct result *result)
{
	const struct erofs_tree_inode *inode = result->inode;
	int err = erofs_pack_hash_begin(pack, &worker->hash, inode);

	for (uint64_t at = 0; !err && at < inode->size; at += PACK_SEGMENT) {
		size_t part = inode->size - at < PACK_SEGMENT ? (size_t)(inode->size - at) : PACK_SEGMENT;

		if (erofs_build_cancelled(pack->builder))
			return -ECANCELED;
		err = pack->source->read(worker->reader, content, buffer, part, at);
		if (!err)
			err = erofs_pack_hash_append(pack, &worker->hash, inode, buffer, part);
		if (!err)
			erofs_pack_progress(pack, 0, part);
	}
	return err ? err : erofs_pack_hash_end(pack, &worker->hash, inode, result->digest, &result->sum);
}

static int hash_file(void *ctx, unsigned int item, unsigned int number)
{
	struct outside_run *run = ctx;
	struct result *result = &run->results[item];
	struct pack_worker *worker = &run->pack->workers[number];
	struct erofs_content content;
	int err = run->pack->source->open(worker->reader, &content, result->inode);

	if (err)
		return err;
	err = hash_content(run->pack, worker, &content, run->buffers[number], result);
	if (err) {
		run->pack->source->abandon(&content);
		return err;
	}
	erofs_pack_progress(run->pack, 1, 0);
	return run->pack->source->close(worker->reader, &content);
}

static void release_run(struct outside_run *run)
{
	unsigned int width = erofs_pool_width(run->pack->builder->pool);

	for (unsigned int i = 0; run->buffers && i < width; i++)
		free(run->buffers[i]);
	free(run->buffers);
	free(run->results);
}

static int init_run(struct outside_run *run)
{
	const struct erofs_tree *tree = run->pack->builder->tree;
	unsigned int width = erofs_pool_width(run->pack->builder->pool);

	run->results = calloc(tree->inode_count, sizeof(*run->results));
	run->buffers = calloc(width, sizeof(*run->buffers));
	if (!run->results || !run->buffers)
		return -ENOMEM;
	for (unsigned int i = 0; i < width; i++) {
		run->buffers[i] = malloc(PACK_SEGMENT);
		if (!run->buffers[i])
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < tree->inode_count; i++)
		if (S_ISREG(tree->inodes[i]->mode) && tree->inodes[i]->size)
			run->results[run->count++].inode = tree->inodes[i];
	return 0;
}

static int pack_tree(struct pack *pack)
{
	erofs_auto(release_run) struct outside_run run = { .pack = pack };
	int err = init_run(&run);

	if (!err)
		err = erofs_pool_each(pack->builder->pool, hash_file, &run, run.count);
	for (unsigned int i = 0; !err && i < run.count; i++)
		err = erofs_pack_note_content(pack, run.results[i].inode, run.results[i].digest, run.results[i].sum);
	return err;
}

/* ---- as they come --------------------------------------------------------------------------------------------------------- */

static int hash_arrival(struct pack *pack, const struct erofs_tree_inode *inode, uint8_t *buffer)
{
	struct erofs_builder *builder = pack->builder;
	struct pack_hash *hash = &pack->workers[0].hash;
	uint8_t digest[EROFS_DIGEST_MAX];
	pack_sum sum;
	int err = erofs_pack_hash_begin(pack, hash, inode);

	for (uint64_t at = 0; !err && at < inode->size; at += PACK_SEGMENT) {
		size_t part = inode->size - at < PACK_SEGMENT ? (size_t)(inode->size - at) : PACK_SEGMENT;

		err = pack->streamed->read(builder->tree->source, buffer, part);
		if (!err)
			err = erofs_pack_hash_append(pack, hash, inode, buffer, part);
	}
	if (!err)
		err = erofs_pack_hash_end(pack, hash, inode, digest, &sum);
	if (!err)
		erofs_pack_progress(pack, 1, inode->size);
	return err ? err : erofs_pack_note_content(pack, inode, digest, sum);
}

static int pack_stream(struct pack *pack)
{
	struct erofs_builder *builder = pack->builder;
	erofs_auto_free uint8_t *buffer = malloc(PACK_SEGMENT);
	struct erofs_tree_inode *inode;
	int more;

	if (!buffer)
		return -ENOMEM;
	while ((more = pack->streamed->next(builder->tree->source, &inode)) > 0) {
		int err = erofs_build_cancelled(builder) ? -ECANCELED : 0;

		if (!err && wants_bytes(pack))
			err = erofs_build_plan_arrival(builder, inode);
		if (!err && wants_bytes(pack))
			err = hash_arrival(pack, inode, buffer);
		if (err)
			return err;
	}
	return more;
}

int erofs_pack_outside(struct pack *pack)
{
	if (pack->streamed)
		return pack_stream(pack);
	return wants_bytes(pack) ? pack_tree(pack) : 0;
}
