/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "lib/codec/encoder_zstd_fill.h"

#define BLOCKS_ROOM_LEAST (64u * 1024)
#define BLOCKS_LEVEL_MOST 12

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
	return ZSTD_getErrorCode(encoded) == ZSTD_error_dstSize_tooSmall ? 0 : erofs_encoder_zstd_error(encoded);
}

/*
 * Blocks fill a large room fast; in a small one their tables take too much of it (0.5 % more at 32 KiB, 1.9 % at 16 KiB). The
 * slowest levels are for those who want each byte, and blocks cost them 0.5 %, where other levels have no loss.
 */
static ssize_t fill_zstd(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			 size_t unit)
{
	if (room >= BLOCKS_ROOM_LEAST && encoder->settings.compression.level <= BLOCKS_LEVEL_MOST)
		return erofs_encoder_zstd_fill(encoder, in, size, out, room, unit);
	return erofs_encoder_fill_by_trying(encoder, in, size, out, room, unit);
}

const struct erofs_encoder_ops erofs_encoder_zstd_ops = {
	.open = open_zstd,
	.close = close_zstd,
	.all = all_zstd,
	.fill = fill_zstd,
};
