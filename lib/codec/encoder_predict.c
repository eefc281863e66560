/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#ifdef HAVE_LZ4
#include <lz4.h>
#endif

#include "lib/codec/encoder_ops.h"

#define ONE	     65536u
#define RATIO_START  (2 * ONE)
#define BY_LZ4_START (3 * ONE / 4)
#define BY_LZ4_LEAST (ONE / 16)
#define BY_LZ4_MOST  (ONE + ONE / 4)

/* LZ4 uses another table from this size on; what is compared should come from the same. */
#define SMALL_INPUT (64u * 1024)

size_t erofs_encoder_predict(const struct erofs_encoder *encoder, size_t room)
{
	return (size_t)((encoder->ratio ? encoder->ratio : RATIO_START) * room / ONE);
}

void erofs_encoder_learn(struct erofs_encoder *encoder, size_t size, size_t encoded)
{
	encoder->ratio = encoded ? (uint64_t)size * ONE / encoded : ONE;
}

size_t erofs_encoder_lz4_for(const struct erofs_encoder *encoder, size_t room)
{
	return (size_t)((uint64_t)room * ONE / (encoder->by_lz4 ? encoder->by_lz4 : BY_LZ4_START));
}

void erofs_encoder_learn_lz4(struct erofs_encoder *encoder, size_t lz4, size_t encoded)
{
	uint64_t by_lz4 = lz4 ? (uint64_t)encoded * ONE / lz4 : ONE;

	if (by_lz4 < BY_LZ4_LEAST)
		by_lz4 = BY_LZ4_LEAST;
	encoder->by_lz4 = by_lz4 < BY_LZ4_MOST ? by_lz4 : BY_LZ4_MOST;
}

#ifdef HAVE_LZ4
bool erofs_encoder_measure(struct erofs_encoder *encoder, const void *in, size_t limit, size_t lz4,
			   struct erofs_measure *out)
{
	size_t offered = lz4 <= SMALL_INPUT / 4 && limit > SMALL_INPUT ? SMALL_INPUT : limit;
	int size, encoded;

	if (lz4 > encoder->scratch_size)
		return false;
	for (;; offered = limit) {
		size = (int)offered;
		encoded = LZ4_compress_destSize(in, (char *)encoder->scratch, &size, (int)lz4);
		if ((size_t)size < offered || offered == limit)
			break;
	}
	*out = (struct erofs_measure){ .size = (size_t)size, .lz4 = (size_t)encoded };
	return encoded > 0;
}
#else
bool erofs_encoder_measure(struct erofs_encoder *encoder, const void *in, size_t limit, size_t lz4,
			   struct erofs_measure *out)
{
	(void)encoder;
	(void)in;
	(void)limit;
	(void)lz4;
	(void)out;
	return false;
}
#endif
