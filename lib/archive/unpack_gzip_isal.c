/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/unpack_format.h"

/*
 * gzip by ISA-L, which takes less than half of zlib's time for the same bytes. It compares CRC32 and length at the end of each
 * member, and the header's checksum; flags that RFC 1952 reserves it passes over, so they are looked at here.
 */

#define TRAILER	       8u
#define FLAGS_AT       3u
#define FLAGS_RESERVED 0xe0u

struct gzip {
	bool is_started;
	uint8_t last[TRAILER]; /* bytes that were used: at the end of a member, its trailer */
	struct inflate_state inflate;
};

static int begin(void **state)
{
	struct gzip *gzip = *state;

	if (gzip) {
		isal_inflate_reset(&gzip->inflate);
	} else {
		gzip = malloc(sizeof(*gzip));
		if (!gzip)
			return -ENOMEM;
		isal_inflate_init(&gzip->inflate);
	}
	gzip->inflate.crc_flag = ISAL_GZIP;
	gzip->is_started = false;
	memset(gzip->last, 0, sizeof(gzip->last));
	*state = gzip;
	return 0;
}

static uint32_t at_most_int(size_t size)
{
	return size < UINT_MAX ? (uint32_t)size : UINT_MAX;
}

static void note_used(struct gzip *gzip, const uint8_t *in, size_t count)
{
	size_t kept = count < TRAILER ? TRAILER - count : 0;

	memmove(gzip->last, gzip->last + TRAILER - kept, kept);
	memcpy(gzip->last + kept, in + count - (TRAILER - kept), TRAILER - kept);
}

/* ISA-L has one code for all of its checks. */
static const char *name_check(const struct gzip *gzip)
{
	const uint8_t *size = gzip->last + TRAILER / 2;

	if (gzip->inflate.block_state != ISAL_BLOCK_FINISH)
		return "incorrect header check";
	if ((size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24) !=
	    gzip->inflate.total_out)
		return "incorrect length check";
	return "incorrect data check";
}

static int judge(const struct gzip *gzip, int result, const char **why)
{
	switch (result) {
	case ISAL_DECOMP_OK:
	case ISAL_END_INPUT:
	case ISAL_OUT_OVERFLOW:
		return gzip->inflate.block_state == ISAL_BLOCK_FINISH;
	case ISAL_INCORRECT_CHECKSUM:
		*why = name_check(gzip);
		return -EBADMSG;
	case ISAL_UNSUPPORTED_METHOD:
		*why = "unknown compression method";
		return -EBADMSG;
	case ISAL_INVALID_LOOKBACK:
		*why = "invalid distance too far back";
		return -EBADMSG;
	default:
		*why = "invalid block or code";
		return -EBADMSG;
	}
}

static int step(void *state, struct unpack_buffers *buffers, const char **why)
{
	uint32_t in = at_most_int(buffers->in_left), out = at_most_int(buffers->out_left);
	struct gzip *gzip = state;
	int result;

	/* Whoever calls has looked that far ahead, unless the stream ends before, which ISA-L finds. */
	if (!gzip->is_started && in > FLAGS_AT && buffers->in[FLAGS_AT] & FLAGS_RESERVED) {
		*why = "unknown header flags set";
		return -EBADMSG;
	}
	gzip->is_started = true;
	gzip->inflate.next_in = (uint8_t *)(uintptr_t)buffers->in;
	gzip->inflate.avail_in = in;
	gzip->inflate.next_out = buffers->out;
	gzip->inflate.avail_out = out;
	result = isal_inflate(&gzip->inflate);
	in -= gzip->inflate.avail_in;
	out -= gzip->inflate.avail_out;
	note_used(gzip, buffers->in, in);
	buffers->in += in;
	buffers->in_left -= in;
	buffers->out += out;
	buffers->out_left -= out;
	return judge(gzip, result, why);
}

const struct unpack_format erofs_archive_unpack_gzip = {
	.name = "gzip",
	.family = UNPACK_GZIP,
	.fits = erofs_archive_unpack_fits_gzip,
	.begin = begin,
	.step = step,
	.release = free,
};
