/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_BLOB_H
#define EROFS_OCI_BLOB_H

#include "lib/oci/store.h"

/*
 * Blobs that are what they are said to be. A layer's bytes are handed out before all of them have been seen, so nothing counts until
 * erofs_oci_layer_finish() has succeeded. Failures are reported, with the digest.
 */

/* A whole document; -EBADMSG if size or digest are wrong. */
int erofs_oci_document_read(struct erofs_buffer *out, struct oci_store *store, const struct oci_descriptor *blob);

struct oci_layer;

/*
 * Several layers may be open at once, if the store allows it (store->layers_ahead). Threads of their own read, hash and decompress them;
 * their messages come when the reader gets there. `diff_id`: the digest that it has decompressed; NULL: that was looked at before.
 */
int erofs_oci_layer_open(struct oci_layer **out, struct oci_store *store, const struct oci_descriptor *blob,
			 const struct oci_digest *diff_id);

/* Begins with the work that can be done ahead; the first read does it, too. */
void erofs_oci_layer_start(struct oci_layer *layer);

/* Up to `size` bytes of the archive, decompressed: their count, 0 at the end. */
int64_t erofs_oci_layer_read(struct oci_layer *layer, void *buf, size_t size);

/* Reads what is left of it, and compares sizes and digests. */
int erofs_oci_layer_finish(struct oci_layer *layer);

void erofs_oci_layer_close(struct oci_layer *layer);

/* Reports what is wrong with a blob, and returns the error. */
int erofs_oci_blob_report(const struct oci_store *store, int err, const struct oci_descriptor *blob, const char *text);
int erofs_oci_blob_report_size(const struct oci_store *store, const struct oci_descriptor *blob, bool is_longer,
			       uint64_t size);

/* What a blob is called in messages. */
const char *erofs_oci_blob_name(const struct oci_descriptor *blob);

#endif
