/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/codec/encoder_ops.h"

/*
 * How much input fills a room, for compressors that only encode all of what they are given. Tries, and corrects along
 * the line through what the tries came to. As the local ratio of compression changes from one kilobyte to the next, the
 * line is one over the sizes by LZ4, not over the sizes of the input.
 */
#define MAX_TRIES 8

struct
try {
	size_t size;	/* input; 0: there was no such try */
	size_t measure; /* the same by LZ4 */
	size_t encoded;
};

struct search {
	const void *in;
	size_t limit; /* input there is */
	size_t room, unit;
	struct try fits; /* the largest that does */
	struct try over; /* the smallest that does not */
	bool plain;	 /* LZ4 does not help: the measure is the size itself */
};

/* What of the units used is left empty. */
static size_t waste(const struct search *s)
{
	return (s->unit - s->fits.encoded % s->unit) % s->unit;
}

/* The more tries were made, the less is asked for. */
static bool is_good(const struct search *s, int tries)
{
	static const uint8_t permille[] = { 15, 25, 50, 80 };
	size_t allowed = tries < (int)sizeof(permille) ? permille[tries] : 100;

	if (!s->fits.size)
		return false;
	if (s->fits.size == s->limit)
		return true;
	if (s->fits.encoded < s->room - s->room / 4)
		return false;
	return waste(s) * 1000 <= allowed * s->fits.encoded;
}

/* What does not fit has not shrunk either. */
static bool is_hopeless(const struct search *s)
{
	return !s->fits.size && s->over.size && s->over.encoded >= s->over.size;
}

/*
 * The multiple of unit to aim at: the nearest to what came out. A little below: too much by one byte is of no use at
 * all.
 */
static size_t aim(const struct search *s, size_t encoded)
{
	size_t target = (encoded + s->unit / 2) / s->unit * s->unit;

	if (target < s->room - s->room / 4 || target > s->room || target <= s->fits.encoded)
		target = s->room;
	return target - target / 300;
}

/* Where on the line through the tries the target lies. */
static size_t next_measure(const struct search *s)
{
	const struct try *from = s->fits.size ? &s->fits : &s->over;
	size_t run = from->measure, rise = from->encoded;
	size_t target = aim(s, from->encoded);

	if (s->fits.size && s->over.size && s->over.encoded > s->fits.encoded && s->over.measure > s->fits.measure) {
		run = s->over.measure - s->fits.measure;
		rise = s->over.encoded - s->fits.encoded;
	}
	if (target >= from->encoded)
		return from->measure + (size_t)((uint64_t)(target - from->encoded) * run / rise);
	target = (size_t)((uint64_t)(from->encoded - target) * run / rise);
	return target < from->measure ? from->measure - target : 0;
}

static void measure_by_size(struct search *s)
{
	s->plain = true;
	s->fits.measure = s->fits.size;
	s->over.measure = s->over.size;
}

/* The input of the next try, within what is known. */
static void choose(struct erofs_encoder *encoder, struct search *s, struct try *next)
{
	size_t measure = s->fits.size || s->over.size ? next_measure(s) : erofs_encoder_lz4_for(encoder, s->room);
	/* Less input than that is no gain. */
	size_t least = s->fits.size ? s->fits.size + 1 : s->room + s->room / 64;
	struct erofs_measure found;

	if (!s->plain && !erofs_encoder_measure(encoder, s->in, s->limit, measure, &found)) {
		measure_by_size(s);
		measure = s->fits.size || s->over.size ? next_measure(s) : erofs_encoder_predict(encoder, s->room);
	}
	if (s->plain)
		found = (struct erofs_measure){ measure, measure };
	if (s->over.size && found.size >= s->over.size)
		found.size = s->over.size - 1;
	if (found.size < least)
		found.size = least;
	if (found.size > s->limit)
		found.size = s->limit;
	*next = (struct try){ .size = found.size, .measure = s->plain ? found.size : found.lz4 };
}

static int run(struct erofs_encoder *encoder, struct search *s, struct try *now, void *out)
{
	size_t cap = s->room + s->room / 2 + 64;
	ssize_t encoded = encoder->ops->all(encoder, s->in, now->size, encoder->scratch, cap);

	if (encoded < 0)
		return (int)encoded;
	now->encoded = encoded ? (size_t)encoded : cap + cap / 4;
	if (now->encoded > s->room) {
		s->over = *now;
		return 0;
	}
	memcpy(out, encoder->scratch, now->encoded);
	s->fits = *now;
	return 0;
}

static void learn(struct erofs_encoder *encoder, const struct search *s)
{
	erofs_encoder_learn(encoder, s->fits.size, s->fits.encoded);
	if (s->plain)
		return;
	if (s->fits.size)
		erofs_encoder_learn_lz4(encoder, s->fits.measure, s->fits.encoded);
	else
		erofs_encoder_learn_lz4(encoder, s->over.measure, s->over.encoded);
}

ssize_t erofs_encoder_fill_by_trying(struct erofs_encoder *encoder, const void *in, size_t *size, void *out,
				     size_t room, size_t unit)
{
	struct search s = { .in = in, .limit = *size, .room = room, .unit = unit };
	int err = erofs_encoder_need_scratch(encoder, 3 * room + 4096);

	for (int tries = 0; !err && tries < MAX_TRIES; tries++) {
		struct try now;

		choose(encoder, &s, &now);
		if (s.over.size && now.size >= s.over.size)
			break;
		err = run(encoder, &s, &now, out);
		if (is_good(&s, tries) || is_hopeless(&s))
			break;
	}
	if (err)
		return err;
	learn(encoder, &s);
	*size = s.fits.size;
	return (ssize_t)s.fits.encoded;
}
