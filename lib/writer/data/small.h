/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_SMALL_H
#define EROFS_WRITER_SMALL_H

#include "lib/writer/data/run.h"

/* Small files, for whole batches. */

int erofs_writer_small_work(struct erofs_run *run, struct erofs_job *job, unsigned int worker);
int erofs_writer_small_commit(struct erofs_run *run, struct erofs_job *job);
int erofs_writer_small_finish(struct erofs_run *run, struct erofs_job *job);

#endif
