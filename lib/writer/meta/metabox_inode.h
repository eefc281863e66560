/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_METABOX_INODE_H
#define EROFS_WRITER_METABOX_INODE_H

#include "lib/writer/meta/layout.h"

/*
 * Writes the inode of the metabox, whose data are these extents, behind `end`, where its data end, in bytes from the start of the image,
 * and zeros up to the end of its last block. Extends the layout by data and inode. Reports what the output says.
 */
int erofs_writer_emit_metabox_inode(const struct erofs_plan *plan, const struct erofs_data *data,
				    struct erofs_layout *layout, const struct erofs_extent_list *list,
				    const struct erofs_buffer *extents, uint64_t end);

#endif
