/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <zlib.h>

#include "lib/codec/decoder_ops.h"

#define RAW_WINDOW_BITS (-15) /* zlib's way to say: no header */

/* libdeflate is the faster one, but wants the whole output; zlib stops anywhere. */
struct state {
	struct libdeflate_decompressor *whole;
	z_stream part;
	bool part_ready;
};

static void free_state(void *state)
{
	struct state *old = state;

	if (!old)
		return;
	libdeflate_free_decompressor(old->whole);
	if (old->part_ready)
		inflateEnd(&old->part);
	free(old);
}

static int decode_whole(struct state *state, const struct erofs_decode_job *job)
{
	size_t used;

	if (!state->whole)
		state->whole = libdeflate_alloc_decompressor();
	if (!state->whole)
		return -ENOMEM;
	/* Without a place for the size it must fit exactly. */
	if (libdeflate_deflate_decompress_ex(state->whole, job->in, job->in_size, job->out, job->out_size, &used,
					     NULL) != LIBDEFLATE_SUCCESS)
		return -EUCLEAN;
	return used == job->in_size ? 0 : -EUCLEAN;
}

static int prepare_part(struct state *state)
{
	int ret;

	if (state->part_ready)
		return inflateReset(&state->part) == Z_OK ? 0 : -EUCLEAN;
	ret = inflateInit2(&state->part, RAW_WINDOW_BITS);
	state->part_ready = ret == Z_OK;
	return state->part_ready ? 0 : -ENOMEM;
}

static int decode_part(struct state *state, const struct erofs_decode_job *job)
{
	int err = prepare_part(state), ret;

	if (err)
		return err;
	state->part.next_in = (Bytef *)(uintptr_t)job->in;
	state->part.avail_in = (uInt)job->in_size;
	state->part.next_out = job->out;
	state->part.avail_out = (uInt)job->out_size;
	ret = inflate(&state->part, Z_SYNC_FLUSH);
	if (ret == Z_MEM_ERROR)
		return -ENOMEM;
	if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR)
		return -EUCLEAN;
	return state->part.avail_out ? -EUCLEAN : 0;
}

static int decode(void **state, const struct erofs_decode_job *job)
{
	if (!*state)
		*state = calloc(1, sizeof(struct state));
	if (!*state)
		return -ENOMEM;
	return job->partial ? decode_part(*state, job) : decode_whole(*state, job);
}

const struct erofs_decoder_ops erofs_decoder_deflate = { .decode = decode, .free = free_state };
