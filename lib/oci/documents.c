/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/documents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ANNOTATION_REFERENCE "org.opencontainers.image.ref.name"
#define ANNOTATION_FULL_NAME "io.containerd.image.name"

static int wrong(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static int parse_object(struct json_object **out, const void *bytes, size_t size, const char **why)
{
	int err;

	*why = "is no JSON, or too large or deep";
	err = erofs_oci_json_parse(out, bytes, size);
	if (!err && !json_object_is_type(*out, json_type_object))
		return wrong(why, "is no JSON object");
	return err;
}

/* ---- platforms -------------------------------------------------------------------------------------------------------- */

static bool copy_part(char part[OCI_PLATFORM_PART], struct json_object *object, const char *key)
{
	const char *text = erofs_oci_json_string(object, key);

	if (!text || strlen(text) >= OCI_PLATFORM_PART)
		return false;
	strcpy(part, text);
	return true;
}

static bool read_platform(struct oci_platform *out, struct json_object *object)
{
	*out = (struct oci_platform){ 0 };
	copy_part(out->variant, object, "variant");
	return copy_part(out->os, object, "os") && copy_part(out->architecture, object, "architecture");
}

/* ---- descriptors ------------------------------------------------------------------------------------------------------ */

static int read_descriptor(struct oci_descriptor *out, struct json_object *object, const char **why)
{
	const char *digest = erofs_oci_json_string(object, "digest");
	const char *media_type = erofs_oci_json_string(object, "mediaType");
	struct json_object *annotations = erofs_oci_json_object(object, "annotations");
	struct json_object *platform = erofs_oci_json_object(object, "platform");
	struct json_object *urls = erofs_oci_json_array(object, "urls");

	*out = (struct oci_descriptor){ .media_type = media_type ? media_type : "" };
	if (!digest || erofs_oci_digest_parse(&out->digest, digest))
		return wrong(why, "refers to a blob without a digest, or with one that is neither sha256 nor sha512");
	if (erofs_oci_json_size(&out->size, object, "size"))
		return wrong(why, "refers to a blob without a size");
	out->reference = erofs_oci_json_string(annotations, ANNOTATION_REFERENCE);
	out->full_name = erofs_oci_json_string(annotations, ANNOTATION_FULL_NAME);
	out->url = urls ? erofs_oci_json_text(json_object_array_get_idx(urls, 0)) : NULL;
	out->has_platform = platform && read_platform(&out->platform, platform);
	return 0;
}

static int read_descriptors(struct oci_descriptor **out, size_t *count, struct json_object *array, const char **why)
{
	size_t length = json_object_array_length(array);
	struct oci_descriptor *list;
	int err = 0;

	if (length > OCI_DESCRIPTORS_MAX)
		return wrong(why, "refers to too many blobs");
	list = calloc(length + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; !err && i < length; i++)
		err = read_descriptor(&list[i], json_object_array_get_idx(array, i), why);
	*out = list;
	*count = length;
	return err;
}

/* ---- index and manifest ----------------------------------------------------------------------------------------------- */

enum oci_document erofs_oci_document_kind(const void *bytes, size_t size)
{
	erofs_auto_json struct json_object *json = NULL;
	bool is_index, is_manifest;

	if (erofs_oci_json_parse(&json, bytes, size))
		return OCI_DOCUMENT_UNKNOWN;
	is_index = json_object_object_get_ex(json, "manifests", NULL);
	is_manifest =
		json_object_object_get_ex(json, "layers", NULL) || json_object_object_get_ex(json, "config", NULL);
	if (json_object_object_get_ex(json, "fsLayers", NULL))
		return is_index || is_manifest ? OCI_DOCUMENT_UNKNOWN : OCI_DOCUMENT_OLD;
	if (is_index == is_manifest)
		return OCI_DOCUMENT_UNKNOWN;
	return is_index ? OCI_DOCUMENT_INDEX : OCI_DOCUMENT_MANIFEST;
}

int erofs_oci_index_parse(struct oci_index *out, const void *bytes, size_t size, const char **why)
{
	struct oci_index index = { 0 };
	struct json_object *array;
	int err = parse_object(&index.json, bytes, size, why);

	if (!err && !(array = erofs_oci_json_array(index.json, "manifests")))
		err = wrong(why, "has no list of manifests");
	if (!err)
		err = read_descriptors(&index.manifests, &index.count, array, why);
	if (err)
		erofs_oci_index_release(&index);
	*out = index;
	return err;
}

void erofs_oci_index_release(struct oci_index *index)
{
	free(index->manifests);
	json_object_put(index->json);
	*index = (struct oci_index){ 0 };
}

/* Signatures, charts, bills of material come as manifests, too; what their configuration is tells them apart. */
static const char *find_artifact_type(struct json_object *json, const struct oci_descriptor *config)
{
	static const char *const images[] = {
		"", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
		"application/octet-stream", /* Docker's before it had a name of its own */
	};
	const char *type = erofs_oci_json_string(json, "artifactType");

	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		if (strcmp(config->media_type, images[i]) == 0)
			return NULL;
	return type && *type ? type : config->media_type;
}

static int read_manifest(struct oci_manifest *manifest, const char **why)
{
	struct json_object *config = erofs_oci_json_object(manifest->json, "config");
	struct json_object *layers = erofs_oci_json_array(manifest->json, "layers");
	int err;

	if (!config || (!layers && !erofs_oci_json_lacks(manifest->json, "layers")))
		return wrong(why, "has no configuration, or no list of layers");
	err = read_descriptor(&manifest->config, config, why);
	if (err)
		return err;
	manifest->artifact_type = find_artifact_type(manifest->json, &manifest->config);
	return layers ? read_descriptors(&manifest->layers, &manifest->layer_count, layers, why) : 0;
}

int erofs_oci_manifest_parse(struct oci_manifest *out, const void *bytes, size_t size, const char **why)
{
	struct oci_manifest manifest = { 0 };
	int err = parse_object(&manifest.json, bytes, size, why);

	if (!err)
		err = read_manifest(&manifest, why);
	if (err)
		erofs_oci_manifest_release(&manifest);
	*out = manifest;
	return err;
}

void erofs_oci_manifest_release(struct oci_manifest *manifest)
{
	free(manifest->layers);
	json_object_put(manifest->json);
	*manifest = (struct oci_manifest){ 0 };
}

/* ---- configuration ---------------------------------------------------------------------------------------------------- */

static int read_diff_ids(struct oci_config *config, struct json_object *array, const char **why)
{
	size_t count = json_object_array_length(array);

	if (count > OCI_DESCRIPTORS_MAX)
		return wrong(why, "has too many layers");
	config->diff_ids = calloc(count + 1, sizeof(*config->diff_ids));
	if (!config->diff_ids)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *text = erofs_oci_json_text(json_object_array_get_idx(array, i));

		if (!text || erofs_oci_digest_parse(&config->diff_ids[i], text))
			return wrong(why, "has a diff_id that is neither sha256 nor sha512");
	}
	config->count = count;
	return 0;
}

