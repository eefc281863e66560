/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_INODES_H
#define FUSE_INODES_H

#include <stdbool.h>

#include <erofs/inode.h>

/* Inodes that were read lately, for all threads: a fixed number of places, of which each inode has one. */
struct inodes;

/* NULL: out of memory. */
struct inodes *inodes_new(void);
void inodes_free(struct inodes *inodes);

/* False: it is not here. */
bool inodes_find(struct inodes *inodes, struct erofs_inode *out, uint64_t nid);
void inodes_keep(struct inodes *inodes, const struct erofs_inode *inode);

#endif
