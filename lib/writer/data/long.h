/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_LONG_H
#define EROFS_WRITER_LONG_H

#include "lib/writer/data/run.h"

/* Long files, for one segment each (long.c, long_commit.c). */

int erofs_writer_long_new(struct erofs_long_file **out, const struct erofs_tree_inode *inode);
void erofs_writer_long_free(struct erofs_run *run, struct erofs_long_file *file);

/* Opens it for being read segment by segment, once more if need be. Belongs to next. */
int erofs_writer_long_begin(struct erofs_run *run, struct erofs_long_file *file);

int erofs_writer_long_work(struct erofs_run *run, struct erofs_job *job, unsigned int worker);
int erofs_writer_long_commit(struct erofs_run *run, struct erofs_job *job);
int erofs_writer_long_finish(struct erofs_run *run, struct erofs_job *job, unsigned int worker);

#endif
