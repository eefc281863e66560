/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#include "lib/codec/encoder.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/codec/encoder_ops.h"

#define LZMA_LARGE (16u * 1024)

/* NULL: left out of this build. */
static const struct erofs_encoder_ops *const all_ops[EROFS_COMPRESSOR_COUNT] = {
#ifdef HAVE_LZ4
	[EROFS_COMPRESSOR_LZ4] = &erofs_encoder_lz4_ops,	 [EROFS_COMPRESSOR_LZ4HC] = &erofs_encoder_lz4hc_ops,
#endif
#ifdef HAVE_LZMA
	[EROFS_COMPRESSOR_LZMA] = &erofs_encoder_lzma_ops,
#endif
#ifdef HAVE_DEFLATE
	[EROFS_COMPRESSOR_DEFLATE] = &erofs_encoder_deflate_ops,
#endif
#ifdef HAVE_ZSTD
	[EROFS_COMPRESSOR_ZSTD] = &erofs_encoder_zstd_ops,
#endif
};

static uint32_t power_of_two_from(uint32_t value)
{
	return value <= 1 ? 1 : 1u << (32 - __builtin_clz(value - 1));
}

/*
 * More than the decoded size is never of use. Where that may be large, eight times the encoded size holds nearly all of what
 * such data decode to, and readers need not set aside more than that. For large extents of LZMA, half of it makes no
 * difference in size and is faster.
 */
uint32_t erofs_encoder_dict_size(const struct erofs_compression *compression, uint32_t encoded_max,
				 uint32_t decoded_max)
{
	const struct erofs_compressor_info *limits = erofs_compressor_limits(compression->compressor);
	uint32_t times = compression->compressor == EROFS_COMPRESSOR_LZMA && encoded_max >= LZMA_LARGE ? 4 : 8;
	uint32_t size;

	if (compression->dict_size)
		return compression->dict_size;
	size = encoded_max < decoded_max / times ? encoded_max * times : decoded_max;
	if (size > limits->dict_max)
		size = limits->dict_max;
	if (size < limits->dict_min)
		size = limits->dict_min;
	return limits->dict_max ? power_of_two_from(size) : 0;
}

int erofs_encoder_new(struct erofs_encoder **out, const struct erofs_encoder_settings *settings)
{
	const struct erofs_compressor_info *limits = erofs_compressor_limits(settings->compression.compressor);
	struct erofs_encoder *encoder;
	int err;

	if (!limits || settings->dict_size < limits->dict_min || settings->dict_size > limits->dict_max)
		return -EINVAL;
	if (!all_ops[settings->compression.compressor])
		return -EOPNOTSUPP;
	encoder = calloc(1, sizeof(*encoder));
	if (!encoder)
		return -ENOMEM;
	encoder->settings = *settings;
	encoder->ops = all_ops[settings->compression.compressor];
	err = encoder->ops->open(encoder);
	if (err < 0) {
		erofs_encoder_free(encoder);
		return err;
	}
	*out = encoder;
	return 0;
}

void erofs_encoder_free(struct erofs_encoder *encoder)
{
	if (!encoder)
		return;
	encoder->ops->close(encoder);
	free(encoder->scratch);
	free(encoder);
}

void erofs_encoder_begin(struct erofs_encoder *encoder)
{
	encoder->ratio = 0;
	encoder->by_lz4 = 0;
}

ssize_t erofs_encode_all(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room)
{
	encoder->counts.extents++;
	return encoder->ops->all(encoder, in, size, out, room);
}

ssize_t erofs_encode_fill(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			  size_t unit)
{
	ssize_t encoded;

	encoder->counts.extents++;
	encoded = encoder->ops->fill(encoder, in, size, out, room, unit);
	if (encoded > 0 && ((size_t)encoded + unit - 1) / unit * unit >= *size)
		return 0;
	return encoded;
}

struct erofs_encoder_counts erofs_encoder_counts(const struct erofs_encoder *encoder)
{
	return encoder->counts;
}
