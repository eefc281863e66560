/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_EMIT_H
#define EROFS_WRITER_EMIT_H

#include "lib/util/pool.h"
#include "lib/writer/meta/layout.h"

/* Writes all metadata, the superblock last, and adds to the layout what the metabox took. Reports what the output says. */
int erofs_writer_emit(const struct erofs_plan *plan, const struct erofs_data *data, struct erofs_layout *layout,
		      struct erofs_pool *pool);

/* Writes what stands in front of the data, the superblock with its checksum: what turns the bytes into an image. */
int erofs_writer_emit_front(const struct erofs_plan *plan, const struct erofs_data *data,
			    const struct erofs_layout *layout, struct erofs_pool *pool);

/*
 * Writes what stands behind the metadata, the zeros that align the end and dm-verity's tree, and sets image_bytes and the root hash
 * in the summary. `front`: the superblock and what follows it, which are not in their place yet.
 */
int erofs_writer_emit_behind(const struct erofs_plan *plan, const struct erofs_data *data,
			     const struct erofs_layout *layout, const struct erofs_buffer *front,
			     struct erofs_pool *pool);

#endif
