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

#endif
