/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_CHUNKER_H
#define EROFS_CODEC_CHUNKER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Content-defined chunks: where one ends depends on the bytes in front of that place, so that equal runs of bytes come to equal
 * chunks wherever they are, but for the first and the last. Const when it is initialised: any thread may use it.
 */
struct erofs_chunker {
	uint32_t least, most; /* bytes of a chunk; the last one of a content may have fewer */
	unsigned int shift;
	uint64_t gear[256];
};

/* Chunks of about `average` bytes, a power of two from 256 bytes to 1 GiB: none has less than a quarter of that, or more than four times as much. */
void erofs_chunker_init(struct erofs_chunker *chunker, uint32_t average);

/* Bytes of the chunk that `size` bytes begin with; at least one, all of them if no chunk ends in them. 0 of none. */
size_t erofs_chunker_cut(const struct erofs_chunker *chunker, const uint8_t *data, size_t size);

#endif
