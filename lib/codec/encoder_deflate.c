/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/deflate_cut.h"
#include "lib/codec/encoder_ops.h"

#define MAX_TRIES	6
#define SURPLUS_DIVISOR 20

struct deflate {
	struct libdeflate_compressor *compressor;
	struct erofs_deflate_cutter *cutter;
};

static void close_deflate(struct erofs_encoder *encoder)
{
	struct deflate *deflate = encoder->state;

	if (!deflate)
		return;
	libdeflate_free_compressor(deflate->compressor);
	erofs_deflate_cutter_free(deflate->cutter);
	free(deflate);
}

static int open_deflate(struct erofs_encoder *encoder)
{
	struct deflate *deflate = calloc(1, sizeof(*deflate));

	encoder->state = deflate;
	if (!deflate)
		return -ENOMEM;
	deflate->compressor = libdeflate_alloc_compressor(encoder->settings.compression.level);
	deflate->cutter = erofs_deflate_cutter_new();
	return deflate->compressor && deflate->cutter ? 0 : -ENOMEM;
}

static ssize_t all_deflate(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room)
{
	const struct deflate *deflate = encoder->state;
	size_t encoded;

	encoder->counts.runs++;
	encoded = libdeflate_deflate_compress(deflate->compressor, in, size, out, room);
	erofs_deflate_mark_start(out, encoded);
	return (ssize_t)encoded;
}

/* A little more than what should fit: what is too much is cut off, too little would mean to do it all again. */
static size_t with_surplus(size_t size)
{
	return size + size / SURPLUS_DIVISOR + 64;
}

/* How much input to try that should come to `room` bytes, if LZ4 makes `lz4` bytes of it. */
static size_t choose(struct erofs_encoder *encoder, const void *in, size_t limit, size_t lz4, size_t guess,
		     size_t least, struct erofs_measure *measure)
{
	size_t size = guess;

	if (measure->size != SIZE_MAX && erofs_encoder_measure(encoder, in, limit, lz4, measure))
		size = measure->size;
	else
		measure->size = SIZE_MAX;
	size = with_surplus(size);
	if (size < least)
		size = least;
	return size < limit ? size : limit;
}

/* One try: the size in `out`, 0 if it is far too much; `*size` is what it encodes. */
static ssize_t try_one(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room)
{
	const struct deflate *deflate = encoder->state;
	ssize_t encoded = all_deflate(encoder, in, *size, encoder->scratch, encoder->scratch_size);

	if (encoded <= 0)
		return 0;
	if ((size_t)encoded > room) {
		encoded = (ssize_t)erofs_deflate_cut(deflate->cutter, encoder->scratch, (size_t)encoded, room, size);
		if (!encoded)
			return -EIO;
	}
	memcpy(out, encoder->scratch, (size_t)encoded);
	return encoded;
}

/* What LZ4 would make of `size` bytes, by what it made of about as many. */
static size_t lz4_of(const struct erofs_measure *measure, size_t size)
{
	return (size_t)((uint64_t)measure->lz4 * size / measure->size);
}

/* One run makes more than fits, as a rule; the stream is cut where it is full. */
static ssize_t fill_deflate(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			    size_t unit)
{
	size_t limit = *size, best = 0, best_encoded = 0;
	size_t lz4 = erofs_encoder_lz4_for(encoder, room), guess = erofs_encoder_predict(encoder, room);
	struct erofs_measure measure = { 0 };
	int err = erofs_encoder_need_scratch(encoder, 3 * room + 4096);

	(void)unit;
	for (int tries = 0; !err && tries < MAX_TRIES; tries++) {
		size_t now = choose(encoder, in, limit, lz4, guess, with_surplus(room), &measure), taken = now;
		ssize_t encoded = try_one(encoder, in, &taken, out, room);

		if (encoded < 0)
			return encoded;
		if (!encoded) {
			lz4 /= 2;
			guess = now / 2;
			continue;
		}
		best = taken;
		best_encoded = (size_t)encoded;
		if (taken < now || taken == limit || best_encoded >= room - room / 128)
			break;
		lz4 = (size_t)((uint64_t)lz4_of(&measure, taken) * room / best_encoded);
		guess = (size_t)((uint64_t)taken * room / best_encoded);
	}
	if (err < 0)
		return err;
	erofs_encoder_learn(encoder, best, best_encoded);
	if (measure.size != SIZE_MAX)
		erofs_encoder_learn_lz4(encoder, lz4_of(&measure, best), best_encoded);
	*size = best;
	return (ssize_t)best_encoded;
}

const struct erofs_encoder_ops erofs_encoder_deflate_ops = {
	.open = open_deflate,
	.close = close_deflate,
	.all = all_deflate,
	.fill = fill_deflate,
};
