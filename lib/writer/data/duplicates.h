/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_DUPLICATES_H
#define EROFS_WRITER_DUPLICATES_H

#include "lib/util/pool.h"
#include "lib/writer/data/run.h"

/* Contents and duplicates, for commits. */

/* What is to be found out of a file's content. */
enum erofs_identity_kind erofs_writer_identity_kind(const struct erofs_run *run, const struct erofs_tree_inode *inode);

/* The file with this number while the run goes on: of the tree, or of its arrival. */
const struct erofs_tree_inode *erofs_writer_file(const struct erofs_run *run, uint32_t number);

/* Notes what a file's content is, also for the UUID. */
int erofs_writer_note(struct erofs_run *run, const struct erofs_tree_inode *inode,
		      const struct erofs_identity *identity);

/* Gives a file the data of an earlier one with the same content, if they are stored alike. `compressed`: it would be. */
bool erofs_writer_take_over(struct erofs_run *run, const struct erofs_tree_inode *inode, bool compressed);

/* Makes a file whose data are placed the one that later duplicates take over from. */
void erofs_writer_own(struct erofs_run *run, const struct erofs_tree_inode *inode);

/* Finds out which candidates are duplicates, stores the others, and gives those their data: when the first run is over. */
int erofs_writer_settle_candidates(struct erofs_run *run, const struct erofs_pool_ops *ops);

#endif
