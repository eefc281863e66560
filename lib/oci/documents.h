/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_DOCUMENTS_H
#define EROFS_OCI_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/oci/digest.h"
#include "lib/oci/json.h"
#include "lib/oci/platform.h"

#define OCI_TYPE_INDEX	  "application/vnd.oci.image.index.v1+json"
#define OCI_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_CONFIG	  "application/vnd.oci.image.config.v1+json"

/*
 * The documents of an image, in OCI's and Docker's versions: index, manifest, configuration, and the manifest.json of
 * `docker save`. Parsed from bytes that nobody has to trust; text lives in the JSON that they keep. Parsers return -EINVAL and
 * what is wrong in `*why`, or -ENOMEM.
 */

#define OCI_DESCRIPTORS_MAX 4096u
#define OCI_SIZE_UNKNOWN    UINT64_MAX

/* A blob as something else refers to it. */
struct oci_descriptor {
	const char *media_type; /* "" if not said */
	struct oci_digest digest;
	uint64_t size;
	const char *path; /* of `docker save` archives: where it is; NULL: where its digest says */
	bool has_platform;
	struct oci_platform platform;
	const char *reference; /* annotations that name the image, or NULL */
	const char *full_name;
	const char *url; /* where its maker has it, or NULL */
};

struct oci_index {
	struct json_object *json;
	struct oci_descriptor *manifests;
	size_t count;
};

struct oci_manifest {
	struct json_object *json;
	const char *artifact_type; /* of something that is no image; else NULL */
	struct oci_descriptor config;
	struct oci_descriptor *layers;
	size_t layer_count;
};

struct oci_config {
	struct oci_platform platform;
	bool lists_layers; /* diff_ids counts: some makers leave it out */
	struct oci_digest *diff_ids;
	size_t count;
};

/* manifest.json: an image each. */
struct oci_saved {
	struct json_object *json;
	struct json_object *images; /* an array, part of it */
};

enum oci_document {
	OCI_DOCUMENT_UNKNOWN,
	OCI_DOCUMENT_INDEX,
	OCI_DOCUMENT_MANIFEST,
	OCI_DOCUMENT_OLD, /* Docker's first schema */
};

/* What a document is by what is in it; one that could be both is neither. */
enum oci_document erofs_oci_document_kind(const void *bytes, size_t size);

int erofs_oci_index_parse(struct oci_index *out, const void *bytes, size_t size, const char **why);
void erofs_oci_index_release(struct oci_index *index);

int erofs_oci_manifest_parse(struct oci_manifest *out, const void *bytes, size_t size, const char **why);
void erofs_oci_manifest_release(struct oci_manifest *manifest);

int erofs_oci_config_parse(struct oci_config *out, const void *bytes, size_t size, const char **why);
void erofs_oci_config_release(struct oci_config *config);

/* oci-layout: whether this is a version that we know. */
bool erofs_oci_layout_is_known(const void *bytes, size_t size);

int erofs_oci_saved_parse(struct oci_saved *out, const void *bytes, size_t size, const char **why);
void erofs_oci_saved_release(struct oci_saved *saved);
size_t erofs_oci_saved_count(const struct oci_saved *saved);
/* What the image is called; NULL when there are no more tags. */
const char *erofs_oci_saved_tag(const struct oci_saved *saved, size_t image, size_t tag);
/* The image as a manifest; `saved` has to live on. */
int erofs_oci_saved_manifest(struct oci_manifest *out, const struct oci_saved *saved, size_t image, const char **why);

/*
 * Whether what an image is called is what was asked for: as it stands, by its tag alone, or with what Docker leaves out of names
 * (docker.io/library/, :latest).
 */
bool erofs_oci_name_fits(const char *wanted, const char *name);

/* An index without its manifests; NULL: out of memory. */
struct json_object *erofs_oci_index_new(void);

/* The fuller of the names that an index gives an image; NULL: none. */
const char *erofs_oci_descriptor_name(const struct oci_descriptor *blob);
/* What messages call it: that name, or the digest. */
const char *erofs_oci_descriptor_called(const struct oci_descriptor *blob);

/* Whether the digest or one of the names is the one wanted; NULL wants all. */
bool erofs_oci_descriptor_fits(const struct oci_descriptor *blob, const char *wanted);

#endif
