/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <lz4.h>
#include <string.h>

#include "lib/codec/decoder_ops.h"

static int decode(void **state, const struct erofs_decode_job *job)
{
	const char *in = (const char *)job->in;
	char *out = (char *)job->out;
	int wanted = (int)job->out_size, got;

	(void)state;
	/*
	 * liblz4 takes a distance of 0, which no encoder writes, for a copy of what stands there already: nothing of
	 * this process's shall get out that way.
	 */
	memset(out, 0, job->out_size);
	if (job->partial)
		got = LZ4_decompress_safe_partial(in, out, (int)job->in_size, wanted, wanted);
	else
		got = LZ4_decompress_safe(in, out, (int)job->in_size, wanted);
	return got == wanted ? 0 : -EUCLEAN;
}

const struct erofs_decoder_ops erofs_decoder_lz4 = { .decode = decode };
