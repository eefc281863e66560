/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_HOLES_H
#define EROFS_SOURCE_HOLES_H

#include "lib/tree/tree.h"

/* Holes are only worth keeping where they span a whole block; smaller ones are read as the zeros they are. */
#define EROFS_HOLE_LEAST 4096u

/* Notes that bytes start..end-1 of a file are data, in ascending order: a list of struct erofs_data_range. -ENOMEM. */
int erofs_source_holes_add_data(struct erofs_buffer *ranges, uint64_t start, uint64_t end);

/* Gives a regular file the map of these data, from the arena, if there is a hole between them. -ENOMEM. */
int erofs_source_holes_set_map(struct erofs_tree_inode *inode, const struct erofs_buffer *ranges,
			       struct erofs_arena *arena);

#endif
