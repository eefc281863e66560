/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_ENCODER_OPS_H
#define EROFS_CODEC_ENCODER_OPS_H

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
	uint64_t ratio;	  /* of the last extents: input bytes for 64 Ki encoded ones; 0: none since begin */
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

/* How much input `room` bytes hold, by what was learned. */
size_t erofs_encoder_predict(const struct erofs_encoder *encoder, size_t room);
void erofs_encoder_learn(struct erofs_encoder *encoder, size_t size, size_t encoded);

/* The `fill` of a compressor that can only encode all of an input: tries, and corrects by what came out. */
ssize_t erofs_encoder_fill_by_trying(struct erofs_encoder *encoder, const void *in, size_t *size, void *out,
				     size_t room, size_t unit);

#endif
