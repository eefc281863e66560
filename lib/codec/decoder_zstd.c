/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "lib/codec/decoder_ops.h"

/* For what is decoded piece by piece: more than the format allows, still bounded. */
#define WINDOW_LOG_MAX 23

static void free_state(void *state)
{
	ZSTD_freeDCtx(state);
}

static int error_of(size_t ret)
{
	return ZSTD_getErrorCode(ret) == ZSTD_error_memory_allocation ? -ENOMEM : -EUCLEAN;
}

/* Exactly one frame: the library by itself would go on with a second one. */
static int decode_whole(ZSTD_DCtx *context, const struct erofs_decode_job *job)
{
	size_t ret = ZSTD_findFrameCompressedSize(job->in, job->in_size);

	if (ZSTD_isError(ret) || ret != job->in_size)
		return -EUCLEAN;
	ret = ZSTD_decompressDCtx(context, job->out, job->out_size, job->in, job->in_size);
	if (ZSTD_isError(ret))
		return error_of(ret);
	return ret == job->out_size ? 0 : -EUCLEAN;
}

static int decode_part(ZSTD_DCtx *context, const struct erofs_decode_job *job)
{
	ZSTD_inBuffer in = { job->in, job->in_size, 0 };
	ZSTD_outBuffer out = { job->out, job->out_size, 0 };

	ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
	while (out.pos < out.size) {
		size_t in_pos = in.pos, out_pos = out.pos;
		size_t ret = ZSTD_decompressStream(context, &out, &in);

		if (ZSTD_isError(ret))
			return error_of(ret);
		if (out.pos == out.size)
			break;
		/* The frame has ended, or wants what is not there. */
		if (!ret || (in.pos == in_pos && out.pos == out_pos))
			return -EUCLEAN;
	}
	return 0;
}

static int decode(void **state, const struct erofs_decode_job *job)
{
	if (!*state) {
		*state = ZSTD_createDCtx();
		if (!*state)
			return -ENOMEM;
		ZSTD_DCtx_setParameter(*state, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	}
	return job->partial ? decode_part(*state, job) : decode_whole(*state, job);
}

const struct erofs_decoder_ops erofs_decoder_zstd = { .decode = decode, .free = free_state };
