/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_ARRIVALS_CHUNKS_H
#define EROFS_WRITER_ARRIVALS_CHUNKS_H

#include "lib/writer/data/data.h"

/* Whether the file that arrived under this number is in the tree. */
typedef bool erofs_writer_is_kept_function(const void *ctx, uint32_t number);

/* Wipes the blocks that only files have that were replaced, where files share single blocks. -ENOMEM, or what the output says. */
int erofs_writer_wipe_chunks(const struct erofs_data *data, const struct erofs_plan *plan,
			     erofs_writer_is_kept_function *is_kept, const void *ctx);

#endif
