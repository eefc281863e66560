/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_oci_convert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/pack.h"
#include "lib/util/report.h"
#include "lib/util/sized.h"

#define DEPTH_MAX     4	  /* indexes within indexes */
#define DOCUMENTS_MAX 512 /* converted or copied */

#define NOTE_NAME      "org.opencontainers.image.ref.name"
#define NOTE_FULL_NAME "io.containerd.image.name"
/* BuildKit's attestations say in the index which manifest they are about. */
#define NOTE_ABOUT "vnd.docker.reference.digest"

struct walk {
	struct oci_conversion *conversion;
	const char *reference;	      /* NULL: the only image */
	struct oci_platform platform; /* os "": all */
	unsigned int documents;
};

static int report(const struct walk *walk, int err, const char *what, const char *text)
{
	const struct erofs_oci_image *source = &walk->conversion->source;

	return erofs_report(source->diag, err, "'%s': %s %s", source->store->name, what, text);
}

/* ---- what is taken over as it is ------------------------------------------------------------------------------------------ */

static int copy_manifest(struct walk *walk, const struct oci_descriptor *blob, const struct oci_manifest *manifest)
{
	struct oci_store *store = walk->conversion->source.store;
	struct oci_sink *sink = walk->conversion->sink;
	int err = sink->ops->copy(sink, store, &manifest->config);

	for (size_t i = 0; !err && i < manifest->layer_count; i++)
		err = sink->ops->copy(sink, store, &manifest->layers[i]);
	if (!err)
		err = sink->ops->copy(sink, store, blob);
	walk->conversion->summary->copied += !err;
	return err;
}

/* ---- images --------------------------------------------------------------------------------------------------------------- */

static int read_config(const struct walk *walk, struct oci_config *out, const struct oci_descriptor *blob)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	const char *why;
	int err = erofs_oci_document_read(&bytes, walk->conversion->source.store, blob);

	if (!err)
		err = erofs_oci_config_parse(out, bytes.data, bytes.size, &why);
	return err == -EINVAL ? report(walk, err, erofs_oci_blob_name(blob), why) : err;
}

static bool is_left_out(const struct walk *walk, const struct oci_platform *platform)
{
	return walk->platform.os[0] && !erofs_oci_platform_fits(&walk->platform, platform);
}

/* `*out` stays NULL for another platform. */
static int convert_image(struct walk *walk, const struct oci_descriptor *blob, struct json_object *old,
			 struct oci_manifest *manifest, struct json_object **out)
{
	struct oci_conversion *conversion = walk->conversion;
	struct erofs_oci_image image = conversion->source;
	struct oci_digest digest;
	uint64_t size;
	int err;

	image.manifest = *manifest;
	err = read_config(walk, &image.config, &manifest->config);
	if (!err && !blob->has_platform && is_left_out(walk, &image.config.platform)) {
		erofs_oci_config_release(&image.config);
		return 0;
	}
	if (!err)
		err = erofs_source_oci_convert_image(conversion, &image, manifest->json, &digest, &size);
	erofs_oci_config_release(&image.config);
	if (!err && !(*out = erofs_source_oci_describe(old, OCI_TYPE_MANIFEST, &digest, size)))
		err = -ENOMEM;
	if (!err && erofs_oci_json_object(*out, "platform"))
		err = erofs_source_oci_add_feature(conversion, erofs_oci_json_object(*out, "platform"));
	return err;
}

static int convert_manifest(struct walk *walk, const struct oci_descriptor *blob, struct json_object *old,
			    const struct erofs_buffer *bytes, struct json_object **out)
{
	struct oci_manifest manifest;
	const char *why;
	int err = erofs_oci_manifest_parse(&manifest, bytes->data, bytes->size, &why);

	if (err)
		return err == -EINVAL ? report(walk, err, erofs_oci_blob_name(blob), why) : err;
	if (manifest.artifact_type || (blob->has_platform && strcmp(blob->platform.os, "unknown") == 0)) {
		err = copy_manifest(walk, blob, &manifest);
		*out = err ? NULL : json_object_get(old);
	} else {
		err = convert_image(walk, blob, old, &manifest, out);
	}
	erofs_oci_manifest_release(&manifest);
	return err;
}

