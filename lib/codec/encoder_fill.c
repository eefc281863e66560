/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/codec/encoder_ops.h"

/*
 * How much input fills a room, for compressors that only encode all of what they are given: a first try by the ratio of the
 * extent before, then corrections along the line through what the tries came to.
 */
#define MAX_TRIES 8

struct search {
	size_t limit; /* input there is */
	size_t room, unit;
	size_t fits, fits_encoded; /* the largest input known to fit; 0: none */
	size_t over, over_encoded; /* the smallest known not to fit; 0: none */
};

/* What of the units used is left empty. */
static size_t waste(const struct search *s)
{
	return (s->unit - s->fits_encoded % s->unit) % s->unit;
}

/* The more tries were made, the less is asked for. */
static int is_good(const struct search *s, int tries)
{
	static const uint8_t permille[] = { 10, 10, 15, 25, 40 };
	size_t allowed = tries < (int)sizeof(permille) ? permille[tries] : 100;

	if (!s->fits)
		return 0;
	if (s->fits == s->limit)
		return 1;
	if (s->fits_encoded < s->room - s->room / 4)
		return 0;
	return waste(s) * 1000 <= allowed * s->fits_encoded;
}

/* What does not fit has not shrunk either. */
static int is_hopeless(const struct search *s)
{
	return !s->fits && s->over && s->over_encoded >= s->over;
}

/* The multiple of unit to aim at: the nearest to what came out. */
static size_t aim(const struct search *s, size_t encoded)
{
	size_t target = (encoded + s->unit / 2) / s->unit * s->unit;

	if (target < s->room - s->room / 4)
		target = s->room;
	return target < s->room ? target : s->room;
}

static size_t next_try(const struct search *s)
{
	size_t target, slope_size, slope_encoded, from, from_encoded;

	if (s->fits && s->over) {
		from = s->fits;
		from_encoded = s->fits_encoded;
		slope_size = s->over - s->fits;
		slope_encoded = s->over_encoded > s->fits_encoded ? s->over_encoded - s->fits_encoded : 1;
	} else {
		from = s->fits ? s->fits : s->over;
		from_encoded = s->fits ? s->fits_encoded : s->over_encoded;
		slope_size = from;
		slope_encoded = from_encoded;
	}
	target = aim(s, from_encoded);
	if (target <= s->fits_encoded)
		target = s->room;
	/* A little below: too much by one byte is of no use at all. */
	target -= target / 256;
	if (target < from_encoded) {
		size_t less = (size_t)((uint64_t)(from_encoded - target) * slope_size / slope_encoded);

		from = from > less ? from - less : 0;
	} else {
		from += (size_t)((uint64_t)(target - from_encoded) * slope_size / slope_encoded);
	}
	if (from > s->limit)
		from = s->limit;
	if (s->over && from >= s->over)
		from = s->over - 1;
	return from;
}

static int try_one(struct erofs_encoder *encoder, struct search *s, const void *in, size_t size, void *out)
{
	size_t cap = s->room + s->room / 2 + 64;
	ssize_t encoded = encoder->ops->all(encoder, in, size, encoder->scratch, cap);

	if (encoded < 0)
		return (int)encoded;
	if (encoded == 0 || (size_t)encoded > s->room) {
		s->over = size;
		s->over_encoded = encoded ? (size_t)encoded : cap + cap / 4;
		return 0;
	}
	memcpy(out, encoder->scratch, (size_t)encoded);
	s->fits = size;
	s->fits_encoded = (size_t)encoded;
	return 0;
}

ssize_t erofs_encoder_fill_by_trying(struct erofs_encoder *encoder, const void *in, size_t *size, void *out,
				     size_t room, size_t unit)
{
	struct search s = { .limit = *size, .room = room, .unit = unit };
	size_t now = erofs_encoder_predict(encoder, room);
	int err = erofs_encoder_need_scratch(encoder, room + room / 2 + 64);

	/* Less than that much input is no gain. */
	if (now < room + room / 64)
		now = room + room / 64;
	if (now > s.limit)
		now = s.limit;
	for (int tries = 0; !err && tries < MAX_TRIES; tries++) {
		err = try_one(encoder, &s, in, now, out);
		if (err || is_good(&s, tries))
			break;
		if (is_hopeless(&s))
			break;
		now = next_try(&s);
		if (now <= s.fits || (room == unit && now <= room))
			break;
	}
	if (err)
		return err;
	erofs_encoder_learn(encoder, s.fits ? s.fits : room, s.fits ? s.fits_encoded : room);
	*size = s.fits;
	return (ssize_t)s.fits_encoded;
}
