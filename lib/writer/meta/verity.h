/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_VERITY_H
#define EROFS_WRITER_VERITY_H

#include <stdint.h>

#include "lib/format/format_verity.h"
#include "lib/io/output.h"
#include "lib/util/pool.h"

/*
 * dm-verity's hash tree behind an image: superblock in a block of its own, then the levels, the one with the root's digests
 * first. Salt and UUID depend on nothing but the content, so the same image has the same tree.
 */
struct erofs_verity {
	uint64_t image_size; /* bytes, a multiple of the block size: where the superblock goes */
	uint32_t block_size;
	/* What stands at EROFS_SUPERBLOCK_OFFSET in the end and is written last; before it zeros. */
	const uint8_t *front;
	uint64_t front_size;

	/* Results. */
	uint8_t root[EROFS_VERITY_DIGEST_SIZE];
	uint64_t end; /* of the tree, bytes */
};

/* Bytes of superblock and tree behind an image of this size. */
uint64_t erofs_writer_verity_size(uint64_t image_size, uint32_t block_size);

/* Reads the image back, hashes it on all of the pool's threads, and writes the tree. Reports what the output says. */
int erofs_writer_verity_write(struct erofs_verity *verity, struct erofs_output *output, struct erofs_pool *pool,
			      const struct erofs_cancel *cancel);

#endif
