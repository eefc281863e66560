/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_oci_known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/oci/blob.h"
#include "lib/util/array.h"

#define DEPTH_MAX     4	  /* indexes within indexes */
#define DOCUMENTS_MAX 512 /* read on the search */

struct search {
	struct oci_known *known;
	const struct oci_digest *recipe;
	struct oci_store *store, *from;
	unsigned int documents;
};

int erofs_source_oci_known_add(struct oci_known *known, const struct oci_known_layer *layer)
{
	int err = erofs_array_reserve(&known->layers, &known->room, known->count + 1);

	if (!err)
		known->layers[known->count++] = *layer;
	return err;
}

const struct oci_known_layer *erofs_source_oci_known_find(const struct oci_known *known,
							  const struct oci_digest *diff_id,
							  const struct oci_known_layer *after)
{
	for (size_t i = after ? (size_t)(after - known->layers) + 1 : 0; i < known->count; i++)
		if (strcmp(known->layers[i].diff_id.text, diff_id->text) == 0)
			return &known->layers[i];
	return NULL;
}

void erofs_source_oci_known_release(struct oci_known *known)
{
	free(known->layers);
	*known = (struct oci_known){ 0 };
}

static void copy_note(char *out, size_t size, struct json_object *notes, const char *key)
{
	const char *text = erofs_oci_json_string(notes, key);

	if (text && strlen(text) < size)
		strcpy(out, text);
}

static int note_layer(const struct search *search, struct json_object *json, const struct oci_descriptor *blob)
{
	struct json_object *notes = erofs_oci_json_object(json, "annotations");
	const char *diff_id = erofs_oci_json_string(notes, OCI_NOTE_DIFF_ID);
	const char *recipe = erofs_oci_json_string(notes, OCI_NOTE_RECIPE);
	const char *plain = erofs_oci_json_string(notes, OCI_NOTE_PLAIN);
	struct oci_known_layer layer = {
		.plain = blob->digest,
		.digest = blob->digest,
		.size = blob->size,
		.from = search->from,
	};

	if (!recipe || strcmp(recipe, search->recipe->text) != 0 || !diff_id ||
	    erofs_oci_digest_parse(&layer.diff_id, diff_id) || (plain && erofs_oci_digest_parse(&layer.plain, plain)))
		return 0;
	copy_note(layer.root_hash, sizeof(layer.root_hash), notes, OCI_NOTE_ROOT_HASH);
	copy_note(layer.hash_offset, sizeof(layer.hash_offset), notes, OCI_NOTE_HASH_OFFSET);
	return erofs_source_oci_known_add(search->known, &layer);
}

static int search_manifest(const struct search *search, const struct erofs_buffer *bytes)
{
	struct oci_manifest manifest;
	struct json_object *layers;
	const char *why;
	int err = erofs_oci_manifest_parse(&manifest, bytes->data, bytes->size, &why);

	layers = err ? NULL : erofs_oci_json_array(manifest.json, "layers");
	for (size_t i = 0; !err && i < manifest.layer_count; i++)
		err = note_layer(search, json_object_array_get_idx(layers, i), &manifest.layers[i]);
	erofs_oci_manifest_release(&manifest);
	return err;
}

static int search_index(struct search *search, const struct erofs_buffer *bytes, unsigned int depth);

static int search_blob(struct search *search, const struct oci_descriptor *blob, unsigned int depth)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	int err;

	if (search->documents++ >= DOCUMENTS_MAX || depth > DEPTH_MAX)
		return 0;
	err = erofs_oci_document_read(&bytes, search->store, blob);
	if (err)
		return err;
	return erofs_oci_document_kind(bytes.data, bytes.size) == OCI_DOCUMENT_INDEX
		       ? search_index(search, &bytes, depth + 1)
		       : search_manifest(search, &bytes);
}

/* A damaged part is no reason not to find the rest. */
static int search_index(struct search *search, const struct erofs_buffer *bytes, unsigned int depth)
{
	struct oci_index index;
	const char *why;
	int err = erofs_oci_index_parse(&index, bytes->data, bytes->size, &why);

	for (size_t i = 0; !err && i < index.count; i++)
		if (search_blob(search, &index.manifests[i], depth) == -ENOMEM)
			err = -ENOMEM;
	erofs_oci_index_release(&index);
	return err;
}

int erofs_source_oci_known_load(struct oci_known *known, struct oci_store *store, struct oci_store *from,
				const struct oci_digest *recipe)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	struct search search = { .known = known, .recipe = recipe, .store = store, .from = from };
	int err = store->ops->root(store, &bytes);

	if (err)
		return err;
	err = erofs_oci_document_kind(bytes.data, bytes.size) == OCI_DOCUMENT_MANIFEST
		      ? search_manifest(&search, &bytes)
		      : search_index(&search, &bytes, 0);
	return err == -ENOMEM ? err : 0;
}
