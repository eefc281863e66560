/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_DECODER_OPS_H
#define EROFS_CODEC_DECODER_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What erofs_decode() passes on: see there. */
struct erofs_decode_job {
	const uint8_t *in;
	size_t in_size; /* not 0 */
	uint8_t *out;
	size_t out_size; /* not 0 */
	bool partial;
};

/* One algorithm's decompressor. `state` is what it keeps from one job to the next, NULL at first; free takes NULL, too. */
struct erofs_decoder_ops {
	int (*decode)(void **state, const struct erofs_decode_job *job);
	void (*free)(void *state); /* NULL: keeps nothing */
};

extern const struct erofs_decoder_ops erofs_decoder_lz4;
extern const struct erofs_decoder_ops erofs_decoder_lzma;
extern const struct erofs_decoder_ops erofs_decoder_deflate;
extern const struct erofs_decoder_ops erofs_decoder_zstd;

#endif
