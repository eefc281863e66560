/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_METABOX_H
#define EROFS_WRITER_METABOX_H

#include "lib/util/pool.h"
#include "lib/writer/meta/layout.h"

/*
 * Writes the metabox: its data, made and encoded piece by piece, behind the metadata that lie outside, and behind them its inode with
 * their index. Adds to the layout where that is, and to the summary what it took. Reports what the output says.
 */
int erofs_writer_emit_metabox(const struct erofs_plan *plan, const struct erofs_data *data, struct erofs_layout *layout,
			      struct erofs_pool *pool);

#endif
