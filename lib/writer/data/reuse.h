/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_REUSE_H
#define EROFS_WRITER_REUSE_H

#include "lib/writer/data/run.h"

/* Extents that the source has, for work. */

/*
 * Takes over the extents of an open file that begin in `length` bytes from `offset` on, which `in` holds; what cannot be taken
 * over is encoded.
 */
int erofs_writer_reuse(struct erofs_run *run, unsigned int worker, struct erofs_content *content, const uint8_t *in,
		       uint64_t offset, size_t length, struct erofs_encoded *to);

/* Reports that extents that were taken over are not all of the file, one behind the other; -EUCLEAN. */
int erofs_writer_report_gap(const struct erofs_run *run, const struct erofs_tree_inode *inode);

#endif
