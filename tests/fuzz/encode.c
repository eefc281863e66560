/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/fuzz/encode.h"

#include <libdeflate.h>
#include <lz4.h>
#include <lzma.h>
#include <zstd.h>

#include "tests/tools/support.h"

void encode_fill(uint8_t *out, size_t size)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525u + 1013904223u;
		out[i] = (seed >> 24) & (i % 7 ? 0x0f : 0xff);
		if (i > 60000 && i % 1000 < 400)
			out[i] = out[i - 60000];
		else if (i > 100 && i % 50 < 25)
			out[i] = out[i - 100];
	}
}

static size_t encode_lzma(const uint8_t *in, size_t in_size, uint8_t *out, size_t room)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_options_lzma options;
	size_t size;

	if (lzma_lzma_preset(&options, 6))
		die("no preset");
	options.dict_size = 1 << 20;
	if (lzma_microlzma_encoder(&stream, &options) != LZMA_OK)
		die("no MicroLZMA encoder");
	stream.next_in = in;
	stream.avail_in = in_size;
	stream.next_out = out;
	stream.avail_out = room;
	size = lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END && stream.total_in == in_size ? stream.total_out : 0;
	lzma_end(&stream);
	return size;
}

static size_t encode_deflate(const uint8_t *in, size_t in_size, uint8_t *out, size_t room)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
	size_t size = libdeflate_deflate_compress(compressor, in, in_size, out, room);

	libdeflate_free_compressor(compressor);
	return size;
}

size_t encode_whole(enum erofs_algorithm algorithm, const uint8_t *in, size_t in_size, uint8_t *out, size_t room)
{
	size_t size;

	switch (algorithm) {
	case EROFS_ALGORITHM_LZ4:
		return (size_t)LZ4_compress_default((const char *)in, (char *)out, (int)in_size, (int)room);
	case EROFS_ALGORITHM_LZMA:
		return encode_lzma(in, in_size, out, room);
	case EROFS_ALGORITHM_DEFLATE:
		return encode_deflate(in, in_size, out, room);
	default:
		size = ZSTD_compress(out, room, in, in_size, 3);
		return ZSTD_isError(size) ? 0 : size;
	}
}
