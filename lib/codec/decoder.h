/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_DECODER_H
#define EROFS_CODEC_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include <erofs/compress.h>

/* All decompressors with their working memory, made when first needed; for one thread at a time. */
struct erofs_decoder;

/* NULL: out of memory. */
struct erofs_decoder *erofs_decoder_new(void);
void erofs_decoder_free(struct erofs_decoder *decoder);

/*
 * Decodes one extent: `in` is what was encoded, without padding. Fills all `out_size` bytes of `out`, or fails. With `partial`
 * it may decode to more than that, of which the beginning is wanted; else it must decode to exactly so much. -EUCLEAN for
 * bytes that are not what an encoder makes, -EOPNOTSUPP for an unknown algorithm, -ENOMEM. Never reads or writes outside
 * its arguments, and takes time and memory bounded by out_size and EROFS_PCLUSTER_DECODED_MAX, whatever the bytes are.
 */
int erofs_decode(struct erofs_decoder *decoder, enum erofs_algorithm algorithm, const void *in, size_t in_size,
		 void *out, size_t out_size, bool partial);

#endif
