/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <bzlib.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/unpack_format.h"

/* libbz2 compares the checksum of each block and that of all. */

static int begin(void **state)
{
	bz_stream *bzip2 = *state ? *state : malloc(sizeof(*bzip2));

	if (!bzip2)
		return -ENOMEM;
	if (*state)
		BZ2_bzDecompressEnd(bzip2);
	memset(bzip2, 0, sizeof(*bzip2));
	/* Should this fail, releasing it does no harm. */
	*state = bzip2;
	return BZ2_bzDecompressInit(bzip2, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static unsigned int at_most_int(size_t size)
{
	return size < UINT_MAX ? (unsigned int)size : UINT_MAX;
}

static int step(void *state, struct unpack_buffers *buffers, const char **why)
{
	unsigned int in = at_most_int(buffers->in_left), out = at_most_int(buffers->out_left);
	bz_stream *bzip2 = state;
	int result;

	bzip2->next_in = (char *)(uintptr_t)buffers->in;
	bzip2->avail_in = in;
	bzip2->next_out = (char *)buffers->out;
	bzip2->avail_out = out;
	result = BZ2_bzDecompress(bzip2);
	buffers->in += in - bzip2->avail_in;
	buffers->in_left -= in - bzip2->avail_in;
	buffers->out += out - bzip2->avail_out;
	buffers->out_left -= out - bzip2->avail_out;
	if (result == BZ_STREAM_END)
		return 1;
	if (result == BZ_OK)
		return 0;
	*why = "a checksum or a mark is wrong";
	return result == BZ_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static void release(void *state)
{
	BZ2_bzDecompressEnd(state);
	free(state);
}

const struct unpack_format erofs_archive_unpack_bzip2 = {
	.name = "bzip2",
	.family = UNPACK_BZIP2,
	.fits = erofs_archive_unpack_fits_bzip2,
	.begin = begin,
	.step = step,
	.release = release,
};
