/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_INODE_H
#define EROFS_FORMAT_INODE_H

#include <stddef.h>
#include <stdint.h>

#include <erofs/inode.h>
#include <erofs/superblock.h>

/* Writes the body (32 or 64 bytes as inode->extended says) and returns its size. Reserved fields are zero. */
size_t erofs_inode_encode(const struct erofs_inode *inode, uint8_t *out);

/*
 * Decodes a body from `avail` bytes; a compact inode takes its time from the superblock. Leaves out->nid alone. -EUCLEAN if
 * an extended body is cut off, the layout does not exist or the mode has no file type; `*reason` (static) says which.
 */
int erofs_inode_decode(struct erofs_inode *out, const uint8_t *in, size_t avail, const struct erofs_superblock *sb,
		       const char **reason);

/* Whether a field that must be zero is not: the number of the first such byte in the body, or -1. */
int erofs_inode_reserved_byte(const struct erofs_inode *inode, const uint8_t *in);

/* Directory entry type for a mode; EROFS_FT_UNKNOWN if it has no file type. */
enum erofs_file_type erofs_file_type_of_mode(uint32_t mode);

#endif
