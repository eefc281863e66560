/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "lib/codec/encoder_ops.h"

static void close_zstd(struct erofs_encoder *encoder)
{
	ZSTD_freeCCtx(encoder->state);
}

static int window_log(uint32_t dict_size)
{
	return 31 - __builtin_clz(dict_size);
}

/* No checksum and no content size: the index of the image says it, and eight bytes less are stored. */
static int open_zstd(struct erofs_encoder *encoder)
{
	const struct {
		ZSTD_cParameter parameter;
		int value;
	} set[] = {
		{ ZSTD_c_compressionLevel, encoder->settings.compression.level },
		{ ZSTD_c_windowLog, window_log(encoder->settings.dict_size) },
		{ ZSTD_c_contentSizeFlag, 0 },
		{ ZSTD_c_checksumFlag, 0 },
	};
	ZSTD_CCtx *cctx = ZSTD_createCCtx();

	encoder->state = cctx;
	if (!cctx)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		if (ZSTD_isError(ZSTD_CCtx_setParameter(cctx, set[i].parameter, set[i].value)))
			return -EINVAL;
	}
	return 0;
}

static ssize_t all_zstd(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room)
{
	size_t encoded;

	encoder->counts.runs++;
	encoded = ZSTD_compress2(encoder->state, out, room, in, size);
	if (!ZSTD_isError(encoded))
		return (ssize_t)encoded;
	switch (ZSTD_getErrorCode(encoded)) {
	case ZSTD_error_dstSize_tooSmall:
		return 0;
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

const struct erofs_encoder_ops erofs_encoder_zstd_ops = {
	.open = open_zstd,
	.close = close_zstd,
	.all = all_zstd,
	.fill = erofs_encoder_fill_by_trying,
};
