/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/source/source_oci_convert.h"

/* ---- JSON ----------------------------------------------------------------------------------------------------------------- */

int erofs_source_oci_put_json(struct oci_conversion *conversion, struct json_object *json, const char *type,
			      struct oci_digest *digest, uint64_t *size)
{
	const char *text = erofs_oci_json_document(json);

	if (!text)
		return -ENOMEM;
	*size = strlen(text);
	return conversion->sink->ops->put(conversion->sink, digest, type, text, strlen(text));
}

static int set_text(struct json_object *object, const char *key, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	return value && !json_object_object_add(object, key, value) ? 0 : -ENOMEM;
}

struct json_object *erofs_source_oci_describe(struct json_object *old, const char *type,
					      const struct oci_digest *digest, uint64_t size)
{
	struct json_object *new = old ? NULL : json_object_new_object();

	if (old && json_object_deep_copy(old, &new, NULL))
		return NULL;
	if (!new)
		return NULL;
	/* What says the same about the old blob. */
	json_object_object_del(new, "data");
	json_object_object_del(new, "urls");
	if (set_text(new, "mediaType", type) || set_text(new, "digest", digest->text) ||
	    json_object_object_add(new, "size", json_object_new_int64((int64_t)size))) {
		json_object_put(new);
		return NULL;
	}
	return new;
}

int erofs_source_oci_add_feature(const struct oci_conversion *conversion, struct json_object *platform)
{
	struct json_object *features = erofs_oci_json_array(platform, "os.features");

	/* containerd 2.1, which this type is for, matches no platform of an index that asks for a feature. */
	if (conversion->options->layer_type == EROFS_OCI_LAYER_OCI)
		return 0;
	for (size_t i = 0; features && i < json_object_array_length(features); i++) {
		const char *text = erofs_oci_json_text(json_object_array_get_idx(features, i));

		if (text && strcmp(text, "erofs") == 0)
			return 0;
	}
	if (!features && (features = json_object_new_array()))
		json_object_object_add(platform, "os.features", features);
	return features && !json_object_array_add(features, json_object_new_string("erofs")) ? 0 : -ENOMEM;
}

/* ---- layers --------------------------------------------------------------------------------------------------------------- */

