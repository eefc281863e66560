/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_MEMBER_H
#define EROFS_OCI_MEMBER_H

#include "lib/oci/store.h"
#include "lib/tree/tree.h"

/*
 * What is in the members of an archive that is an image, whichever of them is asked for. If the archive is compressed, there is no
 * way into the middle of it: it is unpacked again up to where the member begins, unless the last one that was read ended before
 * that. This is how an archive is read that there was no room for to keep it unpacked (store_archive.c).
 */

struct oci_member {
	uint64_t offset; /* of its data in the archive */
	uint64_t size;	 /* as it is read */
	/* What is stored of a sparse file. */
	bool is_sparse;
	const struct erofs_data_range *ranges;
	size_t range_count;
	const uint8_t *bytes; /* kept since the archive was looked through, or NULL */
};

/* The archive; all of it outlives the inputs. */
struct oci_members {
	const struct oci_store *store;
	int fd;
	bool is_packed;
	struct oci_pass *idle; /* packed: how far the last reader has come, or NULL */
};

void erofs_oci_members_release(struct oci_members *members);

/* Its bytes, one after the other. Several at a time are possible. -ENOMEM; failures of reading are reported. */
int erofs_oci_member_open(struct oci_input **out, struct oci_members *members, const struct oci_member *member);

#endif
