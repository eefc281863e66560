/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/verity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/superblock.h>

#include "lib/codec/hasher.h"
#include "lib/util/cleanup.h"

/* More than 2^64 bytes need: 512-byte blocks hold 16 digests. */
#define LEVELS_MAX 16

/* As containerd has it. The digests have to be found again, not to be secret. */
static const uint8_t salt[EROFS_VERITY_SALT_SIZE];

struct level {
	uint64_t offset; /* bytes */
	uint64_t blocks;
};

struct levels {
	struct level list[LEVELS_MAX]; /* the lowest first */
	unsigned int count;
	uint64_t end;
};

/* A worker's own. */
struct hand {
	struct erofs_hasher *hasher;
	uint8_t *below; /* as many blocks as a hash block has digests */
	uint8_t *block;
};

struct job {
	struct erofs_verity *verity;
	struct erofs_output *output;
	const struct erofs_cancel *cancel;
	struct levels levels;
	struct hand *hands;
	unsigned int hand_count;
	unsigned int level; /* in hand */
};

static uint32_t digests_in_block(uint32_t block_size)
{
	return block_size / EROFS_VERITY_DIGEST_SIZE;
}

/* One block of data needs no level: its digest is the root. */
static void find_levels(struct levels *levels, uint64_t image_size, uint32_t block_size)
{
	uint64_t fan = digests_in_block(block_size), blocks = image_size / block_size;

	levels->count = 0;
	while (blocks > 1) {
		blocks = (blocks + fan - 1) / fan;
		levels->list[levels->count++].blocks = blocks;
	}
	/* Blocks have at least the size of the superblock. */
	levels->end = image_size + block_size;
	for (unsigned int i = levels->count; i-- > 0;) {
		levels->list[i].offset = levels->end;
		levels->end += levels->list[i].blocks * block_size;
	}
}

uint64_t erofs_writer_verity_size(uint64_t image_size, uint32_t block_size)
{
	struct levels levels;

	find_levels(&levels, image_size, block_size);
	return levels.end - image_size;
}

/* Part of the image as it will be when its front is written. */
static int read_image(const struct job *job, uint8_t *out, size_t size, uint64_t offset)
{
	const struct erofs_verity *verity = job->verity;
	uint64_t front_end = EROFS_SUPERBLOCK_OFFSET + verity->front_size;
	int err = erofs_output_read(job->output, out, size, offset);

	for (uint64_t at = offset; !err && at < offset + size && at < front_end; at++)
		out[at - offset] = at < EROFS_SUPERBLOCK_OFFSET ? 0 : verity->front[at - EROFS_SUPERBLOCK_OFFSET];
	return err;
}

static int hash_block(const struct job *job, struct hand *hand, const uint8_t *data, uint8_t *digest)
{
	int err = erofs_hasher_begin(hand->hasher);

	if (!err)
		err = erofs_hasher_append(hand->hasher, salt, sizeof(salt));
	if (!err)
		err = erofs_hasher_append(hand->hasher, data, job->verity->block_size);
	return err ? err : erofs_hasher_end(hand->hasher, digest);
}

/* One hash block of the level in hand. */
static int fill_block(void *ctx, unsigned int item, unsigned int worker)
{
	const struct job *job = ctx;
	struct hand *hand = &job->hands[worker];
	const struct level *below = job->level ? &job->levels.list[job->level - 1] : NULL;
	uint32_t size = job->verity->block_size, fan = digests_in_block(size);
	uint64_t blocks = below ? below->blocks : job->verity->image_size / size;
	uint64_t first = (uint64_t)item * fan, count = blocks - first < fan ? blocks - first : fan;
	int err;

	if (erofs_cancel_requested(job->cancel))
		return -ECANCELED;
	err = below ? erofs_output_read(job->output, hand->below, count * size, below->offset + first * size)
		    : read_image(job, hand->below, count * size, first * size);
	memset(hand->block, 0, size);
	for (uint64_t i = 0; !err && i < count; i++)
		err = hash_block(job, hand, hand->below + i * size, hand->block + i * EROFS_VERITY_DIGEST_SIZE);
	return err ? err
		   : erofs_output_write(job->output, hand->block, size,
					job->levels.list[job->level].offset + (uint64_t)item * size);
}

static int find_root(const struct job *job)
{
	struct hand *hand = &job->hands[0];
	uint32_t size = job->verity->block_size;
	int err;

	if (job->levels.count)
		err = erofs_output_read(job->output, hand->block, size, job->levels.list[job->levels.count - 1].offset);
	else
		err = read_image(job, hand->block, size, 0);
	return err ? err : hash_block(job, hand, hand->block, job->verity->root);
}

/* The root with the words before it, so that the UUID is no digest that says anything else. */
static int derive_uuid(const struct job *job, uint8_t uuid[16])
{
	static const char words[] = "dm-verity tree of an EROFS image: ";
	struct erofs_hasher *hasher = job->hands[0].hasher;
	int err = erofs_hasher_begin(hasher);

	if (!err)
		err = erofs_hasher_append(hasher, words, strlen(words));
	if (!err)
		err = erofs_hasher_append(hasher, job->verity->root, sizeof(job->verity->root));
	return err ? err : erofs_hasher_end_uuid(hasher, uuid);
}

static int write_superblock(const struct job *job)
{
	struct hand *hand = &job->hands[0];
	struct erofs_verity_superblock superblock = {
		.block_size = job->verity->block_size,
		.data_blocks = job->verity->image_size / job->verity->block_size,
	};
	int err = derive_uuid(job, superblock.uuid);

	if (err)
		return err;
	memcpy(superblock.salt, salt, sizeof(salt));
	memset(hand->block, 0, job->verity->block_size);
	erofs_verity_superblock_encode(&superblock, hand->block);
	return erofs_output_write(job->output, hand->block, job->verity->block_size, job->verity->image_size);
}

static int make_hands(struct job *job)
{
	uint32_t size = job->verity->block_size;

	job->hands = calloc(job->hand_count, sizeof(*job->hands));
	for (unsigned int i = 0; job->hands && i < job->hand_count; i++) {
		struct hand *hand = &job->hands[i];

		hand->hasher = erofs_hasher_new(EROFS_DIGEST_SHA256);
		hand->below = malloc((size_t)size * digests_in_block(size));
		hand->block = malloc(size);
		if (!hand->hasher || !hand->below || !hand->block)
			return -ENOMEM;
	}
	return job->hands ? 0 : -ENOMEM;
}

static void release_job(struct job *job)
{
	for (unsigned int i = 0; job->hands && i < job->hand_count; i++) {
		erofs_hasher_free(job->hands[i].hasher);
		free(job->hands[i].below);
		free(job->hands[i].block);
	}
	free(job->hands);
}

int erofs_writer_verity_write(struct erofs_verity *verity, struct erofs_output *output, struct erofs_pool *pool,
			      const struct erofs_cancel *cancel)
{
	erofs_auto(release_job) struct job job = {
		.verity = verity,
		.output = output,
		.cancel = cancel,
		.hand_count = erofs_pool_width(pool),
	};
	int err = make_hands(&job);

	find_levels(&job.levels, verity->image_size, verity->block_size);
	/* An image has at most 2^32 blocks, so the number of hash blocks fits. */
	for (; !err && job.level < job.levels.count; job.level++)
		err = erofs_pool_each(pool, fill_block, &job, (unsigned int)job.levels.list[job.level].blocks);
	if (!err)
		err = find_root(&job);
	if (!err)
		err = write_superblock(&job);
	verity->end = job.levels.end;
	return err;
}