/* ---- indexes -------------------------------------------------------------------------------------------------------------- */

static int convert_blob(struct walk *walk, const struct oci_descriptor *blob, struct json_object *old,
			unsigned int depth, struct json_object **out);

/* What is said about a manifest is said about what became of it; -1: nothing did. */
static int follow(struct json_object *descriptor, const struct oci_index *index, struct json_object *const *all)
{
	struct json_object *notes = erofs_oci_json_object(descriptor, "annotations"), *digest;
	const char *about = erofs_oci_json_string(notes, NOTE_ABOUT);

	for (size_t i = 0; about && i < index->count; i++) {
		if (strcmp(index->manifests[i].digest.text, about) != 0)
			continue;
		if (!all[i])
			return -1;
		digest = json_object_new_string(erofs_oci_json_string(all[i], "digest"));
		return digest && !json_object_object_add(notes, NOTE_ABOUT, digest) ? 0 : -ENOMEM;
	}
	return 0;
}

static int collect(const struct oci_index *index, struct json_object *const *all, struct json_object *list)
{
	for (size_t i = 0; i < index->count; i++) {
		int err = all[i] ? follow(all[i], index, all) : -1;

		if (err == -ENOMEM)
			return err;
		if (!err && json_object_array_add(list, json_object_get(all[i])))
			return -ENOMEM;
	}
	return 0;
}

/* The members of an index, converted; those of other platforms are left out, and what is about them. */
static int convert_members(struct walk *walk, const struct oci_index *index, unsigned int depth,
			   struct json_object *list)
{
	struct json_object *members = erofs_oci_json_array(index->json, "manifests");
	struct json_object **all = calloc(index->count + 1, sizeof(struct json_object *));
	int err = all ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < index->count; i++)
		err = convert_blob(walk, &index->manifests[i], json_object_array_get_idx(members, i), depth, &all[i]);
	if (!err)
		err = collect(index, all, list);
	for (size_t i = 0; all && i < index->count; i++)
		json_object_put(all[i]);
	free(all);
	return err;
}

static int convert_index(struct walk *walk, const struct oci_descriptor *blob, struct json_object *old,
			 const struct erofs_buffer *bytes, unsigned int depth, struct json_object **out)
{
	erofs_auto_json struct json_object *list = json_object_new_array();
	struct oci_index index;
	struct oci_digest digest;
	uint64_t size;
	const char *why;
	int err;

	if (depth > DEPTH_MAX)
		return report(walk, -E2BIG, erofs_oci_blob_name(blob), "is an index too deep within others");
	err = erofs_oci_index_parse(&index, bytes->data, bytes->size, &why);
	if (err)
		return err == -EINVAL ? report(walk, err, erofs_oci_blob_name(blob), why) : err;
	err = list ? convert_members(walk, &index, depth, list) : -ENOMEM;
	if (!err && json_object_array_length(list)) {
		json_object_object_add(index.json, "manifests", json_object_get(list));
		json_object_object_add(index.json, "mediaType", json_object_new_string(OCI_TYPE_INDEX));
		err = erofs_source_oci_put_json(walk->conversion, index.json, OCI_TYPE_INDEX, &digest, &size);
		if (!err && !(*out = erofs_source_oci_describe(old, OCI_TYPE_INDEX, &digest, size)))
			err = -ENOMEM;
	}
	erofs_oci_index_release(&index);
	return err;
}

static int convert_document(struct walk *walk, const struct oci_descriptor *blob, struct json_object *old,
			    const struct erofs_buffer *bytes, unsigned int depth, struct json_object **out)
{
	switch (erofs_oci_document_kind(bytes->data, bytes->size)) {
	case OCI_DOCUMENT_INDEX:
		return convert_index(walk, blob, old, bytes, depth + 1, out);
	case OCI_DOCUMENT_MANIFEST:
		return convert_manifest(walk, blob, old, bytes, out);
	case OCI_DOCUMENT_OLD:
		return report(walk, -EOPNOTSUPP, erofs_oci_blob_name(blob),
			      "is a manifest of Docker's first version, which nobody can check");
	default:
		return report(walk, -EINVAL, erofs_oci_blob_name(blob), "is neither an index nor a manifest");
	}
}

