/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_ARCHIVE_UNPACK_FORMAT_H
#define EROFS_ARCHIVE_UNPACK_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What unpack.c asks of each format: to decode one member, from memory to memory. All that formats have in common is done there:
 * reading, members behind members, padding, frames to be skipped, streams that are cut off.
 */

/* More memory than that no stream gets for its window. */
#define UNPACK_MEMORY_MOST ((uint64_t)1 << 30)

struct unpack_buffers {
	const uint8_t *in; /* moves on over what was used */
	size_t in_left;
	uint8_t *out; /* likewise over what was filled */
	size_t out_left;
};

enum unpack_family {
	UNPACK_GZIP,
	UNPACK_BZIP2,
	UNPACK_XZ,
	UNPACK_LZIP,
	UNPACK_LZMA,
	UNPACK_ZSTD,
	UNPACK_LZ4,
};

struct unpack_format {
	const char *name;
	enum unpack_family family; /* members of one family may follow each other */
	bool is_single;		   /* ... but not in this format */
	bool may_skip;		   /* frames to be skipped may stand between them */
	/* Zeros behind the members come in multiples of that; 0: likewise of one byte, and only at the end. */
	unsigned int padding;

	/* By the first bytes, EROFS_UNPACK_START of them unless the stream is shorter. */
	bool (*fits)(const uint8_t *start, size_t size);
	/* Before each member; `*state` is NULL or that of the one before. -ENOMEM. NULL: built without the library. */
	int (*begin)(void **state);
	/*
	 * Uses and fills what it can: 1 at the end of the member, else 0; -EBADMSG, -EOPNOTSUPP or -ENOMEM and what is wrong. With
	 * fewer bytes than `lookahead` only at the end of the stream.
	 */
	int (*step)(void *state, struct unpack_buffers *buffers, const char **why);
	size_t lookahead;
	/* Of a format without a mark at the end: whether it may be here. NULL: no. */
	bool (*may_end)(const void *state);
	void (*release)(void *state);
};

/* By the first bytes; also of formats whose library is not there. (unpack_fits.c) */
bool erofs_archive_unpack_fits_gzip(const uint8_t *start, size_t size);
bool erofs_archive_unpack_fits_bzip2(const uint8_t *start, size_t size);
bool erofs_archive_unpack_fits_xz(const uint8_t *start, size_t size);
bool erofs_archive_unpack_fits_lzip(const uint8_t *start, size_t size);
bool erofs_archive_unpack_fits_lzma(const uint8_t *start, size_t size);
bool erofs_archive_unpack_fits_zstd(const uint8_t *start, size_t size);
bool erofs_archive_unpack_fits_lz4(const uint8_t *start, size_t size);
bool erofs_archive_unpack_fits_lz4_legacy(const uint8_t *start, size_t size);

/* Those whose library was left out fit, and have no more (unpack_left_out.c). */
extern const struct unpack_format erofs_archive_unpack_gzip, erofs_archive_unpack_bzip2, erofs_archive_unpack_xz,
	erofs_archive_unpack_lzip, erofs_archive_unpack_lzma, erofs_archive_unpack_zstd, erofs_archive_unpack_lz4,
	erofs_archive_unpack_lz4_legacy;

#endif
