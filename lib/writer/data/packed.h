/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PACKED_H
#define EROFS_WRITER_PACKED_H

#include "lib/writer/data/data.h"

/*
 * The packed inode, which fragments lie in: a file in no directory, made and compressed like any other, from a source of its own.
 * So it comes with a tree, a plan and data of one inode.
 */
struct erofs_packed {
	struct erofs_tree tree;
	struct erofs_tree_inode root, inode;
	struct erofs_tree_inode *inodes[1];
	struct erofs_build_options options;
	struct erofs_method method;
	struct erofs_build_summary summary;
	struct erofs_plan plan;
	struct erofs_data data;
};

void erofs_writer_packed_free(struct erofs_packed *packed);

#endif
