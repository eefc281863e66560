/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

#include "lib/codec/encoder_ops.h"

/* liblzma refuses less room than this. */
#define MICROLZMA_MIN	  6
#define EXTREME_FROM	  100
#define MIN_INPUT_OFFERED 16384u

struct lzma {
	lzma_stream stream;
	lzma_options_lzma options;
};

static void close_lzma(struct erofs_encoder *encoder)
{
	struct lzma *lzma = encoder->state;

	if (lzma)
		lzma_end(&lzma->stream);
	free(lzma);
}

static int open_lzma(struct erofs_encoder *encoder)
{
	const struct erofs_compression *c = &encoder->settings.compression;
	uint32_t preset = (uint32_t)c->level;
	struct lzma *lzma = calloc(1, sizeof(*lzma));

	encoder->state = lzma;
	if (!lzma)
		return -ENOMEM;
	lzma->stream = (lzma_stream)LZMA_STREAM_INIT;
	if (preset >= EXTREME_FROM)
		preset = (preset - EXTREME_FROM) | LZMA_PRESET_EXTREME;
	if (lzma_lzma_preset(&lzma->options, preset))
		return -EINVAL;
	lzma->options.dict_size = encoder->settings.dict_size;
	if (c->lc >= 0)
		lzma->options.lc = (uint32_t)c->lc;
	if (c->lp >= 0)
		lzma->options.lp = (uint32_t)c->lp;
	if (c->pb >= 0)
		lzma->options.pb = (uint32_t)c->pb;
	if (lzma->options.lc + lzma->options.lp > LZMA_LCLP_MAX)
		return -EINVAL;
	return 0;
}

/* Encodes a beginning of `in` that fills `room`, in one go. The stream's memory is used again. */
static ssize_t run(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room)
{
	struct lzma *lzma = encoder->state;
	lzma_ret ret;

	if (room < MICROLZMA_MIN)
		return 0;
	encoder->counts.runs++;
	ret = lzma_microlzma_encoder(&lzma->stream, &lzma->options);
	if (ret != LZMA_OK)
		return ret == LZMA_MEM_ERROR ? -ENOMEM : -EINVAL;
	lzma->stream.next_in = in;
	lzma->stream.avail_in = *size;
	lzma->stream.next_out = out;
	lzma->stream.avail_out = room;
	ret = lzma_code(&lzma->stream, LZMA_FINISH);
	if (ret != LZMA_STREAM_END)
		return ret == LZMA_MEM_ERROR ? -ENOMEM : -EIO;
	*size = lzma->stream.total_in;
	return (ssize_t)lzma->stream.total_out;
}

static ssize_t all_lzma(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room)
{
	size_t taken = size;
	ssize_t encoded = run(encoder, in, &taken, out, room);

	return encoded > 0 && taken < size ? 0 : encoded;
}

/*
 * liblzma copies much more of the input than it encodes: it is offered a few times what is expected, more only if that is used
 * up.
 */
static ssize_t fill_lzma(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			 size_t unit)
{
	size_t offered = 4 * erofs_encoder_predict(encoder, room) + MIN_INPUT_OFFERED;
	size_t taken;
	ssize_t encoded;

	(void)unit;
	for (;; offered *= 8) {
		taken = offered < *size ? offered : *size;
		encoded = run(encoder, in, &taken, out, room);
		if (encoded <= 0)
			return encoded;
		if (taken < offered || offered >= *size)
			break;
	}
	erofs_encoder_learn(encoder, taken, (size_t)encoded);
	*size = taken;
	return encoded;
}

const struct erofs_encoder_ops erofs_encoder_lzma_ops = {
	.open = open_lzma,
	.close = close_lzma,
	.all = all_lzma,
	.fill = fill_lzma,
};
