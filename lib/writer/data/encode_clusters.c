/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/writer/data/encode.h"

/*
 * Physical clusters of whole blocks, each filled with as much input as it takes. Where nothing is gained, a block is stored as
 * it is. No two extents may begin in the same block of the file, so every one but the last covers at least a block's size.
 */

/* How much is looked at at once to find out whether it is worth trying. */
#define LOOK_BYTES ((size_t)32 * 1024)

struct cutter {
	struct erofs_encode_tools *tools;
	struct erofs_encoder *encoder;
	const struct erofs_method *method;
	struct erofs_encoded *to;
	const uint8_t *in;
	size_t left;
	size_t hopeless; /* bytes from `in` on that have been looked at in vain */
	bool is_good;	 /* the last extent shrank well, so that the next will hardly be hopeless */
};

/* An extent shrank well if this part of it is gone. */
#define GOOD_SHIFT 3

/* The next `size` bytes of room; NULL: there are none. */
static uint8_t *take_room(struct cutter *cutter, size_t size)
{
	uint8_t *room = cutter->to->out + cutter->to->size;

	if (size > cutter->to->room - cutter->to->size) {
		cutter->to->full = true;
		return NULL;
	}
	cutter->to->size += size;
	return room;
}

static int advance(struct cutter *cutter, size_t length, uint32_t blocks, enum erofs_extent_form form)
{
	cutter->in += length;
	cutter->left -= length;
	cutter->hopeless -= length < cutter->hopeless ? length : cutter->hopeless;
	cutter->is_good = blocks * (size_t)cutter->method->unit < length - (length >> GOOD_SHIFT);
	return erofs_writer_encoded_note(cutter->to, length, blocks, form);
}

/*
 * Bytes of a stored block: either from its start on, or each at the place in the block that it has in the file's own block,
 * so that reading needs not move them.
 */
static void store_bytes(const struct cutter *cutter, uint8_t *block, size_t length, size_t file_offset)
{
	size_t blksz = cutter->method->unit;
	size_t shift = cutter->tools->methods->options->interlaced ? file_offset % blksz : 0;
	size_t first = length < blksz - shift ? length : blksz - shift;

	memset(block, 0, blksz);
	memcpy(block + shift, cutter->in, first);
	memcpy(block, cutter->in + first, length - first);
}

static int store_block(struct cutter *cutter, size_t file_offset)
{
	size_t blksz = cutter->method->unit;
	size_t length = cutter->left < blksz ? cutter->left : blksz;
	uint8_t *block = take_room(cutter, blksz);

	if (!block)
		return 0;
	store_bytes(cutter, block, length, file_offset);
	return advance(cutter, length, 1, EROFS_FORM_STORED);
}

/* The encoded bytes stand at the end of their blocks, and zeros in front of them. */
static int store_encoded(struct cutter *cutter, size_t length, size_t size)
{
	size_t blksz = cutter->method->unit;
	uint32_t blocks = (uint32_t)((size + blksz - 1) / blksz);
	size_t padding = blocks * blksz - size;
	uint8_t *room = take_room(cutter, blocks * blksz);

	if (!room)
		return 0;
	memset(room, 0, padding);
	memcpy(room + padding, cutter->tools->scratch, size);
	return advance(cutter, length, blocks, EROFS_FORM_ENCODED);
}

static bool is_hopeless(struct cutter *cutter)
{
	size_t size = cutter->left < LOOK_BYTES ? cutter->left : LOOK_BYTES;

	if (!cutter->method->slow || cutter->is_good)
		return false;
	if (!cutter->hopeless && erofs_looks_incompressible(cutter->tools->look, cutter->in, size))
		cutter->hopeless = size;
	return cutter->hopeless;
}

/*
 * What encoding makes of the bytes to come: so much in the scratch buffer, 0 if they are better stored. As a rest of a block or
 * less always is: it takes a block in any case, and Linux 5.10 decodes nothing where LZ4 has so little to give (measured).
 */
static ssize_t encode(struct cutter *cutter, size_t *length)
{
	const struct erofs_method *method = cutter->method;

	*length = cutter->left < method->extent_bytes ? cutter->left : method->extent_bytes;
	if (*length <= method->unit || is_hopeless(cutter))
		return 0;
	return erofs_encode_fill(cutter->encoder, cutter->in, length, cutter->tools->scratch, method->encoded_max,
				 method->unit);
}

int erofs_writer_encode_clusters(struct erofs_encode_tools *tools, struct erofs_encoder *encoder,
			    const struct erofs_method *method, const uint8_t *in, size_t size, size_t at,
			    struct erofs_encoded *to)
{
	struct cutter cutter = { .tools = tools, .encoder = encoder, .method = method, .to = to, .in = in, .left = size };

	while (cutter.left && !to->full) {
		size_t length, file_offset = at + size - cutter.left;
		ssize_t encoded = encode(&cutter, &length);
		int err;

		if (encoded < 0)
			return (int)encoded;
		if (encoded)
			err = store_encoded(&cutter, length, (size_t)encoded);
		else
			err = store_block(&cutter, file_offset);
		if (err)
			return err;
	}
	return 0;
}

int erofs_writer_encode_store(struct erofs_encode_tools *tools, uint8_t method, const uint8_t *in, size_t size, size_t at,
			 struct erofs_encoded *to)
{
	struct cutter cutter = {
		.tools = tools,
		.method = &tools->methods->items[method],
		.to = to,
		.in = in,
		.left = size,
	};
	int err = 0;

	while (!err && cutter.left && !to->full)
		err = store_block(&cutter, at + size - cutter.left);
	return err;
}
