/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_STORE_H
#define EROFS_OCI_STORE_H

#include <string.h>

#include <erofs/diag.h>
#include <erofs/oci.h>

#include "lib/oci/documents.h"
#include "lib/util/buffer.h"

#define OCI_REGISTRY_PREFIX "docker://"

/* Whether a location is an image in a registry. */
static inline bool erofs_oci_is_in_registry(const char *location)
{
	return strncmp(location, OCI_REGISTRY_PREFIX, sizeof(OCI_REGISTRY_PREFIX) - 1) == 0;
}

/*
 * Where documents and blobs are: a directory, an archive, a registry. Stores hand out bytes as they are; whether they are the
 * right ones is looked at by the reader. Failures are reported.
 */

/* Bytes of a blob, one after the other. */
struct oci_input {
	/* Up to `size` bytes: their count, 0 at the end. */
	int64_t (*read)(struct oci_input *input, void *buf, size_t size);
	void (*close)(struct oci_input *input);
};

struct oci_store;

struct oci_store_ops {
	/* What all begins with: index.json, manifest.json, or what a registry has under the name that was asked for. */
	int (*root)(struct oci_store *store, struct erofs_buffer *out);
	/* By any thread. `stop`: a wish of the caller that this, and reading, look at as at that of the store; or NULL. */
	int (*open)(struct oci_store *store, struct oci_input **out, const struct oci_descriptor *blob,
		    const struct erofs_cancel *stop);
	/* A blob may be read twice. NULL: that costs little. -ENOMEM. */
	int (*keep)(struct oci_store *store, const struct oci_descriptor *blob);
	/* Whether a blob is there; NULL: trying is the only way to know. */
	bool (*has)(struct oci_store *store, const struct oci_descriptor *blob);
	void (*release)(struct oci_store *store);
};

struct oci_store {
	const struct oci_store_ops *ops;
	const struct erofs_diag *diag;
	const struct erofs_cancel *cancel;
	char *name;		   /* for messages */
	bool is_saved;		   /* root() gives the manifest.json of `docker save` */
	bool is_named;		   /* ... the image itself: nothing is left to choose by name */
	bool is_remote;		   /* opening may take its time */
	unsigned int layers_ahead; /* so many more blobs may be open at once */
};

int erofs_oci_store_open_directory(struct oci_store **out, const char *path, const struct erofs_diag *diag);
/* Compressed, too; a regular file. */
int erofs_oci_store_open_archive(struct oci_store **out, const char *path, const struct erofs_cancel *cancel,
				 const struct erofs_diag *diag);
/* "docker://HOST[:PORT]/NAME[:TAG|@DIGEST]" */
int erofs_oci_store_open_registry(struct oci_store **out, const struct erofs_oci_options *options,
				  const struct erofs_cancel *cancel, const struct erofs_diag *diag);
/* A blob may be read twice: it should not come from afar twice. -ENOMEM. */
static inline int erofs_oci_store_keep(struct oci_store *store, const struct oci_descriptor *blob)
{
	return store->ops->keep && blob->digest.algorithm != EROFS_DIGEST_NONE ? store->ops->keep(store, blob) : 0;
}

void erofs_oci_store_close(struct oci_store *store);

/* "blobs/sha256/HEX"; to be freed. NULL: out of memory. */
char *erofs_oci_blob_path(const struct oci_descriptor *blob);

/* Whether its type is that of a manifest or of an index, which some stores keep apart from blobs. */
bool erofs_oci_is_manifest(const struct oci_descriptor *blob);

/* An open file as a blob, with which it is closed. */
int erofs_oci_input_of_file(struct oci_input **out, int fd, const char *name, const struct erofs_diag *diag);

/* Reads all that an input has, up to OCI_DOCUMENT_MAX: -EFBIG beyond, reported. */
int erofs_oci_read_all(struct erofs_buffer *out, struct oci_input *input, const char *name,
		       const struct erofs_diag *diag);

#endif
