/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_LAYOUT_H
#define EROFS_OCI_LAYOUT_H

#include "lib/oci/store.h"

/*
 * An OCI layout directory that is written. Blobs get their names when they are complete and on the disk, and index.json changes
 * last and as a whole, so a failure leaves at most blobs that nothing refers to; a directory that is new goes again. Several writers may
 * add to one layout. Failures are reported. One thread at a time.
 */
struct oci_layout;

/* The directory is made if it is not there; one that holds anything but a layout is refused with -EEXIST. */
int erofs_oci_layout_open(struct oci_layout **out, const char *path, bool no_sync, const struct erofs_diag *diag);

/* Closes; what was not published is taken back if the directory is new. NULL is fine. */
void erofs_oci_layout_close(struct oci_layout *layout);

/* Stores a document, and says by which digest. */
int erofs_oci_layout_put(struct oci_layout *layout, struct oci_digest *digest, const void *bytes, size_t size);

/* Copies a blob as it is; -EBADMSG if it has not the size or the digest that it should have. */
int erofs_oci_layout_copy(struct oci_layout *layout, struct oci_store *from, const struct oci_descriptor *blob);

/* A name for a file that is to become a blob; to be freed. NULL: out of memory. */
char *erofs_oci_layout_temporary(const struct oci_layout *layout);

/* Makes such a file a blob, and says by which digest and of which size. */
int erofs_oci_layout_take(struct oci_layout *layout, const char *temporary, struct oci_digest *digest, uint64_t *size);

/* Whether a blob is there and whole: 1 or 0; -EIO, reported, if it cannot be read. */
int erofs_oci_layout_has(const struct oci_layout *layout, const struct oci_digest *digest, uint64_t size);

/*
 * Puts descriptors (an array; lent) into index.json, each in the place of those of its name, or of its digest if it has none. From here
 * on the layout stays.
 */
int erofs_oci_layout_publish(struct oci_layout *layout, struct json_object *descriptors);

#endif
