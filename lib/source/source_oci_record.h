/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_RECORD_H
#define EROFS_SOURCE_SOURCE_OCI_RECORD_H

#include "lib/archive/tar_member.h"
#include "lib/util/arena.h"

/* Members of a layer as they were read, to be applied when those of the layers below are known. */

struct oci_record {
	struct oci_record *next;
	struct tar_member member;
	struct erofs_tree_inode *inode; /* of a file whose contents have arrived, or NULL */
};

struct oci_records {
	struct oci_record *first, *last;
};

/* Keeps a copy of the member in the arena. -ENOMEM. */
int erofs_source_oci_record(struct oci_records *records, struct erofs_arena *arena, const struct tar_member *member,
			    struct erofs_tree_inode *inode);

#endif
