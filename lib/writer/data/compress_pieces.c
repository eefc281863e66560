/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/writer/data/compress.h"

/* Pieces of equal size, encoded one by one, each directly behind the other. */

/* A piece must shrink by this part of it to be worth decoding every time that it is read. */
#define GAIN_SHIFT 6

size_t erofs_compress_piece_most(size_t size)
{
	return size - (size >> GAIN_SHIFT) - 1;
}

static bool is_zero(const uint8_t *data, size_t size)
{
	return !data[0] && memcmp(data, data + 1, size - 1) == 0;
}

/* Encodes a piece at the end of what is in use; 0: it does not shrink. */
static ssize_t encode_piece(struct erofs_compress_tools *tools, struct erofs_encoder *encoder,
			    const struct erofs_compress_way *way, const uint8_t *piece, size_t size,
			    struct erofs_compressed *to)
{
	size_t room = to->room - to->size;
	size_t most = erofs_compress_piece_most(size);
	uint8_t *out = to->out + to->size;
	ssize_t encoded;

	if (size < 2 || (way->slow && erofs_looks_incompressible(tools->look, piece, size)))
		return 0;
	encoded = erofs_encode_all(encoder, piece, size, out, most < room ? most : room);
	/* A reader takes zeros in front for padding. */
	return encoded > 0 && !out[0] ? 0 : encoded;
}

/*
 * Small DEFLATE pieces are many, so that for each place of the run in a page some would leave the mark of their end alone on a
 * page. Those that would if the run began with a page are stored.
 */
static bool is_misplaced(const struct erofs_compress_way *way, const struct erofs_compressed *to, size_t size)
{
	return way->compression.compressor == EROFS_COMPRESSOR_DEFLATE && way->extent_bytes < EROFS_MARK_PAGE &&
	       erofs_leaves_mark_behind(to->size, size);
}

static int store_piece(const uint8_t *piece, size_t size, struct erofs_compressed *to)
{
	if (size > to->room - to->size) {
		to->full = true;
		return 0;
	}
	memcpy(to->out + to->size, piece, size);
	to->size += size;
	return erofs_compressed_note(to, size, (uint32_t)size, EROFS_FORM_STORED);
}

int erofs_compress_pieces(struct erofs_compress_tools *tools, struct erofs_encoder *encoder,
			  const struct erofs_compress_way *way, const uint8_t *in, size_t size,
			  struct erofs_compressed *to)
{
	while (size && !to->full) {
		size_t length = size < way->extent_bytes ? size : way->extent_bytes;
		ssize_t encoded = 0;
		int err;

		if (is_zero(in, length)) {
			err = erofs_compressed_note(to, length, 0, EROFS_FORM_ZEROS);
		} else {
			encoded = encode_piece(tools, encoder, way, in, length, to);
			if (encoded < 0)
				return (int)encoded;
			if (is_misplaced(way, to, (size_t)encoded))
				encoded = 0;
			to->size += (size_t)encoded;
			err = encoded ? erofs_compressed_note(to, length, (uint32_t)encoded, EROFS_FORM_ENCODED)
				      : store_piece(in, length, to);
		}
		if (err)
			return err;
		in += length;
		size -= length;
	}
	return 0;
}
