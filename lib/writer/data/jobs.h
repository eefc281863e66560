/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_JOBS_H
#define EROFS_WRITER_JOBS_H

#include "lib/writer/data/run.h"

/* next: makes jobs of what the source has. */

/* 1: there is a job in the slot; 0: there are no more. */
int erofs_writer_next_job(struct erofs_run *run, struct erofs_job *job);

#endif
