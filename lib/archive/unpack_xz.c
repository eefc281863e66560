/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/unpack_format.h"

/*
 * xz and its kin. liblzma compares the check of each block (CRC32, CRC64, SHA-256), index and footer; of lzip CRC32 and both
 * sizes. lzma, the oldest one, has nothing but a size, and often not that.
 */

static int begin(void **state, lzma_ret (*open)(lzma_stream *stream))
{
	static const lzma_stream initial = LZMA_STREAM_INIT;
	lzma_stream *stream = *state ? *state : malloc(sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	/* What one member has taken, liblzma takes again for the next one. */
	if (!*state)
		*stream = initial;
	*state = stream;
	return open(stream) == LZMA_OK ? 0 : -ENOMEM;
}

static lzma_ret open_xz(lzma_stream *stream)
{
	return lzma_stream_decoder(stream, UNPACK_MEMORY_MOST, LZMA_TELL_UNSUPPORTED_CHECK);
}

static lzma_ret open_lzip(lzma_stream *stream)
{
	return lzma_lzip_decoder(stream, UNPACK_MEMORY_MOST, 0);
}

static lzma_ret open_lzma(lzma_stream *stream)
{
	return lzma_alone_decoder(stream, UNPACK_MEMORY_MOST);
}

static int begin_xz(void **state)
{
	return begin(state, open_xz);
}

static int begin_lzip(void **state)
{
	return begin(state, open_lzip);
}

static int begin_lzma(void **state)
{
	return begin(state, open_lzma);
}

static int judge(lzma_ret result, const char **why)
{
	switch (result) {
	case LZMA_STREAM_END:
		return 1;
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* no input, no room: no progress */
		return 0;
	case LZMA_MEM_ERROR:
		return -ENOMEM;
	case LZMA_MEMLIMIT_ERROR:
		*why = "they want more than 1 GiB of memory";
		return -EOPNOTSUPP;
	case LZMA_UNSUPPORTED_CHECK:
		*why = "they have a check that liblzma does not know";
		return -EOPNOTSUPP;
	case LZMA_OPTIONS_ERROR:
		*why = "they are of a kind that liblzma does not know";
		return -EOPNOTSUPP;
	case LZMA_FORMAT_ERROR:
		*why = "a header makes no sense";
		return -EBADMSG;
	default:
		*why = "a check or a size is wrong";
		return -EBADMSG;
	}
}

static int step(void *state, struct unpack_buffers *buffers, const char **why)
{
	lzma_stream *stream = state;
	lzma_ret result;

	stream->next_in = buffers->in;
	stream->avail_in = buffers->in_left;
	stream->next_out = buffers->out;
	stream->avail_out = buffers->out_left;
	result = lzma_code(stream, LZMA_RUN);
	buffers->in = stream->next_in;
	buffers->in_left = stream->avail_in;
	buffers->out = stream->next_out;
	buffers->out_left = stream->avail_out;
	return judge(result, why);
}

static void release(void *state)
{
	lzma_end(state);
	free(state);
}

const struct unpack_format erofs_archive_unpack_xz = {
	.name = "xz",
	.family = UNPACK_XZ,
	.padding = 4,
	.fits = erofs_archive_unpack_fits_xz,
	.begin = begin_xz,
	.step = step,
	.release = release,
};

const struct unpack_format erofs_archive_unpack_lzip = {
	.name = "lzip",
	.family = UNPACK_LZIP,
	.fits = erofs_archive_unpack_fits_lzip,
	.begin = begin_lzip,
	.step = step,
	.release = release,
};

const struct unpack_format erofs_archive_unpack_lzma = {
	.name = "lzma",
	.family = UNPACK_LZMA,
	.is_single = true,
	.fits = erofs_archive_unpack_fits_lzma,
	.begin = begin_lzma,
	.step = step,
	.release = release,
};
