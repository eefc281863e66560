/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_EMIT_INODE_H
#define EROFS_WRITER_EMIT_INODE_H

#include "lib/util/buffer.h"
#include "lib/writer/meta/layout.h"
#include "lib/writer/meta/row.h"

/* What the metadata are made of; nothing of it changes any more. */
struct erofs_emitter {
	const struct erofs_plan *plan;
	const struct erofs_data *data;
	const struct erofs_layout *layout;
	uint64_t zone_start; /* of the inode zone, bytes from the start of the image; 0 in a metabox */
};

/* A piece of the metadata that one thread has in hand. */
struct erofs_piece {
	struct erofs_row row;
	struct erofs_buffer scratch;
};

void erofs_writer_piece_release(struct erofs_piece *piece);

/*
 * Puts the inline tail of a regular file where it belongs in the piece, which is still empty, if that is in bytes from..to-1. The other
 * functions leave it alone. One thread at a time, once for each tail. -ENOMEM, -EIO.
 */
int erofs_writer_emit_file_tail(const struct erofs_emitter *emitter, struct erofs_piece *piece,
				const struct erofs_tree_inode *inode, uint64_t from, uint64_t to);

/* Appends an inode, up to the end of its tail. -ENOMEM. */
int erofs_writer_emit_inode(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			    const struct erofs_tree_inode *inode);

/* Appends the blocks of a directory or long symlink that has some. -ENOMEM. */
int erofs_writer_emit_blocks(const struct erofs_emitter *emitter, struct erofs_piece *piece,
			     const struct erofs_tree_inode *inode);

#endif
