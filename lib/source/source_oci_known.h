/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_KNOWN_H
#define EROFS_SOURCE_SOURCE_OCI_KNOWN_H

#include "lib/oci/documents.h"

/* Layers that have been converted: from which tar, and what came of it. Manifests say so in annotations of their layers. */

#define OCI_NOTE_DIFF_ID     "org.erofs.tar.diff-id"
#define OCI_NOTE_RECIPE	     "org.erofs.recipe"
#define OCI_NOTE_PLAIN	     "org.erofs.diff-id" /* of the image, where the blob is it compressed */
#define OCI_NOTE_ROOT_HASH   "org.erofs.dmverity.roothash"
#define OCI_NOTE_HASH_OFFSET "org.erofs.dmverity.hashoffset"

struct oci_known_layer {
	struct oci_digest diff_id; /* of the tar */
	struct oci_digest plain;   /* of the image */
	struct oci_digest digest;  /* of the blob, which is the image, or that compressed */
	uint64_t size;		   /* of the blob, bytes */
	struct oci_store *from;	   /* where it is; NULL: in the target */
	char root_hash[65];	   /* "": no tree */
	char hash_offset[24];
};

struct oci_known {
	struct oci_known_layer *layers;
	size_t count, room;
};

/*
 * Notes what the images in a store have that was made by this recipe; `from`: as layers that are there. What is damaged is passed over, so the
 * store should be silent. What the root says: 0, or the error that it cannot be read with; -ENOMEM.
 */
int erofs_source_oci_known_load(struct oci_known *known, struct oci_store *store, struct oci_store *from,
				const struct oci_digest *recipe);

/* Notes one more. -ENOMEM. */
int erofs_source_oci_known_add(struct oci_known *known, const struct oci_known_layer *layer);

/* NULL: none. The next one behind `after`, which may be NULL. Valid until something is added. */
const struct oci_known_layer *erofs_source_oci_known_find(const struct oci_known *known,
							  const struct oci_digest *diff_id,
							  const struct oci_known_layer *after);

void erofs_source_oci_known_release(struct oci_known *known);

#endif