static int convert_blob(struct walk *walk, const struct oci_descriptor *blob, struct json_object *old,
			unsigned int depth, struct json_object **out)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	int err;

	if (blob->has_platform && strcmp(blob->platform.os, "unknown") != 0 && is_left_out(walk, &blob->platform))
		return 0;
	if (walk->documents++ == DOCUMENTS_MAX)
		return report(walk, -E2BIG, "the index", "leads to absurdly many documents");
	err = erofs_oci_document_read(&bytes, walk->conversion->source.store, blob);
	return err ? err : convert_document(walk, blob, old, &bytes, depth, out);
}

/* ---- which image ---------------------------------------------------------------------------------------------------------- */

/* One image may have several descriptors here, one for each platform. */
static bool is_same_image(const struct oci_descriptor *a, const struct oci_descriptor *b)
{
	const char *a_name = erofs_oci_descriptor_name(a), *b_name = erofs_oci_descriptor_name(b);

	if (strcmp(a->digest.text, b->digest.text) == 0)
		return true;
	return a_name && b_name ? strcmp(a_name, b_name) == 0
				: !a_name && !b_name && a->has_platform && b->has_platform;
}

static int check_choice(const struct walk *walk, const struct oci_index *index)
{
	const struct oci_descriptor *first = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct oci_descriptor *blob = &index->manifests[i];

		if (!erofs_oci_descriptor_fits(blob, walk->reference))
			continue;
		if (!first)
			first = blob;
		if (!is_same_image(first, blob))
			return erofs_report(walk->conversion->source.diag, -EINVAL,
					    "'%s' has several images, one has to be named: %s, %s",
					    walk->conversion->source.store->name, erofs_oci_descriptor_called(first),
					    erofs_oci_descriptor_called(blob));
	}
	if (first)
		return 0;
	return erofs_report(walk->conversion->source.diag, -ENOENT, "'%s' has no image%s%s",
			    walk->conversion->source.store->name, walk->reference ? " " : "",
			    walk->reference ? walk->reference : "");
}

/* The index of a layout, from which only what is wanted is taken. */
static int convert_layout(struct walk *walk, const struct erofs_buffer *bytes, struct json_object *list)
{
	struct oci_index index;
	size_t kept = 0;
	const char *why;
	int err = erofs_oci_index_parse(&index, bytes->data, bytes->size, &why);
	struct json_object *members;

	if (err)
		return err == -EINVAL ? report(walk, err, "index.json", why) : err;
	err = check_choice(walk, &index);
	members = erofs_oci_json_array(index.json, "manifests");
	for (size_t i = 0; !err && i < index.count; i++) {
		if (!erofs_oci_descriptor_fits(&index.manifests[i], walk->reference))
			continue;
		json_object_array_put_idx(members, kept, json_object_get(json_object_array_get_idx(members, i)));
		index.manifests[kept++] = index.manifests[i];
	}
	index.count = err ? 0 : kept;
	if (!err)
		err = convert_members(walk, &index, 0, list);
	erofs_oci_index_release(&index);
	return err;
}

/* ---- sources that are one image ------------------------------------------------------------------------------------------- */

static int add_name(struct json_object *descriptor, const char *key, const char *name, size_t length)
{
	struct json_object *notes = erofs_oci_json_object(descriptor, "annotations");

	if (!notes && (notes = json_object_new_object()))
		json_object_object_add(descriptor, "annotations", notes);
	return notes && !json_object_object_add(notes, key, json_object_new_string_len(name, (int)length)) ? 0
													   : -ENOMEM;
}

/* "HOST/NAME:TAG": the tag as the short name. */
static int name_image(struct json_object *descriptor, const char *name)
{
	const char *slash = strrchr(name, '/'), *colon = strrchr(slash ? slash : name, ':');
	const char *tag = colon ? colon + 1 : "latest";
	int err = add_name(descriptor, NOTE_NAME, tag, strlen(tag));

	return err ? err : add_name(descriptor, NOTE_FULL_NAME, name, strlen(name));
}

