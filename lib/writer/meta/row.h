/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_ROW_H
#define EROFS_WRITER_ROW_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the image from one place to another, in memory, filled from the front. One thread. */
struct erofs_row {
	uint64_t start, end; /* in the image */
	uint64_t position;   /* of the next byte to fill */
	uint8_t *bytes;	     /* end - start */
	uint8_t *memory;     /* what bytes lie in */
	size_t room;	     /* bytes in memory */
};

/* Makes an empty row of a new one, a zeroed one, or one that was used. -ENOMEM. */
int erofs_writer_row_begin(struct erofs_row *row, uint64_t start, uint64_t end);
void erofs_writer_row_release(struct erofs_row *row);

/* Fills in `size` bytes, which have to fit. */
void erofs_writer_row_append(struct erofs_row *row, const void *data, size_t size);

/* Zeros up to `position`, which is not in front of what is filled. */
void erofs_writer_row_pad(struct erofs_row *row, uint64_t position);

/* Goes on behind `size` bytes that have been filled in already. */
void erofs_writer_row_skip(struct erofs_row *row, size_t size);

/* Where the bytes from `position` on belong. */
uint8_t *erofs_writer_row_at(const struct erofs_row *row, uint64_t position);

#endif
