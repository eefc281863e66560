/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_PIECES_H
#define FUSE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/image.h>

/*
 * Decoded pieces of compressed data, for all threads: those used last are kept, up to so many bytes in all. A piece that several
 * threads want at once is decoded by the first of them; the others wait for it.
 */

struct pieces;

/* A piece in use: its bytes stay where they are, unchanged, until pieces_give_back(). */
struct piece {
	const uint8_t *data;
	size_t length;
};

/* `limit`: bytes that are kept, besides those in use. NULL: out of memory. */
struct pieces *pieces_new(size_t limit);

/* No piece is in use any more. NULL is fine. */
void pieces_free(struct pieces *pieces);

/* Decodes the whole extent into `out`, extent->length bytes: 0 or a negative errno. Called without any lock. */
typedef int pieces_decode(void *ctx, uint8_t *out, const struct erofs_extent *extent);

/*
 * The bytes of an encoded extent, to be given back; decoded if they are not here. Files may share an extent: where it lies and
 * what it decodes to count, not where it is in a file. A failure is what `decode` said, or -ENOMEM, and nothing is kept of it.
 */
int pieces_take(struct pieces *pieces, const struct piece **out, const struct erofs_extent *extent,
		pieces_decode *decode, void *ctx);
void pieces_give_back(struct pieces *pieces, const struct piece *piece);

/*
 * Whether the extent is here, or this has been asked of it before; the answer may be wrong at times. So what is wanted once need not
 * take the place of what is wanted often.
 */
bool pieces_asked_before(struct pieces *pieces, const struct erofs_extent *extent);

#endif