/* What a registry has under the name that was asked for, or the one image of a directory, which has no name. */
static int convert_named(struct walk *walk, const struct erofs_buffer *bytes, const char *location,
			 struct json_object *list)
{
	struct oci_descriptor blob = { .media_type = "", .size = bytes->size };
	struct json_object *out = NULL;
	const char *name = erofs_oci_is_in_registry(location) ? location + strlen(OCI_REGISTRY_PREFIX) : NULL;
	int err = erofs_oci_digest_make(&blob.digest, bytes->data, bytes->size);

	if (err)
		return err;
	err = convert_document(walk, &blob, NULL, bytes, 0, &out);
	if (!err && out && name && !strchr(name, '@'))
		err = name_image(out, name);
	if (!err && out && json_object_array_add(list, json_object_get(out)))
		err = -ENOMEM;
	json_object_put(out);
	return err;
}

static const char *saved_name(const struct erofs_oci_image *image, const char *reference)
{
	const char *tag;

	for (size_t i = 0; i < erofs_oci_saved_count(&image->saved); i++)
		for (size_t k = 0; (tag = erofs_oci_saved_tag(&image->saved, i, k)); k++)
			if (!reference || erofs_oci_name_fits(reference, tag))
				return tag;
	return NULL;
}

/* `docker save` has a configuration and files, and no manifest. */
static int convert_saved(struct walk *walk, const struct erofs_oci_options *options, struct json_object *list)
{
	struct erofs_oci_image image = walk->conversion->source;
	struct json_object *out = NULL;
	struct oci_digest digest;
	const char *name;
	uint64_t size;
	int err = erofs_source_oci_choose(&image, options);

	if (!err)
		err = erofs_source_oci_convert_image(walk->conversion, &image, NULL, &digest, &size);
	if (!err && !(out = erofs_source_oci_describe(NULL, OCI_TYPE_MANIFEST, &digest, size)))
		err = -ENOMEM;
	name = err ? NULL : saved_name(&image, walk->reference);
	if (name)
		err = name_image(out, name);
	if (!err && json_object_array_add(list, json_object_get(out)))
		err = -ENOMEM;
	json_object_put(out);
	erofs_oci_config_release(&image.config);
	erofs_oci_manifest_release(&image.manifest);
	erofs_oci_saved_release(&image.saved);
	return err;
}

/* ---- all together --------------------------------------------------------------------------------------------------------- */

static int convert_source(struct walk *walk, const struct erofs_oci_options *options, struct json_object *list)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	struct oci_store *store = walk->conversion->source.store;
	int err;

	if (store->is_saved)
		return convert_saved(walk, options, list);
	err = store->ops->root(store, &bytes);
	if (err)
		return err;
	return store->is_named ? convert_named(walk, &bytes, options->location, list)
			       : convert_layout(walk, &bytes, list);
}

