/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PLAN_INODE_H
#define EROFS_WRITER_PLAN_INODE_H

#include "lib/writer/plan/plan.h"

/* Plans one inode of the tree, when epoch and xattrs are known. -ENOMEM, or reported. */
int erofs_writer_plan_inode(struct erofs_plan *plan, const struct erofs_tree_inode *inode);

/* The epoch: all compact inodes have one mtime. -ENOMEM. */
int erofs_writer_plan_epoch(struct erofs_plan *plan);

/* Finds the files that need a digest though they have no fingerprint. -ENOMEM. */
int erofs_writer_plan_digests(struct erofs_plan *plan);

#endif
