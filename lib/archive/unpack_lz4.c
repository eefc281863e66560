/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <lz4.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/unpack_format.h"

/* ---- frames: liblz4 compares size and checksums, of those that have them ---------------------------------------------- */

static int begin(void **state)
{
	LZ4F_dctx *context = *state;

	if (context) {
		LZ4F_resetDecompressionContext(context);
		return 0;
	}
	if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
		return -ENOMEM;
	*state = context;
	return 0;
}

static int step(void *state, struct unpack_buffers *buffers, const char **why)
{
	size_t in = buffers->in_left, out = buffers->out_left;
	size_t result = LZ4F_decompress(state, buffers->out, &out, buffers->in, &in, NULL);

	if (LZ4F_isError(result)) {
		*why = LZ4F_getErrorName(result);
		return strcmp(*why, "ERROR_allocation_failed") == 0 ? -ENOMEM : -EBADMSG;
	}
	buffers->in += in;
	buffers->in_left -= in;
	buffers->out += out;
	buffers->out_left -= out;
	return result == 0;
}

static void release(void *state)
{
	LZ4F_freeDecompressionContext(state);
}

const struct unpack_format erofs_archive_unpack_lz4 = {
	.name = "lz4",
	.family = UNPACK_LZ4,
	.may_skip = true,
	.fits = erofs_archive_unpack_fits_lz4,
	.begin = begin,
	.step = step,
	.release = release,
};

/* ---- what was before them: a mark, then blocks of 8 MiB, each behind its size; no checksums, no end --------------------- */

#define LEGACY_MARK  "\x02\x21\x4c\x18"
#define LEGACY_BLOCK (8 * 1024 * 1024)

struct legacy {
	bool is_started; /* the mark was read */
	size_t wanted;	 /* bytes of the packed block, of which there are so many; 0: its size comes next */
	size_t filled;
	size_t at, size; /* of the block */
	uint8_t packed[LZ4_COMPRESSBOUND(LEGACY_BLOCK)];
	uint8_t block[LEGACY_BLOCK];
};

static int begin_legacy(void **state)
{
	struct legacy *legacy = *state ? *state : malloc(sizeof(*legacy));

	if (!legacy)
		return -ENOMEM;
	memset(legacy, 0, offsetof(struct legacy, packed));
	*state = legacy;
	return 0;
}

static void hand_out(struct legacy *legacy, struct unpack_buffers *buffers)
{
	size_t left = legacy->size - legacy->at;
	size_t part = left < buffers->out_left ? left : buffers->out_left;

	memcpy(buffers->out, legacy->block + legacy->at, part);
	legacy->at += part;
	buffers->out += part;
	buffers->out_left -= part;
}

static int take_in(struct legacy *legacy, struct unpack_buffers *buffers, const char **why)
{
	size_t left = legacy->wanted - legacy->filled;
	size_t part = left < buffers->in_left ? left : buffers->in_left;
	int size;

	memcpy(legacy->packed + legacy->filled, buffers->in, part);
	legacy->filled += part;
	buffers->in += part;
	buffers->in_left -= part;
	if (legacy->filled < legacy->wanted)
		return 0;
	size = LZ4_decompress_safe((const char *)legacy->packed, (char *)legacy->block, (int)legacy->wanted,
				   LEGACY_BLOCK);
	if (size < 0) {
		*why = "a block makes no sense";
		return -EBADMSG;
	}
	legacy->at = 0;
	legacy->size = (size_t)size;
	legacy->wanted = legacy->filled = 0;
	return 0;
}

/* The mark or a block's size: 1 for what can be neither, which is the next frame's then. */
static int take_number(struct legacy *legacy, struct unpack_buffers *buffers)
{
	uint32_t number;

	if (buffers->in_left < 4)
		return 0;
	number = buffers->in[0] | (uint32_t)buffers->in[1] << 8 | (uint32_t)buffers->in[2] << 16 |
		 (uint32_t)buffers->in[3] << 24;
	if (legacy->is_started && (!number || number > sizeof(legacy->packed)))
		return 1;
	if (legacy->is_started)
		legacy->wanted = number;
	legacy->is_started = true;
	buffers->in += 4;
	buffers->in_left -= 4;
	return 0;
}

static int step_legacy(void *state, struct unpack_buffers *buffers, const char **why)
{
	struct legacy *legacy = state;

	if (legacy->at == legacy->size) {
		int result = legacy->wanted ? take_in(legacy, buffers, why) : take_number(legacy, buffers);

		if (result)
			return result;
	}
	hand_out(legacy, buffers);
	return 0;
}

static bool may_end_legacy(const void *state)
{
	const struct legacy *legacy = state;

	return legacy->is_started && !legacy->wanted;
}

const struct unpack_format erofs_archive_unpack_lz4_legacy = {
	.name = "legacy lz4",
	.family = UNPACK_LZ4,
	.may_skip = true,
	.fits = erofs_archive_unpack_fits_lz4_legacy,
	.begin = begin_legacy,
	.step = step_legacy,
	.lookahead = 4,
	.may_end = may_end_legacy,
	.release = free,
};
