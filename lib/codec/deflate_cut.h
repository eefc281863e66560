/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_CODEC_DEFLATE_CUT_H
#define EROFS_CODEC_DEFLATE_CUT_H

#include <stddef.h>
#include <stdint.h>

/* Working memory: the tables of a block's codes. */
struct erofs_deflate_cutter;

struct erofs_deflate_cutter *erofs_deflate_cutter_new(void);
void erofs_deflate_cutter_free(struct erofs_deflate_cutter *cutter);

/*
 * Shortens a raw DEFLATE stream of `size` bytes, in place, to what ends at the last symbol with which it takes no more
 * than `room` bytes, and makes that its end. Returns the bytes it takes, and in `*decoded` how much it decodes to; 0
 * where not one symbol fits or where the bytes are no DEFLATE stream.
 */
size_t erofs_deflate_cut(struct erofs_deflate_cutter *cutter, uint8_t *stream, size_t size, size_t room,
			 size_t *decoded);

/*
 * Makes the first byte other than zero, as the padding in front of a stream is told from it by that. Only the unused
 * bits of a stored block can make a zero byte; nobody reads them.
 */
void erofs_deflate_mark_start(uint8_t *stream, size_t size);

#endif
