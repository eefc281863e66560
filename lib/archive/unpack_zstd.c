/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "lib/archive/unpack_format.h"

/* libzstd compares size and checksum of each frame that has them. A window may have 128 MiB, as with zstd itself. */

static int begin(void **state)
{
	if (!*state)
		*state = ZSTD_createDStream();
	if (!*state)
		return -ENOMEM;
	return ZSTD_isError(ZSTD_initDStream(*state)) ? -ENOMEM : 0;
}

static int step(void *state, struct unpack_buffers *buffers, const char **why)
{
	ZSTD_inBuffer in = { buffers->in, buffers->in_left, 0 };
	ZSTD_outBuffer out = { buffers->out, buffers->out_left, 0 };
	size_t result = ZSTD_decompressStream(state, &out, &in);

	buffers->in += in.pos;
	buffers->in_left -= in.pos;
	buffers->out += out.pos;
	buffers->out_left -= out.pos;
	if (!ZSTD_isError(result))
		return result == 0;
	*why = ZSTD_getErrorName(result);
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		*why = "they want a window of more than 128 MiB";
		return -EOPNOTSUPP;
	case ZSTD_error_dictionary_wrong:
		*why = "they want a dictionary, which is not in them";
		return -EOPNOTSUPP;
	default:
		return -EBADMSG;
	}
}

static void release(void *state)
{
	ZSTD_freeDStream(state);
}

const struct unpack_format erofs_archive_unpack_zstd = {
	.name = "zstd",
	.family = UNPACK_ZSTD,
	.may_skip = true,
	.fits = erofs_archive_unpack_fits_zstd,
	.begin = begin,
	.step = step,
	.release = release,
};
