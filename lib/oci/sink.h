/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_SINK_H
#define EROFS_OCI_SINK_H

#include "lib/oci/store.h"

/*
 * Where an image is written: a layout directory, an archive of one, a registry. Blobs come first, those that documents name before the
 * documents; the image is there when it is published, and not before. Failures are reported. One thread at a time.
 */

struct oci_sink;

struct oci_sink_ops {
	/* What was there before, lent; NULL: nothing, or nothing that can be read. */
	struct oci_store *(*there)(struct oci_sink *sink);
	/* Before much work is done for it: whether it can be written. NULL: that was seen when it was opened. */
	int (*prepare)(struct oci_sink *sink);
	/* Whether a blob is there and whole: 1 or 0. */
	int (*has)(struct oci_sink *sink, const struct oci_descriptor *blob);
	/* Brings a blob over without its bytes being sent: 1, or 0 if that cannot be done. NULL: it never can. */
	int (*mount)(struct oci_sink *sink, const struct oci_store *from, const struct oci_descriptor *blob);
	/* Stores a document of this media type, and says by which digest. */
	int (*put)(struct oci_sink *sink, struct oci_digest *digest, const char *type, const void *bytes, size_t size);
	/* Copies a blob as it is; -EBADMSG if it has not the size or the digest that it should have. */
	int (*copy)(struct oci_sink *sink, struct oci_store *from, const struct oci_descriptor *blob);
	/* A name for a file that is to become a blob; to be freed. NULL: out of memory. */
	char *(*temporary)(struct oci_sink *sink);
	/* Makes such a file a blob, and says by which digest and of which size. */
	int (*take)(struct oci_sink *sink, const char *temporary, struct oci_digest *digest, uint64_t *size);
	/* Gives the image, descriptors in an array (lent), its name. */
	int (*publish)(struct oci_sink *sink, struct json_object *descriptors);
	/* Takes back what was not published, as far as that is possible. */
	void (*close)(struct oci_sink *sink);
};

struct oci_sink {
	const struct oci_sink_ops *ops;
	/* What a registry was sent: blobs, their bytes, and blobs that it took from other repositories. */
	size_t sent, mounted;
	uint64_t sent_bytes;
};

struct oci_sink_options {
	bool no_sync;	 /* do not wait for the disk */
	bool allow_http; /* of registries */
	const struct erofs_cancel *cancel;
	const struct erofs_diag *diag;
};

/* By its name: "docker://...", "....tar", or a directory. */
int erofs_oci_sink_open(struct oci_sink **out, const char *target, const struct oci_sink_options *options);
/* NULL is fine. */
void erofs_oci_sink_close(struct oci_sink *sink);

/* The kinds. */
int erofs_oci_sink_open_directory(struct oci_sink **out, const char *path, const struct oci_sink_options *options);
int erofs_oci_sink_open_archive(struct oci_sink **out, const char *path, const struct oci_sink_options *options);
int erofs_oci_sink_open_registry(struct oci_sink **out, const char *name, const struct oci_sink_options *options);

#endif