static int name_recipe(struct oci_digest *out, const struct erofs_oci_convert_options *options)
{
	erofs_auto_free char *text = NULL;

	if (asprintf(&text, "%s%s", options->recipe, options->pack_zstd ? "\nblob zstd" : "") < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return erofs_oci_digest_make(out, text, strlen(text));
}

static int open_target(struct oci_conversion *conversion, const char *target, bool allow_http)
{
	const struct oci_sink_options options = {
		.no_sync = conversion->options->no_sync,
		.allow_http = allow_http,
		.cancel = conversion->source.cancel,
		.diag = conversion->source.diag,
	};

	return erofs_oci_sink_open(&conversion->sink, target, &options);
}

static void note_digest(struct erofs_oci_convert_summary *summary, struct json_object *list)
{
	const char *digest = NULL;

	if (json_object_array_length(list) == 1)
		digest = erofs_oci_json_string(json_object_array_get_idx(list, 0), "digest");
	snprintf(summary->digest, sizeof(summary->digest), "%s", digest ? digest : "");
}

static int run(struct walk *walk, const struct erofs_oci_options *source, const char *target)
{
	erofs_auto_json struct json_object *list = json_object_new_array();
	struct oci_conversion *conversion = walk->conversion;
	int err = list ? erofs_source_oci_open_store(&conversion->source, source) : -ENOMEM;

	if (!err && conversion->options->recipe)
		err = name_recipe(&conversion->recipe, conversion->options);
	if (!err)
		err = open_target(conversion, target, source->allow_http);
	if (!err && conversion->options->recipe)
		err = erofs_source_oci_open_caches(conversion, source->allow_http);
	if (!err)
		err = convert_source(walk, source, list);
	if (!err && !conversion->summary->images)
		err = report(walk, -ENOENT, source->platform ? source->platform : "it", "is no platform of this image");
	if (!err)
		err = conversion->sink->ops->publish(conversion->sink, list);
	if (!err) {
		conversion->summary->sent = conversion->sink->sent;
		conversion->summary->sent_bytes = conversion->sink->sent_bytes;
		conversion->summary->mounted = conversion->sink->mounted;
		note_digest(conversion->summary, list);
	}
	return err;
}

static void release(struct oci_conversion *conversion)
{
	erofs_source_oci_known_release(&conversion->known);
	erofs_oci_sink_close(conversion->sink);
	erofs_oci_store_close(conversion->source.store);
	for (size_t i = 0; i < conversion->cache_count; i++)
		erofs_oci_store_close(conversion->caches[i]);
	free(conversion->caches);
}

static int check_arguments(const struct erofs_oci_options *source, const char *target,
			   const struct erofs_oci_convert_options *options, struct oci_platform *platform,
			   const struct erofs_diag *diag)
{
	if (!source->location || !target || !options->build)
		return erofs_report(diag, -EINVAL, "erofs_oci_convert(): no %s (NULL)",
				    !source->location ? "location"
				    : !target	      ? "target"
						      : "function to build with");
	if ((unsigned int)options->layer_type > EROFS_OCI_LAYER_OCI)
		return erofs_report(diag, -EINVAL, "erofs_oci_convert_options.layer_type: there is no type %d",
				    (int)options->layer_type);
	if (options->pack_zstd && options->layer_type == EROFS_OCI_LAYER_OCI)
		return erofs_report(diag, -EINVAL,
				    "layers called application/vnd.oci.image.layer.v1.erofs cannot be "
				    "compressed with zstd: nothing reads them");
	if (options->pack_zstd && !erofs_archive_can_pack_zstd())
		return erofs_report(diag, -EOPNOTSUPP, "layers cannot be compressed with zstd: built without libzstd");
	if (options->cache_count && !options->caches)
		return erofs_report(diag, -EINVAL, "erofs_oci_convert_options.caches is NULL");
	if (source->platform && erofs_oci_platform_parse(platform, source->platform))
		return erofs_report(diag, -EINVAL, "'%s' is no platform such as linux/amd64 or linux/arm/v7",
				    source->platform);
	return 0;
}

int erofs_oci_convert(const struct erofs_oci_options *source, const char *target,
		      const struct erofs_oci_convert_options *options, struct erofs_oci_convert_summary *summary,
		      const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	struct erofs_oci_options known_source = erofs_oci_options_init();
	struct erofs_oci_convert_options known = erofs_oci_convert_options_init();
	struct erofs_oci_convert_summary ignored;
	struct oci_conversion conversion = {
		.options = &known,
		.summary = summary ? summary : &ignored,
		.source = { .diag = diag, .cancel = cancel },
	};
	struct walk walk = { .conversion = &conversion };
	int err = erofs_sized_take(&known_source, sizeof(known_source), source, "erofs_oci_options", diag);

	*conversion.summary = (struct erofs_oci_convert_summary){ 0 };
	if (!err)
		err = erofs_sized_take(&known, sizeof(known), options, "erofs_oci_convert_options", diag);
	if (!err)
		err = check_arguments(&known_source, target, &known, &walk.platform, diag);
	if (err)
		return err;
	walk.reference = known_source.reference;
	err = run(&walk, &known_source, target);
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	release(&conversion);
	return err;
}
