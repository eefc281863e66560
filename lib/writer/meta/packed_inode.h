/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PACKED_INODE_H
#define EROFS_WRITER_PACKED_INODE_H

#include "lib/writer/meta/layout.h"

/*
 * Writes the packed inode behind all other metadata, if there is one: never in a metabox. Adds to the layout where that is. Reports
 * what the output says.
 */
int erofs_writer_emit_packed_inode(const struct erofs_plan *plan, const struct erofs_data *data,
				   struct erofs_layout *layout);

#endif
