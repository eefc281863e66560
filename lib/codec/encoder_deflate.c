/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/deflate_cut.h"
#include "lib/codec/encoder_ops.h"

#define MAX_TRIES 6

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

/* Five hundredths more than what should fit: what is too much is cut off, too little would mean to do it all again. */
static size_t with_surplus(size_t size)
{
	return size + size / 20 + 64;
}

/* What to try next when the whole input fits, or is far too much (`encoded` 0). */
static size_t another_size(size_t size, size_t encoded, size_t room)
{
	if (!encoded)
		return size / 2;
	return with_surplus((size_t)((uint64_t)size * room / encoded));
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
		erofs_deflate_mark_start(encoder->scratch, (size_t)encoded);
	}
	memcpy(out, encoder->scratch, (size_t)encoded);
	return encoded;
}

/* One run makes more than fits, as a rule; the stream is cut where it is full. */
static ssize_t fill_deflate(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			    size_t unit)
{
	size_t now = with_surplus(erofs_encoder_predict(encoder, room)), least = with_surplus(room);
	size_t limit = *size, best = 0, taken;
	ssize_t encoded, best_encoded = 0;
	int err = erofs_encoder_need_scratch(encoder, 3 * room + 4096);

	(void)unit;
	if (err < 0)
		return err;
	for (int tries = 0; tries < MAX_TRIES; tries++) {
		if (now < least)
			now = least;
		taken = now = now < limit ? now : limit;
		encoded = try_one(encoder, in, &taken, out, room);
		if (encoded < 0)
			return encoded;
		if (encoded) {
			best = taken;
			best_encoded = encoded;
		}
		if (taken < now || (encoded && (taken == limit || (size_t)encoded >= room - room / 128)))
			break;
		now = another_size(now, (size_t)encoded, room);
	}
	erofs_encoder_learn(encoder, best, (size_t)best_encoded);
	*size = best;
	return best_encoded;
}

const struct erofs_encoder_ops erofs_encoder_deflate_ops = {
	.open = open_deflate,
	.close = close_deflate,
	.all = all_deflate,
	.fill = fill_deflate,
};
