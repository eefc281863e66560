/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_ARCHIVE_UNPACK_H
#define EROFS_ARCHIVE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A stream without the compression around it, if there is one: a stream goes in, a stream comes out. Known by their first bytes are
 * gzip, bzip2, xz, lzip, lzma, zstd and lz4, of one or many members. Whatever a format has to check itself by is checked:
 * sums, sizes, marks at the end, and that nothing else follows.
 */
struct erofs_unpack;

/* Where the packed bytes come from. */
struct erofs_unpack_input {
	/*
	 * Up to `size` bytes: their count, 0 at the end, negative when that has been reported. Called by one thread at a time,
	 * which need not be the one that reads what comes out.
	 */
	int64_t (*read)(void *ctx, void *buf, size_t size);
	void *ctx;
};

/* Nothing is read yet. NULL: out of memory. */
struct erofs_unpack *erofs_archive_unpack_new(const struct erofs_unpack_input *input);
void erofs_archive_unpack_free(struct erofs_unpack *unpack);

/*
 * Up to `size` bytes: their count, which may be small at any time and is 0 at the end only. Negative: what the input returned, or,
 * when erofs_archive_unpack_failure() has a text, -EBADMSG, -EOPNOTSUPP or -ENOMEM.
 */
int64_t erofs_archive_unpack_read(struct erofs_unpack *unpack, void *buf, size_t size);

/* What is wrong with the stream, as in "cannot decompress NAME: TEXT"; NULL: nothing. Not reported yet. */
const char *erofs_archive_unpack_failure(const struct erofs_unpack *unpack);

/* Of a stream that was read to its end: whether it was compressed. */
bool erofs_archive_unpack_was_packed(const struct erofs_unpack *unpack);

/* How many first bytes it takes to know what a stream is. */
#define EROFS_UNPACK_START 16
/* Whether a stream that begins so is packed; fewer bytes only if there are no more. */
bool erofs_archive_unpack_is_packed(const uint8_t *start, size_t size);

/* What bytes that are neither a tar archive nor packed in a way that is read here are; NULL: not known. */
const char *erofs_archive_unpack_name_stranger(const uint8_t *start, size_t size);

#endif
