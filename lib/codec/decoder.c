/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#include "lib/codec/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/codec/decoder_ops.h"

/* NULL: left out of this build. */
static const struct erofs_decoder_ops *const algorithms[EROFS_ALGORITHM_COUNT] = {
#ifdef HAVE_LZ4
	[EROFS_ALGORITHM_LZ4] = &erofs_decoder_lz4,
#endif
#ifdef HAVE_LZMA
	[EROFS_ALGORITHM_LZMA] = &erofs_decoder_lzma,
#endif
#ifdef HAVE_DEFLATE
	[EROFS_ALGORITHM_DEFLATE] = &erofs_decoder_deflate,
#endif
#ifdef HAVE_ZSTD
	[EROFS_ALGORITHM_ZSTD] = &erofs_decoder_zstd,
#endif
};

struct erofs_decoder {
	void *states[EROFS_ALGORITHM_COUNT];
};

struct erofs_decoder *erofs_decoder_new(void)
{
	return calloc(1, sizeof(struct erofs_decoder));
}

void erofs_decoder_free(struct erofs_decoder *decoder)
{
	if (!decoder)
		return;
	for (unsigned int i = 0; i < EROFS_ALGORITHM_COUNT; i++)
		if (algorithms[i] && algorithms[i]->free)
			algorithms[i]->free(decoder->states[i]);
	free(decoder);
}

int erofs_decode(struct erofs_decoder *decoder, enum erofs_algorithm algorithm, const void *in, size_t in_size,
		 void *out, size_t out_size, bool partial)
{
	struct erofs_decode_job job = { in, in_size, out, out_size, partial };

	if ((unsigned int)algorithm >= EROFS_ALGORITHM_COUNT || !algorithms[algorithm])
		return -EOPNOTSUPP;
	/* No encoder makes nothing of something, or the other way round; and these fit the libraries' own types. */
	if (!in_size || !out_size || in_size > EROFS_PCLUSTER_DECODED_MAX || out_size > EROFS_PCLUSTER_DECODED_MAX)
		return -EUCLEAN;
	return algorithms[algorithm]->decode(&decoder->states[algorithm], &job);
}
