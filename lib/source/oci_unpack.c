/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#include "lib/source/oci_unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_DEFLATE
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

enum kind { PLAIN, GZIP, ZSTD };

#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for gzip's header */

struct oci_unpacker {
	enum kind kind;
	bool is_inside; /* of a member: its end has not come yet */
#ifdef HAVE_DEFLATE
	z_stream gzip;
#endif
#ifdef HAVE_ZSTD
	ZSTD_DStream *zstd;
#endif
};

static enum kind find_kind(const uint8_t *start, size_t size)
{
	if (size >= 2 && start[0] == 0x1f && start[1] == 0x8b)
		return GZIP;
	if (size < 4)
		return PLAIN;
	if (memcmp(start, "\x28\xb5\x2f\xfd", 4) == 0)
		return ZSTD;
	/* A frame to be skipped, with which some writers begin. */
	return (start[0] & 0xf0) == 0x50 && memcmp(start + 1, "\x2a\x4d\x18", 3) == 0 ? ZSTD : PLAIN;
}

#ifdef HAVE_DEFLATE
static int open_gzip(struct oci_unpacker *unpacker)
{
	return inflateInit2(&unpacker->gzip, GZIP_WINDOW) == Z_OK ? 0 : -ENOMEM;
}

static void close_gzip(struct oci_unpacker *unpacker)
{
	inflateEnd(&unpacker->gzip);
}

static uInt at_most_int(size_t size)
{
	return size < UINT_MAX ? (uInt)size : UINT_MAX;
}

static int inflate_some(struct oci_unpacker *unpacker, struct oci_unpack_buffers *buffers)
{
	z_stream *gzip = &unpacker->gzip;
	int result = Z_OK;

	do {
		uInt in = at_most_int(buffers->in_left), out = at_most_int(buffers->out_left);

		/* Another member begins where the last one ended. */
		if (!unpacker->is_inside && inflateReset(gzip) != Z_OK)
			return -EBADMSG;
		unpacker->is_inside = true;
		gzip->next_in = (Bytef *)(uintptr_t)buffers->in;
		gzip->avail_in = in;
		gzip->next_out = buffers->out;
		gzip->avail_out = out;
		result = inflate(gzip, Z_NO_FLUSH);
		buffers->in += in - gzip->avail_in;
		buffers->in_left -= in - gzip->avail_in;
		buffers->out += out - gzip->avail_out;
		buffers->out_left -= out - gzip->avail_out;
		if (result == Z_STREAM_END) {
			unpacker->is_inside = false;
			result = Z_OK;
		}
	} while (buffers->in_left && buffers->out_left && result == Z_OK);
	return result == Z_OK || result == Z_BUF_ERROR ? 0 : result == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}
#else
static int open_gzip(struct oci_unpacker *unpacker)
{
	(void)unpacker;
	return -EOPNOTSUPP;
}

static void close_gzip(struct oci_unpacker *unpacker)
{
	(void)unpacker;
}

static int inflate_some(struct oci_unpacker *unpacker, struct oci_unpack_buffers *buffers)
{
	(void)unpacker;
	(void)buffers;
	return -EOPNOTSUPP;
}
#endif

#ifdef HAVE_ZSTD
static int open_zstd(struct oci_unpacker *unpacker)
{
	unpacker->zstd = ZSTD_createDStream();
	return unpacker->zstd ? 0 : -ENOMEM;
}

static void close_zstd(struct oci_unpacker *unpacker)
{
	ZSTD_freeDStream(unpacker->zstd);
}

static int decompress_some(struct oci_unpacker *unpacker, struct oci_unpack_buffers *buffers)
{
	ZSTD_inBuffer in = { buffers->in, buffers->in_left, 0 };
	ZSTD_outBuffer out = { buffers->out, buffers->out_left, 0 };
	size_t result = 0;

	do {
		result = ZSTD_decompressStream(unpacker->zstd, &out, &in);
		if (ZSTD_isError(result))
			return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
		unpacker->is_inside = result != 0;
	} while (in.pos < in.size && out.pos < out.size);
	buffers->in += in.pos;
	buffers->in_left -= in.pos;
	buffers->out += out.pos;
	buffers->out_left -= out.pos;
	return 0;
}
#else
static int open_zstd(struct oci_unpacker *unpacker)
{
	(void)unpacker;
	return -EOPNOTSUPP;
}

static void close_zstd(struct oci_unpacker *unpacker)
{
	(void)unpacker;
}

static int decompress_some(struct oci_unpacker *unpacker, struct oci_unpack_buffers *buffers)
{
	(void)unpacker;
	(void)buffers;
	return -EOPNOTSUPP;
}
#endif

int erofs_oci_unpacker_new(struct oci_unpacker **out, const char **format, const uint8_t *start, size_t size)
{
	static const char *const formats[] = { [PLAIN] = "nothing", [GZIP] = "gzip", [ZSTD] = "zstd" };
	struct oci_unpacker *unpacker = calloc(1, sizeof(*unpacker));
	int err = 0;

	if (!unpacker)
		return -ENOMEM;
	unpacker->kind = find_kind(start, size);
	*format = formats[unpacker->kind];
	if (unpacker->kind == GZIP)
		err = open_gzip(unpacker);
	else if (unpacker->kind == ZSTD)
		err = open_zstd(unpacker);
	if (!err)
		*out = unpacker;
	else
		free(unpacker);
	return err;
}

void erofs_oci_unpacker_free(struct oci_unpacker *unpacker)
{
	if (!unpacker)
		return;
	if (unpacker->kind == GZIP)
		close_gzip(unpacker);
	else if (unpacker->kind == ZSTD)
		close_zstd(unpacker);
	free(unpacker);
}

static int copy(struct oci_unpack_buffers *buffers)
{
	size_t size = buffers->in_left < buffers->out_left ? buffers->in_left : buffers->out_left;

	memcpy(buffers->out, buffers->in, size);
	buffers->in += size;
	buffers->in_left -= size;
	buffers->out += size;
	buffers->out_left -= size;
	return 0;
}

int erofs_oci_unpack(struct oci_unpacker *unpacker, struct oci_unpack_buffers *buffers)
{
	/* Without input there may still be output, but only within a member. */
	if (!buffers->in_left && !unpacker->is_inside)
		return 0;
	switch (unpacker->kind) {
	case GZIP:
		return inflate_some(unpacker, buffers);
	case ZSTD:
		return decompress_some(unpacker, buffers);
	default:
		return copy(buffers);
	}
}

bool erofs_oci_unpack_is_complete(const struct oci_unpacker *unpacker)
{
	return !unpacker->is_inside;
}