static int read_config(struct oci_config *config, struct json_object *json, const char **why)
{
	struct json_object *rootfs = erofs_oci_json_object(json, "rootfs");
	struct json_object *diff_ids = erofs_oci_json_array(rootfs, "diff_ids");
	const char *type = erofs_oci_json_string(rootfs, "type");

	read_platform(&config->platform, json);
	if (erofs_oci_json_lacks(json, "rootfs") || (rootfs && erofs_oci_json_lacks(rootfs, "diff_ids")))
		return 0;
	if (!diff_ids || (type && *type && strcmp(type, "layers") != 0))
		return wrong(why, "is not that of an image: its rootfs has no diff_ids of layers");
	config->lists_layers = true;
	return read_diff_ids(config, diff_ids, why);
}

int erofs_oci_config_parse(struct oci_config *out, const void *bytes, size_t size, const char **why)
{
	erofs_auto_json struct json_object *json = NULL;
	struct oci_config config = { 0 };
	int err = parse_object(&json, bytes, size, why);

	if (!err)
		err = read_config(&config, json, why);
	if (err)
		erofs_oci_config_release(&config);
	*out = config;
	return err;
}

void erofs_oci_config_release(struct oci_config *config)
{
	free(config->diff_ids);
	*config = (struct oci_config){ 0 };
}

bool erofs_oci_layout_is_known(const void *bytes, size_t size)
{
	erofs_auto_json struct json_object *json = NULL;
	const char *version, *why;

	if (parse_object(&json, bytes, size, &why))
		return false;
	version = erofs_oci_json_string(json, "imageLayoutVersion");
	return version && strncmp(version, "1.", 2) == 0;
}

struct json_object *erofs_oci_index_new(void)
{
	struct json_object *index = json_object_new_object();

	if (index && !json_object_object_add(index, "schemaVersion", json_object_new_int(2)) &&
	    !json_object_object_add(index, "mediaType", json_object_new_string(OCI_TYPE_INDEX)))
		return index;
	json_object_put(index);
	return NULL;
}
