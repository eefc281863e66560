/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_SHIFT_H
#define EROFS_WRITER_SHIFT_H

#include "lib/writer/data/run.h"

/* Extents that cannot begin at every byte, for commits. */

/*
 * Bytes that these extents, about to be placed at `start`, need in front of them to be readable; EROFS_MARK_PAGE: they are not, wherever they
 * are.
 */
uint32_t erofs_writer_find_shift(const struct erofs_method *method, const struct erofs_buffer *extents, uint64_t count,
				 uint64_t start);

/*
 * Leaves as many bytes unused at the end of the zone as these extents, about to be placed there, need in front of them to be
 * readable.
 */
int erofs_writer_shift(struct erofs_run *run, const struct erofs_tree_inode *inode, const struct erofs_buffer *extents,
		       uint64_t count, uint32_t *shift);

#endif
