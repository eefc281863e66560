/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "lib/codec/encoder_zstd_fill.h"

/*
 * How much input fills a room, block by block: a frame of zstd may consist of several. The first block is meant for half of the
 * room, and what all have come to says how much the next may take. So hardly anything is encoded twice: a PostgreSQL root, 64 KiB,
 * level 3, takes 0.65 of the time that trying takes, and no more room, as blocks with tables of their own suit their bytes.
 */
#define BLOCKS_MOST  6
#define ENOUGH_SHIFT 4 /* what of a unit may stay empty */

/* How much more than what is likely a room may hold, behind other extents of the file and as the first. */
#define KNOWN_TIMES   2
#define UNKNOWN_TIMES 4

/* Of what is left of the room, the part in percent that the next block is meant for. */
static const uint8_t percent[BLOCKS_MOST] = { 50, 70, 85, 95, 95, 95 };

/* Ends a frame: the last block, not compressed, of no bytes (RFC 8878, 3.1.1.2). */
static const uint8_t last_block[] = { 1, 0, 0 };

struct frame {
	ZSTD_CCtx *cctx;
	const uint8_t *in;
	size_t limit; /* input there is; fixed before the first block */
	uint8_t *out;
	size_t room; /* without the last block */
	size_t taken, made;
};

int erofs_encoder_zstd_error(size_t code)
{
	return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? -ENOMEM : -EIO;
}

/* zstd chooses its tables by the size that it is told, and takes no more input than that. */
static int begin_frame(struct frame *frame)
{
	size_t err = ZSTD_CCtx_reset(frame->cctx, ZSTD_reset_session_only);

	if (!ZSTD_isError(err))
		err = ZSTD_CCtx_setPledgedSrcSize(frame->cctx, frame->limit);
	return ZSTD_isError(err) ? -EIO : 0;
}

/* Whether the next `size` bytes fit, as a block. If not, the frame ends in front of them. */
static int add_block(struct frame *frame, size_t size)
{
	ZSTD_inBuffer in = { frame->in + frame->taken, size, 0 };
	ZSTD_outBuffer out = { frame->out, frame->room, frame->made };
	size_t held;

	do {
		held = ZSTD_compressStream2(frame->cctx, &out, &in, ZSTD_e_flush);
		if (ZSTD_isError(held))
			return erofs_encoder_zstd_error(held);
	} while (held && out.pos < out.size);
	if (held || in.pos < in.size)
		return 0;
	frame->taken += size;
	frame->made = out.pos;
	return 1;
}

static size_t next_size(const struct frame *frame, int blocks)
{
	size_t aim = (frame->room - frame->made) * percent[blocks] / 100, left = frame->limit - frame->taken;
	size_t size = (size_t)((uint64_t)aim * frame->taken / frame->made);

	return size < left ? size : left;
}

static int add_blocks(struct frame *frame, size_t likely, size_t unit)
{
	int fits = add_block(frame, likely * percent[0] / 100);

	for (int blocks = 1; fits == 1 && blocks < BLOCKS_MOST; blocks++) {
		size_t size = next_size(frame, blocks);

		if (!size || frame->room - frame->made < unit >> ENOUGH_SHIFT || frame->made >= frame->taken)
			break;
		fits = add_block(frame, size);
	}
	return fits;
}

/* The input changes so much that its beginning says nothing about the rest. */
static bool is_poor(const struct frame *frame, size_t size)
{
	return frame->taken < size && frame->made < frame->taken && frame->made < frame->room * 3 / 5;
}

/* `likely`: what the room is thought to hold. 0: the frame is not worth having. */
static ssize_t fill_by_blocks(struct erofs_encoder *encoder, const void *in, size_t *size, size_t likely, void *out,
			      size_t room, size_t unit)
{
	size_t most = likely * (encoder->ratio ? KNOWN_TIMES : UNKNOWN_TIMES);
	struct frame frame = { .cctx = encoder->state,
			       .in = in,
			       .limit = most < *size ? most : *size,
			       .out = out,
			       .room = room - sizeof(last_block) };
	int err = begin_frame(&frame);

	encoder->counts.runs++;
	if (!err)
		err = add_blocks(&frame, likely, unit);
	if (err < 0)
		return err;
	if (!frame.taken || is_poor(&frame, *size))
		return 0;
	memcpy(frame.out + frame.made, last_block, sizeof(last_block));
	*size = frame.taken;
	return (ssize_t)(frame.made + sizeof(last_block));
}

/* Where all that is left may fit, that is one block, and ends as zstd ends a frame. */
ssize_t erofs_encoder_zstd_fill(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
				size_t unit)
{
	size_t likely = erofs_encoder_predict(encoder, room), length = *size;
	ssize_t encoded = 0;

	if (likely >= length) {
		likely = length;
		encoded = encoder->ops->all(encoder, in, length, out, room);
	}
	if (!encoded)
		encoded = fill_by_blocks(encoder, in, &length, likely, out, room, unit);
	if (!encoded)
		return erofs_encoder_fill_by_trying(encoder, in, size, out, room, unit);
	if (encoded > 0) {
		erofs_encoder_learn(encoder, length, (size_t)encoded);
		*size = length;
	}
	return encoded;
}
