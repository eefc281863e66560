/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_FETCH_H
#define EROFS_OCI_FETCH_H

#include "lib/oci/store.h"

/*
 * Brings a blob into a file that is new, and looks at size and digest: -EBADMSG if they are wrong. Failures, which leave no file, are reported
 * through `diag`; those of the store by the store.
 */
int erofs_oci_fetch(const char *path, struct oci_store *from, const struct oci_descriptor *blob,
		    const struct erofs_diag *diag);

/* A name for a new file, which nobody looks for, in a folder, `below` it ("" or "blobs/"); to be freed. NULL: out of memory. */
char *erofs_oci_temporary_name(const char *folder, const char *below);

/* The digest and the size of a whole file. A negative errno, not reported. */
int erofs_oci_hash_file(int fd, enum erofs_digest algorithm, uint8_t *raw, uint64_t *size);

#endif
