/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/oci/documents.h"

/*
 * manifest.json of `docker save`. It names files of the archive; only a configuration called by its digest can be checked, and
 * layers by the configuration's diff_ids.
 */

static int wrong(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

int erofs_oci_saved_parse(struct oci_saved *out, const void *bytes, size_t size, const char **why)
{
	struct oci_saved saved = { 0 };
	int err = erofs_oci_json_parse(&saved.json, bytes, size);

	*out = saved;
	if (err)
		return err == -EINVAL ? wrong(why, "is no JSON, or too large or deep") : err;
	if (!json_object_is_type(saved.json, json_type_array)) {
		erofs_oci_saved_release(out);
		return wrong(why, "is no list of images");
	}
	saved.images = saved.json;
	*out = saved;
	return 0;
}

void erofs_oci_saved_release(struct oci_saved *saved)
{
	json_object_put(saved->json);
	*saved = (struct oci_saved){ 0 };
}

size_t erofs_oci_saved_count(const struct oci_saved *saved)
{
	return json_object_array_length(saved->images);
}

const char *erofs_oci_saved_tag(const struct oci_saved *saved, size_t image, size_t tag)
{
	struct json_object *tags = erofs_oci_json_array(json_object_array_get_idx(saved->images, image), "RepoTags");

	return tags && tag < json_object_array_length(tags) ? erofs_oci_json_text(json_object_array_get_idx(tags, tag))
							    : NULL;
}

/* "HEX.json" or "blobs/sha256/HEX". */
static void digest_of_path(struct oci_digest *out, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t length = strcspn(name, ".");
	char text[OCI_DIGEST_TEXT] = "sha256:";

	*out = (struct oci_digest){ 0 };
	if (length != 64)
		return;
	memcpy(text + strlen("sha256:"), name, length);
	if (erofs_oci_digest_parse(out, text))
		*out = (struct oci_digest){ 0 };
}

static int set_layers(struct oci_manifest *manifest, struct json_object *layers, const char **why)
{
	size_t count = json_object_array_length(layers);

	if (count > OCI_DESCRIPTORS_MAX)
		return wrong(why, "has too many layers");
	manifest->layers = calloc(count + 1, sizeof(*manifest->layers));
	if (!manifest->layers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *path = erofs_oci_json_text(json_object_array_get_idx(layers, i));

		if (!path)
			return wrong(why, "has a layer without a file");
		manifest->layers[i] = (struct oci_descriptor){
			.media_type = "",
			.size = OCI_SIZE_UNKNOWN,
			.path = path,
		};
		if (strncmp(path, "blobs/sha256/", strlen("blobs/sha256/")) == 0)
			digest_of_path(&manifest->layers[i].digest, path);
	}
	manifest->layer_count = count;
	return 0;
}

int erofs_oci_saved_manifest(struct oci_manifest *out, const struct oci_saved *saved, size_t image, const char **why)
{
	struct json_object *object = json_object_array_get_idx(saved->images, image);
	struct json_object *layers = erofs_oci_json_array(object, "Layers");
	const char *config = erofs_oci_json_string(object, "Config");
	struct oci_manifest manifest = { .config = { .media_type = "", .size = OCI_SIZE_UNKNOWN, .path = config } };
	int err;

	*out = (struct oci_manifest){ 0 };
	if (!config || !layers)
		return wrong(why, "has an image without a configuration or list of layers");
	digest_of_path(&manifest.config.digest, config);
	err = set_layers(&manifest, layers, why);
	if (err) {
		free(manifest.layers);
		return err;
	}
	manifest.json = json_object_get(saved->json);
	*out = manifest;
	return 0;
}

/* ---- names ------------------------------------------------------------------------------------------------------------------ */

static const char *without(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0 ? name + strlen(prefix) : name;
}

static const char *familiar(const char *name)
{
	const char *shorter = without(name, "docker.io/library/");

	return shorter != name ? shorter : without(name, "docker.io/");
}

/* Where the tag begins, at the end if there is none: behind a colon, which a port has, too, but then a slash follows. */
static size_t tag_at(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon && !strchr(colon, '/') ? (size_t)(colon - name) : strlen(name);
}

bool erofs_oci_name_fits(const char *wanted, const char *name)
{
	const char *a = familiar(wanted), *b = familiar(name);
	size_t a_length = tag_at(a), b_length = tag_at(b);
	const char *a_tag = a[a_length] ? a + a_length : ":latest", *b_tag = b[b_length] ? b + b_length : ":latest";

	if (strcmp(wanted, name) == 0 || (b[b_length] && strcmp(wanted, b + b_length + 1) == 0))
		return true;
	return a_length == b_length && strncmp(a, b, a_length) == 0 && strcmp(a_tag, b_tag) == 0;
}

const char *erofs_oci_descriptor_name(const struct oci_descriptor *blob)
{
	return blob->full_name ? blob->full_name : blob->reference;
}

const char *erofs_oci_descriptor_called(const struct oci_descriptor *blob)
{
	const char *name = erofs_oci_descriptor_name(blob);

	return name ? name : blob->digest.text;
}

bool erofs_oci_descriptor_fits(const struct oci_descriptor *blob, const char *wanted)
{
	return !wanted || strcmp(wanted, blob->digest.text) == 0 ||
	       (blob->reference && erofs_oci_name_fits(wanted, blob->reference)) ||
	       (blob->full_name && erofs_oci_name_fits(wanted, blob->full_name));
}
