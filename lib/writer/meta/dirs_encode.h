/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_DIRS_ENCODE_H
#define EROFS_WRITER_DIRS_ENCODE_H

#include "lib/util/pool.h"
#include "lib/writer/meta/layout.h"

/* Directories that have whole blocks, as compressed inodes; small ones lie behind their inodes. */

/*
 * Before the layout: finds the directories that become smaller, and gives each a list of extents from which the size of its index
 * follows. What they hold, the numbers of other inodes, is guessed. -ENOMEM, -ECANCELED, or what the compressor says.
 */
int erofs_writer_choose_encoded_dirs(const struct erofs_plan *plan, struct erofs_data *data, struct erofs_pool *pool);

/*
 * Behind the layout: encodes and writes them at layout->encoded_end, which it moves on, and makes their lists anew. Reports what the output
 * says.
 */
int erofs_writer_emit_encoded_dirs(const struct erofs_plan *plan, struct erofs_data *data, struct erofs_layout *layout,
				   struct erofs_pool *pool);

#endif
