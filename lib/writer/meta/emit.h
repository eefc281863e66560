/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_EMIT_H
#define EROFS_WRITER_EMIT_H

#include "lib/writer/builder.h"

/* Writes what stands in front of the data, the superblock with its checksum: what turns the bytes into an image. */
int erofs_build_emit_front(struct erofs_builder *builder);

#endif
