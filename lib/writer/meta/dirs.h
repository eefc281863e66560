/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_DIRS_H
#define EROFS_WRITER_DIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/tree/tree.h"
#include "lib/util/buffer.h"

/* Directories as data: entries with `.` (unless `dot_omitted`) and `..` among them, sorted, cut into blocks. */

/* Bytes of the directory's data. */
uint64_t erofs_writer_dir_data_size(const struct erofs_tree_inode *dir, uint32_t blksz, bool dot_omitted);

/* Gives the nid of an inode. */
typedef uint64_t (*erofs_nid_of)(const void *ctx, const struct erofs_tree_inode *inode);

/* Appends all of the directory's data, erofs_writer_dir_data_size() bytes. -ENOMEM. */
int erofs_writer_dir_encode(struct erofs_buffer *out, const struct erofs_tree_inode *dir, uint32_t blksz,
			    bool dot_omitted, erofs_nid_of nid_of, const void *ctx);

/* A place in a directory's data: where a block begins, or the end. */
struct erofs_dir_cursor {
	const struct erofs_tree_inode *dir;
	uint32_t own;  /* next of dir->dir.entries */
	uint32_t dots; /* how many of `.` and `..` lie in front */
};

struct erofs_dir_cursor erofs_writer_dir_begin(const struct erofs_tree_inode *dir, bool dot_omitted);

/* Moves on by as many blocks as `most` bytes hold; returns their bytes, 0 at the end. */
uint64_t erofs_writer_dir_skip(struct erofs_dir_cursor *cursor, uint32_t blksz, uint64_t most);

/* Appends them, too. -ENOMEM. */
int erofs_writer_dir_encode_blocks(struct erofs_buffer *out, struct erofs_dir_cursor *cursor, uint32_t blksz,
				   uint64_t most, erofs_nid_of nid_of, const void *ctx);

#endif
