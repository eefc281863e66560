/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/util/zeros.h"
#include "lib/writer/data/encode.h"

/* Extents of equal input, encoded one by one, each directly behind the other. */

/* Encodes an extent at the end of what is in use; 0: it does not shrink. */
static ssize_t encode_one(struct erofs_encode_tools *tools, struct erofs_encoder *encoder,
			  const struct erofs_method *method, const uint8_t *extent, size_t size,
			  struct erofs_encoded *to)
{
	size_t room = to->room - to->size;
	size_t most = erofs_writer_extent_most(size);

	if (size < 2 || (method->slow && erofs_looks_incompressible(tools->look, extent, size)))
		return 0;
	return erofs_encode_all(encoder, extent, size, to->out + to->size, most < room ? most : room);
}

/*
 * Small DEFLATE extents are many, so that for each place of the run in a page some would leave the mark of their end alone on a
 * page. Those that would if the run began with a page are stored.
 */
static bool is_misplaced(const struct erofs_method *method, const struct erofs_encoded *to, size_t size)
{
	return method->compression.compressor == EROFS_COMPRESSOR_DEFLATE && method->extent_bytes < EROFS_MARK_PAGE &&
	       erofs_writer_leaves_mark_behind(to->size, size);
}

static int store_one(const uint8_t *extent, size_t size, struct erofs_encoded *to)
{
	if (size > to->room - to->size) {
		to->full = true;
		return 0;
	}
	memcpy(to->out + to->size, extent, size);
	to->size += size;
	return erofs_writer_encoded_note(to, size, (uint32_t)size, EROFS_FORM_STORED);
}

int erofs_writer_encode_extents(struct erofs_encode_tools *tools, struct erofs_encoder *encoder,
				const struct erofs_method *method, const uint8_t *in, size_t size,
				struct erofs_encoded *to)
{
	while (size && !to->full) {
		size_t length = size < method->extent_bytes ? size : method->extent_bytes;
		ssize_t encoded = 0;
		int err;

		if (!erofs_is_zero(in, length) && to->ends_file && erofs_writer_is_fragment(tools->methods, method, size))
			return erofs_writer_encoded_leave(to, size);
		if (erofs_is_zero(in, length)) {
			err = erofs_writer_encoded_note(to, length, 0, EROFS_FORM_ZEROS);
		} else {
			encoded = encode_one(tools, encoder, method, in, length, to);
			if (encoded < 0)
				return (int)encoded;
			if (is_misplaced(method, to, (size_t)encoded))
				encoded = 0;
			to->size += (size_t)encoded;
			err = encoded ? erofs_writer_encoded_note(to, length, (uint32_t)encoded, EROFS_FORM_ENCODED)
				      : store_one(in, length, to);
		}
		if (err)
			return err;
		in += length;
		size -= length;
	}
	return 0;
}
