/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/oci_unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum kind { PLAIN, GZIP, ZSTD };

#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for gzip's header */

struct oci_unpacker {
	enum kind kind;
	bool is_inside; /* of a member: its end has not come yet */
	z_stream gzip;
	ZSTD_DStream *zstd;
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

struct oci_unpacker *erofs_oci_unpacker_new(const uint8_t *start, size_t size)
{
	struct oci_unpacker *unpacker = calloc(1, sizeof(*unpacker));
	bool good = true;

	if (!unpacker)
		return NULL;
	unpacker->kind = find_kind(start, size);
	if (unpacker->kind == GZIP)
		good = inflateInit2(&unpacker->gzip, GZIP_WINDOW) == Z_OK;
	else if (unpacker->kind == ZSTD)
		good = (unpacker->zstd = ZSTD_createDStream()) != NULL;
	if (good)
		return unpacker;
	free(unpacker);
	return NULL;
}

void erofs_oci_unpacker_free(struct oci_unpacker *unpacker)
{
	if (!unpacker)
		return;
	if (unpacker->kind == GZIP)
		inflateEnd(&unpacker->gzip);
	ZSTD_freeDStream(unpacker->zstd);
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
