/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/verity.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/zeros.h"

#define BLOCK	   4096u
#define BLOCK_BITS 12u
#define DIGEST	   32u
#define DESCRIPTOR 256u
#define ALG_SHA256 1u
/* 128 digests fit into a block: 2^51 blocks have a tree of 8 levels, and the root above. */
#define LEVELS 9u

struct level {
	uint8_t block[BLOCK];
	size_t used;
};

struct erofs_verity {
	EVP_MD *algorithm;
	EVP_MD_CTX *ctx;
	uint64_t size;
	uint8_t of_zeros[DIGEST];     /* digest of a block of zeros */
	unsigned int top;	      /* the highest level with something in it */
	struct level data;	      /* the last block of the file, as far as it is there */
	struct level digests[LEVELS]; /* of the data's blocks, of the blocks of these ... */
};

static const uint8_t zeros[BLOCK];

static int hash(const struct erofs_verity *verity, uint8_t *out, const uint8_t *data, size_t size)
{
	return EVP_DigestInit_ex(verity->ctx, verity->algorithm, NULL) && EVP_DigestUpdate(verity->ctx, data, size) &&
			       EVP_DigestFinal_ex(verity->ctx, out, NULL)
		       ? 0
		       : -EIO;
}

void erofs_verity_free(struct erofs_verity *verity)
{
	if (!verity)
		return;
	EVP_MD_CTX_free(verity->ctx);
	EVP_MD_free(verity->algorithm);
	free(verity);
}

struct erofs_verity *erofs_verity_new(void)
{
	struct erofs_verity *verity = calloc(1, sizeof(*verity));

	if (!verity)
		return NULL;
	verity->algorithm = EVP_MD_fetch(NULL, "sha256", NULL);
	verity->ctx = EVP_MD_CTX_new();
	if (!verity->algorithm || !verity->ctx || hash(verity, verity->of_zeros, zeros, BLOCK)) {
		erofs_verity_free(verity);
		return NULL;
	}
	return verity;
}

void erofs_verity_begin(struct erofs_verity *verity)
{
	verity->size = 0;
	verity->top = 0;
	verity->data.used = 0;
	for (unsigned int i = 0; i < LEVELS; i++)
		verity->digests[i].used = 0;
}

static int hash_block(const struct erofs_verity *verity, uint8_t *out, const uint8_t *block)
{
	if (!erofs_is_zero(block, BLOCK))
		return hash(verity, out, block, BLOCK);
	memcpy(out, verity->of_zeros, DIGEST);
	return 0;
}

/* A digest goes up as far as it completes blocks. */
static int push(struct erofs_verity *verity, const uint8_t *block, unsigned int at)
{
	for (;; at++) {
		struct level *level = &verity->digests[at];
		int err = hash_block(verity, level->block + level->used, block);

		if (err)
			return err;
		level->used += DIGEST;
		verity->top = at > verity->top ? at : verity->top;
		if (level->used < BLOCK)
			return 0;
		level->used = 0;
		block = level->block;
	}
}

/* Completes the last block of a level with zeros. */
static const uint8_t *padded(struct level *level)
{
	memset(level->block + level->used, 0, BLOCK - level->used);
	level->used = 0;
	return level->block;
}

static size_t fill(struct level *level, const uint8_t *data, size_t size)
{
	size_t room = BLOCK - level->used, part = size < room ? size : room;

	memcpy(level->block + level->used, data, part);
	level->used += part;
	return part;
}

int erofs_verity_append(struct erofs_verity *verity, const void *data, size_t size)
{
	const uint8_t *at = data, *end = at + size;
	int err = 0;

	verity->size += size;
	if (verity->data.used) {
		at += fill(&verity->data, at, size);
		if (verity->data.used == BLOCK) {
			verity->data.used = 0;
			err = push(verity, verity->data.block, 0);
		}
	}
	for (; !err && (size_t)(end - at) >= BLOCK; at += BLOCK)
		err = push(verity, at, 0);
	if (!err && at < end)
		fill(&verity->data, at, (size_t)(end - at));
	return err;
}

/* The digest at the top, of the one block that a level consists of. An empty file has none: zeros. */
static int find_root(struct erofs_verity *verity, uint8_t *root)
{
	int err = verity->data.used ? push(verity, padded(&verity->data), 0) : 0;

	memset(root, 0, DIGEST);
	if (err || !verity->size)
		return err;
	for (unsigned int at = 0;; at++) {
		struct level *level = &verity->digests[at];

		if (at == verity->top && level->used == DIGEST) {
			memcpy(root, level->block, DIGEST);
			return 0;
		}
		err = level->used ? push(verity, padded(level), at + 1) : 0;
		if (err)
			return err;
	}
}

/* Version, algorithm, block size, no salt, no signature; the size, the root, the rest zeros. */
int erofs_verity_end(struct erofs_verity *verity, uint8_t *raw)
{
	uint8_t descriptor[DESCRIPTOR] = { 1, ALG_SHA256, BLOCK_BITS };
	int err = find_root(verity, descriptor + 16);

	for (unsigned int i = 0; i < 8; i++)
		descriptor[8 + i] = (uint8_t)(verity->size >> 8 * i);
	return err ? err : hash(verity, raw, descriptor, sizeof(descriptor));
}
