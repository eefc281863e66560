/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_ENCODER_OPS_H
#define EROFS_CODEC_ENCODER_OPS_H

#include <stdbool.h>

#include "lib/codec/encoder.h"

/* What one compression library has to do; arguments and results as in encoder.h. */
struct erofs_encoder_ops {
	int (*open)(struct erofs_encoder *encoder);
	void (*close)(struct erofs_encoder *encoder);
	ssize_t (*all)(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room);
	/* Need not look whether anything is gained; 0 where nothing fits. */
	ssize_t (*fill)(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			size_t unit);
};

struct erofs_encoder {
	const struct erofs_encoder_ops *ops;
	struct erofs_encoder_settings settings;
	struct erofs_encoder_counts counts;
	/* What the last extent was like, in 1/65536; 0: none since begin. */
	uint64_t ratio;	  /* input to encoded bytes */
	uint64_t by_lz4;  /* encoded bytes to those of LZ4 for the same input */
	uint8_t *scratch; /* where tries go that may be larger than the room */
	size_t scratch_size;
	void *state; /* the library's */
};

extern const struct erofs_encoder_ops erofs_encoder_lz4_ops;
extern const struct erofs_encoder_ops erofs_encoder_lz4hc_ops;
extern const struct erofs_encoder_ops erofs_encoder_lzma_ops;
extern const struct erofs_encoder_ops erofs_encoder_deflate_ops;
extern const struct erofs_encoder_ops erofs_encoder_zstd_ops;

/* Makes the scratch area that large at least. Its content is lost. -ENOMEM. */
int erofs_encoder_need_scratch(struct erofs_encoder *encoder, size_t size);

/* How much input `room` bytes hold, if it is like the last extent's. */
size_t erofs_encoder_predict(const struct erofs_encoder *encoder, size_t room);
void erofs_encoder_learn(struct erofs_encoder *encoder, size_t size, size_t encoded);

/*
 * LZ4 as a measure of how well input compresses: it is several times faster than what is measured with it, and the
 * sizes of two compressors vary together. `size` bytes of input take `lz4` bytes there.
 */
struct erofs_measure {
	size_t size, lz4;
};

/* How much of `limit` bytes takes `lz4` bytes; false if that cannot be told. Spoils the scratch area. */
bool erofs_encoder_measure(struct erofs_encoder *encoder, const void *in, size_t limit, size_t lz4,
			   struct erofs_measure *out);

/* The LZ4 bytes that should come to `room`, by the last extent. */
size_t erofs_encoder_lz4_for(const struct erofs_encoder *encoder, size_t room);
void erofs_encoder_learn_lz4(struct erofs_encoder *encoder, size_t lz4, size_t encoded);

/* The `fill` of a compressor that can only encode all of an input: tries, and corrects by what came out. */
ssize_t erofs_encoder_fill_by_trying(struct erofs_encoder *encoder, const void *in, size_t *size, void *out,
				     size_t room, size_t unit);

#endif
