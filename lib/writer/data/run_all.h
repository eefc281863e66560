/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_RUN_ALL_H
#define EROFS_WRITER_RUN_ALL_H

#include "lib/writer/data/data.h"

/* The run over all files of a plan's tree, or all that arrive, by a pool: see run.h. */
int erofs_writer_run_all(struct erofs_data *data, struct erofs_plan *plan, struct erofs_pool *pool);

#endif
