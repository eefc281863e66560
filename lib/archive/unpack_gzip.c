/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "lib/archive/unpack_format.h"

/* zlib compares CRC32 and length at the end of each member, and the header's checksum, if it has one. */

#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for gzip's header */

static int begin(void **state)
{
	z_stream *gzip = *state;

	if (gzip)
		return inflateReset(gzip) == Z_OK ? 0 : -ENOMEM;
	gzip = calloc(1, sizeof(*gzip));
	if (!gzip)
		return -ENOMEM;
	if (inflateInit2(gzip, GZIP_WINDOW) != Z_OK) {
		free(gzip);
		return -ENOMEM;
	}
	*state = gzip;
	return 0;
}

static uInt at_most_int(size_t size)
{
	return size < UINT_MAX ? (uInt)size : UINT_MAX;
}

static int step(void *state, struct unpack_buffers *buffers, const char **why)
{
	uInt in = at_most_int(buffers->in_left), out = at_most_int(buffers->out_left);
	z_stream *gzip = state;
	int result;

	gzip->next_in = (Bytef *)(uintptr_t)buffers->in;
	gzip->avail_in = in;
	gzip->next_out = buffers->out;
	gzip->avail_out = out;
	result = inflate(gzip, Z_NO_FLUSH);
	buffers->in += in - gzip->avail_in;
	buffers->in_left -= in - gzip->avail_in;
	buffers->out += out - gzip->avail_out;
	buffers->out_left -= out - gzip->avail_out;
	if (result == Z_STREAM_END)
		return 1;
	if (result == Z_OK || result == Z_BUF_ERROR)
		return 0;
	*why = gzip->msg;
	return result == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static void release(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct unpack_format erofs_archive_unpack_gzip = {
	.name = "gzip",
	.family = UNPACK_GZIP,
	.fits = erofs_archive_unpack_fits_gzip,
	.begin = begin,
	.step = step,
	.release = release,
};
