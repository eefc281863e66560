/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_ENCODER_ZSTD_FILL_H
#define EROFS_CODEC_ENCODER_ZSTD_FILL_H

#include "lib/codec/encoder_ops.h"

/* An error of the library as a negative errno value. */
int erofs_encoder_zstd_error(size_t code);

/* `fill` of erofs_encoder_ops, in one run. */
ssize_t erofs_encoder_zstd_fill(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
				size_t unit);

#endif
