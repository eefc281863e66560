/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <lz4.h>
#include <lz4hc.h>
#include <stdlib.h>

#include "lib/codec/encoder_ops.h"

/*
 * LZ4 keeps positions of 16 bits, and so twice as many of them, for inputs up to this size. Enough for most extents of
 * one block, and the result is better.
 */
#define SMALL_INPUT (64u * 1024)

/* Encodes a beginning of `in` that fills `room`. */
typedef int (*lz4_fill)(struct erofs_encoder *encoder, const void *in, int *size, void *out, int room);

static ssize_t fill_small_first(struct erofs_encoder *encoder, lz4_fill fill, const void *in, size_t *size, void *out,
				size_t room)
{
	int taken = (int)*size, encoded;

	/* A block holds no more than 255 times its size: with larger rooms the first run is seldom enough. */
	if (room <= SMALL_INPUT / 4 && *size > SMALL_INPUT) {
		taken = SMALL_INPUT;
		encoded = fill(encoder, in, &taken, out, (int)room);
		if (taken < (int)SMALL_INPUT) {
			*size = (size_t)taken;
			return encoded;
		}
		taken = (int)*size;
	}
	encoded = fill(encoder, in, &taken, out, (int)room);
	*size = (size_t)taken;
	return encoded;
}

static void close_lz4(struct erofs_encoder *encoder)
{
	free(encoder->state);
}

static int open_lz4(struct erofs_encoder *encoder)
{
	encoder->state = malloc((size_t)LZ4_sizeofState());
	return encoder->state ? 0 : -ENOMEM;
}

static ssize_t all_lz4(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room)
{
	encoder->counts.runs++;
	return LZ4_compress_fast_extState(encoder->state, in, out, (int)size, (int)room, 1);
}

static int fill_lz4_once(struct erofs_encoder *encoder, const void *in, int *size, void *out, int room)
{
	encoder->counts.runs++;
	return LZ4_compress_destSize(in, out, size, room);
}

static ssize_t fill_lz4(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			size_t unit)
{
	(void)unit;
	return fill_small_first(encoder, fill_lz4_once, in, size, out, room);
}

const struct erofs_encoder_ops erofs_encoder_lz4_ops = {
	.open = open_lz4,
	.close = close_lz4,
	.all = all_lz4,
	.fill = fill_lz4,
};

static int open_lz4hc(struct erofs_encoder *encoder)
{
	LZ4_streamHC_t *stream = LZ4_createStreamHC();

	if (!stream)
		return -ENOMEM;
	encoder->state = stream;
	return 0;
}

static void close_lz4hc(struct erofs_encoder *encoder)
{
	LZ4_freeStreamHC(encoder->state);
}

static ssize_t all_lz4hc(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room)
{
	encoder->counts.runs++;
	LZ4_resetStreamHC_fast(encoder->state, encoder->settings.compression.level);
	return LZ4_compress_HC_continue(encoder->state, in, out, (int)size, (int)room);
}

/*
 * After a fast reset what the tables hold is out of reach and nothing before `in` is looked at: the block is
 * independent.
 */
static int fill_lz4hc_once(struct erofs_encoder *encoder, const void *in, int *size, void *out, int room)
{
	encoder->counts.runs++;
	LZ4_resetStreamHC_fast(encoder->state, encoder->settings.compression.level);
	return LZ4_compress_HC_continue_destSize(encoder->state, in, out, size, room);
}

static ssize_t fill_lz4hc(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			  size_t unit)
{
	(void)unit;
	return fill_small_first(encoder, fill_lz4hc_once, in, size, out, room);
}

const struct erofs_encoder_ops erofs_encoder_lz4hc_ops = {
	.open = open_lz4hc,
	.close = close_lz4hc,
	.all = all_lz4hc,
	.fill = fill_lz4hc,
};
