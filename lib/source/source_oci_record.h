/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_RECORD_H
#define EROFS_SOURCE_SOURCE_OCI_RECORD_H

#include "lib/archive/tar_member.h"
#include "lib/util/arena.h"

/* Members of a layer as they were read, to be applied when those of the layers below are known. */

struct oci_record {
	struct oci_record *next;
	struct erofs_tree_inode *inode; /* of a file whose contents have arrived, or NULL */
	struct tar_member *member;	/* NULL: the inode, whose name is its path, says it all */
};

/* Those of a layer. */
struct oci_records {
	struct erofs_arena arena;
	struct oci_record *first, *last;
};

/* Keeps what the member says, for as long as the records and the inode are there. -ENOMEM. */
int erofs_source_oci_record(struct oci_records *records, const struct tar_member *member,
			    struct erofs_tree_inode *inode);

/* The member of a record, but for the place of its data. */
void erofs_source_oci_recorded(struct tar_member *out, const struct oci_record *record);

void erofs_source_oci_records_release(struct oci_records *records);

#endif
