/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

#include "lib/codec/decoder_ops.h"

#define DICT_MIN (UINT32_C(64) << 10)
#define DICT_MAX (UINT32_C(8) << 20)

struct state {
	lzma_stream stream;
	uint32_t dict_size;
};

static struct state *get_state(void **state)
{
	struct state *new = *state;

	if (new)
		return new;
	new = malloc(sizeof(*new));
	if (!new)
		return NULL;
	new->stream = (lzma_stream)LZMA_STREAM_INIT;
	new->dict_size = DICT_MIN;
	*state = new;
	return new;
}

static void free_state(void *state)
{
	struct state *old = state;

	if (old)
		lzma_end(&old->stream);
	free(old);
}

static int result_of(lzma_ret ret)
{
	if (ret == LZMA_STREAM_END || ret == LZMA_OK)
		return 0;
	return ret == LZMA_MEM_ERROR ? -ENOMEM : -EUCLEAN;
}

/*
 * The data do not say how much history they refer to, but it is never more than what they decode to. It only grows from job
 * to job, because liblzma makes the whole dictionary anew when its size changes.
 */
static void grow_dict(struct state *state, size_t out_size)
{
	while (state->dict_size < out_size && state->dict_size < DICT_MAX)
		state->dict_size *= 2;
}

static int decode(void **where, const struct erofs_decode_job *job)
{
	struct state *state = get_state(where);
	lzma_ret ret;
	int err;

	if (!state)
		return -ENOMEM;
	grow_dict(state, job->out_size);
	ret = lzma_microlzma_decoder(&state->stream, job->in_size, job->out_size, !job->partial, state->dict_size);
	err = result_of(ret);
	if (err)
		return err;
	state->stream.next_in = job->in;
	state->stream.avail_in = job->in_size;
	state->stream.next_out = job->out;
	state->stream.avail_out = job->out_size;
	/* It may pause, but never twice without progress; then it says LZMA_BUF_ERROR. */
	do
		ret = lzma_code(&state->stream, LZMA_FINISH);
	while (ret == LZMA_OK && state->stream.avail_out);
	err = result_of(ret);
	if (err)
		return err;
	if (state->stream.avail_out)
		return -EUCLEAN;
	return job->partial || (ret == LZMA_STREAM_END && !state->stream.avail_in) ? 0 : -EUCLEAN;
}

const struct erofs_decoder_ops erofs_decoder_lzma = { .decode = decode, .free = free_state };
