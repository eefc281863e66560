/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PARTS_H
#define EROFS_WRITER_PARTS_H

#include "lib/writer/meta/emit_inode.h"

/*
 * The metadata as a row of parts: each inode in the order of their places, the shared xattrs, the blocks of each inode that has
 * some. Each is checked against the place that layout gave it.
 */
struct erofs_parts {
	struct erofs_emitter emitter;
	uint64_t first, end; /* those in hand */
	uint64_t end_at;     /* where the last one of them ends */
};

/* All parts; or, of an image with a metabox, those that lie outside of it. */
struct erofs_parts erofs_writer_parts(const struct erofs_plan *plan, const struct erofs_data *data,
				      const struct erofs_layout *layout);

/* Those in the metabox; their places are bytes of its data. */
struct erofs_parts erofs_writer_metabox_parts(const struct erofs_plan *plan, const struct erofs_data *data,
					      const struct erofs_layout *layout);

/* Where a part begins, and the one before it ends, with zeros at its end perhaps; `part` up to parts->end. */
uint64_t erofs_writer_part_start(const struct erofs_parts *parts, uint64_t part);

/*
 * Puts the inline tail of a regular file where it belongs in the piece, which is still empty, if that is in bytes from..to-1. The other
 * functions leave it alone. One thread at a time, once for each tail. -ENOMEM, -EIO.
 */
int erofs_writer_part_tail(const struct erofs_parts *parts, struct erofs_piece *piece, uint64_t part, uint64_t from,
			   uint64_t to);

/* Appends a part. -ENOMEM. */
int erofs_writer_part_emit(const struct erofs_parts *parts, struct erofs_piece *piece, uint64_t part);

#endif
