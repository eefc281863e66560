/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_ENCODER_H
#define EROFS_CODEC_ENCODER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <erofs/compress.h>

/*
 * One compressor with its working memory, for one thread at a time. What it makes depends on the arguments, the
 * settings and the calls since erofs_encoder_begin() only.
 */
struct erofs_encoder;

struct erofs_encoder_settings {
	struct erofs_compression compression;
	/*
	 * The largest encoded size that will be asked of erofs_encode_fill(), and the largest input of either function.
	 */
	uint32_t encoded_max;
	uint32_t input_max;
	/* History that the image promises to readers: see erofs_encoder_dict_size(). */
	uint32_t dict_size;
};

/*
 * The history to use and to announce in the image when the user names none: `decoded_max` bytes is what an extent
 * decodes to at most, `encoded_max` what it takes. 0 for LZ4.
 */
uint32_t erofs_encoder_dict_size(const struct erofs_compression *compression, uint32_t encoded_max,
				 uint32_t decoded_max);

/* -ENOMEM; -EINVAL for settings that the compressor cannot have; -EOPNOTSUPP for one that this build lacks. */
int erofs_encoder_new(struct erofs_encoder **out, const struct erofs_encoder_settings *settings);
void erofs_encoder_free(struct erofs_encoder *encoder);

/* Forgets what was learned from earlier calls (ratios for predictions). */
void erofs_encoder_begin(struct erofs_encoder *encoder);

/*
 * Encodes all of `in`. Returns the encoded size, 0 if that would be more than `room` bytes, or a negative errno. Here
 * and below the first encoded byte is never zero, so that zeros put in front can be told from it.
 */
ssize_t erofs_encode_all(struct erofs_encoder *encoder, const void *in, size_t size, void *out, size_t room);

/*
 * Encodes as much of the first `*size` bytes of `in` as `room` bytes can hold, and says in `*size` how much that was.
 * `room` is a multiple of `unit`; where what is encoded takes several units, the compressor may use fewer of them than
 * there are, if it fills those well. Returns the encoded size, or 0 if nothing would be gained: the encoded bytes,
 * rounded up to `unit`, are no fewer than the input. A negative errno.
 */
ssize_t erofs_encode_fill(struct erofs_encoder *encoder, const void *in, size_t *size, void *out, size_t room,
			  size_t unit);

/* How often the compressor proper was run, and for how many extents: how good the predictions were. */
struct erofs_encoder_counts {
	uint64_t runs;
	uint64_t extents;
};
struct erofs_encoder_counts erofs_encoder_counts(const struct erofs_encoder *encoder);

/*
 * Whether trying to compress these bytes is surely a waste: no byte values are much commoner than others, and there are
 * no repetitions that a quick look finds. Costs far less than a slow compressor. May be wrong for data that shrink by
 * less than half a percent.
 */
struct erofs_look; /* working memory of the quick look; one thread */
struct erofs_look *erofs_look_new(void);
void erofs_look_free(struct erofs_look *look);
int erofs_looks_incompressible(struct erofs_look *look, const void *data, size_t size);

/* Whether the compressor is so slow on incompressible data that a look beforehand pays. */
int erofs_encoder_wants_look(const struct erofs_compression *compression);

#endif