/* Some annotations describe the bytes of the tar's blob. */
static bool is_carried(const char *key)
{
	static const char *const others[] = { "containerd.io/snapshot/", "io.github.containers.zstd-chunked.",
					      "io.containers.zstd-chunked." };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strncmp(key, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

static int annotate(const struct oci_conversion *conversion, struct json_object *descriptor, struct json_object *old,
		    const struct oci_known_layer *layer)
{
	struct json_object *notes = json_object_new_object();
	struct json_object *carried = erofs_oci_json_object(old, "annotations");
	int err = notes ? 0 : -ENOMEM;

	if (carried) {
		json_object_object_foreach(carried, key, value)
		{
			if (!err && is_carried(key))
				err = json_object_object_add(notes, key, json_object_get(value)) ? -ENOMEM : 0;
		}
	}
	if (!err && conversion->options->layer_type == EROFS_OCI_LAYER_DRAFT)
		err = set_text(notes, "org.erofs.role", "overlay-lower");
	if (!err && layer->diff_id.algorithm != EROFS_DIGEST_NONE)
		err = set_text(notes, OCI_NOTE_DIFF_ID, layer->diff_id.text);
	if (!err && conversion->recipe.algorithm != EROFS_DIGEST_NONE)
		err = set_text(notes, OCI_NOTE_RECIPE, conversion->recipe.text);
	if (!err && conversion->options->pack_zstd)
		err = set_text(notes, OCI_NOTE_PLAIN, layer->plain.text);
	if (!err && layer->root_hash[0])
		err = set_text(notes, OCI_NOTE_ROOT_HASH, layer->root_hash);
	if (!err && layer->root_hash[0])
		err = set_text(notes, OCI_NOTE_HASH_OFFSET, layer->hash_offset);
	if (err)
		json_object_put(notes);
	else if (json_object_object_length(notes))
		json_object_object_add(descriptor, "annotations", notes);
	else
		json_object_put(notes);
	return err;
}

static const char *layer_type(const struct erofs_oci_convert_options *options)
{
	if (options->layer_type == EROFS_OCI_LAYER_OCI)
		return "application/vnd.oci.image.layer.v1.erofs";
	if (options->layer_type == EROFS_OCI_LAYER_DRAFT)
		return options->pack_zstd ? "application/vnd.erofs+zstd" : "application/vnd.erofs";
	return options->pack_zstd ? "application/vnd.erofs.layer.v1+zstd" : "application/vnd.erofs.layer.v1";
}

static int convert_layer(struct oci_conversion *conversion, struct erofs_oci_image *image, struct json_object *old,
			 size_t number, struct json_object *layers, struct json_object *diff_ids)
{
	struct oci_known_layer layer;
	struct json_object *descriptor;
	int err = erofs_source_oci_find_layer(conversion, image, number, &layer);

	if (err)
		return err;
	descriptor = erofs_source_oci_describe(NULL, layer_type(conversion->options), &layer.digest, layer.size);
	err = descriptor ? annotate(conversion, descriptor, old, &layer) : -ENOMEM;
	if (!err && json_object_array_add(diff_ids, json_object_new_string(layer.plain.text)))
		err = -ENOMEM;
	if (err || json_object_array_add(layers, descriptor)) {
		json_object_put(descriptor);
		return err ? err : -ENOMEM;
	}
	return 0;
}

/* ---- configuration and manifest ------------------------------------------------------------------------------------------- */

static int convert_config(struct oci_conversion *conversion, const struct erofs_oci_image *image,
			  struct json_object *diff_ids, struct oci_digest *digest, uint64_t *size)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	erofs_auto_json struct json_object *config = NULL, *rootfs = json_object_new_object();
	int err = rootfs ? erofs_oci_document_read(&bytes, image->store, &image->manifest.config) : -ENOMEM;

	if (!err)
		err = erofs_oci_json_parse(&config, bytes.data, bytes.size);
	if (!err)
		err = set_text(rootfs, "type", "layers");
	if (!err)
		err = json_object_object_add(rootfs, "diff_ids", json_object_get(diff_ids));
	if (!err)
		err = json_object_object_add(config, "rootfs", json_object_get(rootfs));
	if (!err)
		err = erofs_source_oci_add_feature(conversion, config);
	return err ? err : erofs_source_oci_put_json(conversion, config, OCI_TYPE_CONFIG, digest, size);
}

static int convert_manifest(struct oci_conversion *conversion, struct json_object *old, struct json_object *layers,
			    struct json_object *config, struct oci_digest *digest, uint64_t *size)
{
	erofs_auto_json struct json_object *manifest = NULL;
	int err = 0;

	if (old ? json_object_deep_copy(old, &manifest, NULL) : !(manifest = json_object_new_object()))
		return -ENOMEM;
	if (json_object_object_add(manifest, "schemaVersion", json_object_new_int(2)))
		err = -ENOMEM;
	if (!err)
		err = set_text(manifest, "mediaType", OCI_TYPE_MANIFEST);
	if (!err && json_object_object_add(manifest, "config", json_object_get(config)))
		err = -ENOMEM;
	if (!err && json_object_object_add(manifest, "layers", json_object_get(layers)))
		err = -ENOMEM;
	return err ? err : erofs_source_oci_put_json(conversion, manifest, OCI_TYPE_MANIFEST, digest, size);
}

int erofs_source_oci_convert_image(struct oci_conversion *conversion, struct erofs_oci_image *image,
				   struct json_object *json, struct oci_digest *digest, uint64_t *size)
{
	erofs_auto_json struct json_object *layers = json_object_new_array(), *diff_ids = json_object_new_array();
	erofs_auto_json struct json_object *config = NULL;
	struct json_object *old = json ? erofs_oci_json_array(json, "layers") : NULL;
	int err = layers && diff_ids ? erofs_source_oci_check_layers(image) : -ENOMEM;

	for (size_t i = 0; !err && i < image->manifest.layer_count; i++)
		err = convert_layer(conversion, image, old ? json_object_array_get_idx(old, i) : NULL, i, layers,
				    diff_ids);
	if (!err)
		err = convert_config(conversion, image, diff_ids, digest, size);
	if (!err && !(config = erofs_source_oci_describe(json ? erofs_oci_json_object(json, "config") : NULL,
							 OCI_TYPE_CONFIG, digest, *size)))
		err = -ENOMEM;
	if (!err)
		err = convert_manifest(conversion, json, layers, config, digest, size);
	if (!err)
		conversion->summary->images++;
	return err;
}
