/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_EMIT_H
#define EROFS_WRITER_EMIT_H

#include "lib/writer/meta/layout.h"

/* Writes all metadata, the superblock last. Reports what the output says. */
int erofs_writer_emit(const struct erofs_plan *plan, const struct erofs_data *data, const struct erofs_layout *layout);

/* Writes what stands in front of the data, the superblock with its checksum: what turns the bytes into an image. */
int erofs_writer_emit_front(const struct erofs_plan *plan, const struct erofs_data *data,
			    const struct erofs_layout *layout);

#endif
