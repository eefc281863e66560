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
	size_t size, left;
	size_t end;	 /* of the input, from where its blocks are counted */
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

/* The encoded bytes stand at the end of their blocks, and zeros in front of them; in the old layout the other way round. */
static int store_encoded(struct cutter *cutter, size_t length, size_t size)
{
	size_t blksz = cutter->method->unit;
	uint32_t blocks = (uint32_t)((size + blksz - 1) / blksz);
	size_t padding = blocks * blksz - size;
	size_t at = cutter->tools->methods->options->legacy_layout ? 0 : padding;
	uint8_t *room = take_room(cutter, blocks * blksz);

	if (!room)
		return 0;
	memset(room + (at ? 0 : size), 0, padding);
	memcpy(room + at, cutter->tools->scratch, size);
	return advance(cutter, length, blocks, EROFS_FORM_ENCODED);
}

/*
 * A packed tail takes as many bytes as it has, behind the index of its file. One that fills almost a block leaves no room for
 * what else would share the block with it.
 */
static size_t tail_most(const struct cutter *cutter)
{
	return cutter->method->unit - cutter->method->unit / 8;
}

/* Whether what is left may lie elsewhere than in a cluster of the file's. */
static bool may_leave(const struct cutter *cutter)
{
	return cutter->to->ends_file && cutter->size - cutter->left >= cutter->to->wanted;
}

static bool may_pack(const struct cutter *cutter, size_t length)
{
	return may_leave(cutter) && cutter->tools->methods->options->pack_tails && length == cutter->left;
}

/* `form`: whether `bytes` are encoded. */
static int pack_tail(struct cutter *cutter, const uint8_t *bytes, size_t size, enum erofs_extent_form form)
{
	struct erofs_encoded *to = cutter->to;

	if (size > to->room - to->size) {
		to->full = true;
		return 0;
	}
	memcpy(to->out + to->size, bytes, size);
	to->tail_size = size;
	return advance(cutter, cutter->left, 0, form);
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

/* Of a tail every byte counts, but for a gain that is not worth decoding. */
static ssize_t encode_tail(struct cutter *cutter, size_t length)
{
	size_t most = erofs_writer_extent_most(length);

	if (length < 2)
		return 0;
	return erofs_encode_all(cutter->encoder, cutter->in, length, cutter->tools->scratch,
				most < tail_most(cutter) ? most : tail_most(cutter));
}

static ssize_t fill(struct cutter *cutter, size_t *length, size_t room)
{
	return erofs_encode_fill(cutter->encoder, cutter->in, length, cutter->tools->scratch, room,
				 cutter->method->unit);
}

/* The last extent of a file is too large for a packed tail, and would leave most of its last block empty. */
static bool leaves_waste(const struct cutter *cutter, size_t length, ssize_t encoded)
{
	size_t unit = cutter->method->unit, over = (size_t)encoded % unit;

	return encoded > (ssize_t)unit && may_pack(cutter, length) && over && over <= unit / 2;
}

/* Then whole blocks are filled with less, and what remains becomes the tail. */
static ssize_t leave_tail(struct cutter *cutter, size_t *length, size_t encoded)
{
	ssize_t less = fill(cutter, length, encoded - encoded % cutter->method->unit);

	if (less)
		return less;
	*length = cutter->left;
	return fill(cutter, length, cutter->method->encoded_max);
}

/*
 * What follows may begin inside a block, and no other extent may begin there: the last one of these has to begin in front of it. How
 * much it needs for that; 0: what is left behind `length` bytes is no such thing, or enough.
 */
static size_t last_needs(const struct cutter *cutter, size_t length)
{
	size_t unit = cutter->method->unit, rest = cutter->left - length, needs = cutter->end % unit + 1;

	return cutter->to->is_followed && rest && rest < needs && cutter->left > unit + needs ? needs : 0;
}

/*
 * What encoding makes of the bytes to come: so much in the scratch buffer, 0 if they are better stored. As a rest of a block or
 * less always is: it takes a block in any case, and Linux 5.10 decodes nothing where LZ4 has so little to give (measured). As a
 * packed tail it takes what it has, and no kernel so old reads it.
 */
static ssize_t encode(struct cutter *cutter, size_t *length)
{
	const struct erofs_method *method = cutter->method;
	ssize_t encoded;
	size_t needs;

	*length = cutter->left < method->extent_bytes ? cutter->left : method->extent_bytes;
	if (is_hopeless(cutter))
		return 0;
	if (*length <= method->unit)
		return may_pack(cutter, *length) ? encode_tail(cutter, *length) : 0;
	encoded = fill(cutter, length, method->encoded_max);
	needs = encoded > 0 ? last_needs(cutter, *length) : 0;
	if (needs) {
		*length = cutter->left - needs;
		encoded = fill(cutter, length, method->encoded_max);
	}
	return leaves_waste(cutter, *length, encoded) ? leave_tail(cutter, length, (size_t)encoded) : encoded;
}

static int take_encoded(struct cutter *cutter, size_t length, size_t size)
{
	if (may_pack(cutter, length) && size <= tail_most(cutter))
		return pack_tail(cutter, cutter->tools->scratch, size, EROFS_FORM_ENCODED);
	return store_encoded(cutter, length, size);
}

/* Where stored bytes are rotated in their block, Linux 6.18 looks for them all over it (measured): behind an index is no room for that. */
static int take_stored(struct cutter *cutter, size_t file_offset)
{
	bool rotated = cutter->tools->methods->options->interlaced && file_offset % cutter->method->unit;

	if (!rotated && may_pack(cutter, cutter->left) && cutter->left <= tail_most(cutter))
		return pack_tail(cutter, cutter->in, cutter->left, EROFS_FORM_STORED);
	return store_block(cutter, file_offset);
}

static bool becomes_fragment(const struct cutter *cutter, size_t length, size_t encoded)
{
	return may_leave(cutter) && length == cutter->left &&
	       erofs_writer_ends_in_fragment(cutter->tools->methods, cutter->method, length, encoded);
}

int erofs_writer_encode_clusters(struct erofs_encode_tools *tools, struct erofs_encoder *encoder,
				 const struct erofs_method *method, const uint8_t *in, size_t size, size_t at,
				 struct erofs_encoded *to)
{
	struct cutter cutter = { .tools = tools,
				 .encoder = encoder,
				 .method = method,
				 .to = to,
				 .in = in,
				 .size = size,
				 .left = size,
				 .end = at + size };

	while (cutter.left && !to->full) {
		size_t length, file_offset = at + size - cutter.left;
		ssize_t encoded;
		int err;

		if (may_leave(&cutter) && erofs_writer_is_fragment(tools->methods, method, cutter.left))
			return erofs_writer_encoded_leave(to, cutter.left);
		encoded = encode(&cutter, &length);
		if (encoded < 0)
			return (int)encoded;
		if (becomes_fragment(&cutter, length, (size_t)encoded))
			return erofs_writer_encoded_leave(to, length);
		err = encoded ? take_encoded(&cutter, length, (size_t)encoded) : take_stored(&cutter, file_offset);
		if (err)
			return err;
	}
	return 0;
}

int erofs_writer_encode_store(struct erofs_encode_tools *tools, uint8_t method, const uint8_t *in, size_t size,
			      size_t at, struct erofs_encoded *to)
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
