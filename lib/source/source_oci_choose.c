/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/source/source_oci.h"
#include "lib/util/report.h"

#define DEPTH_MAX     4	  /* indexes within indexes */
#define DOCUMENTS_MAX 512 /* read on the search */

struct choice {
	struct erofs_oci_image *image;
	const char *reference;	      /* NULL: any */
	struct oci_platform platform; /* architecture "": any */
	unsigned int documents;
	unsigned int others; /* images for other platforms */

	/* What was found: the first one, and whether there are others by other names. */
	bool found, is_ambiguous;
	struct oci_digest digest;
	const char *name;
	struct erofs_buffer seen; /* text for a refusal: what there is */
};

static int report(const struct choice *choice, int err, const char *what, const char *text)
{
	return erofs_report(choice->image->diag, err, "'%s': %s %s", choice->image->store->name, what, text);
}

/* ---- what there is ------------------------------------------------------------------------------------------------------ */

static int note(struct choice *choice, const char *text)
{
	if (choice->seen.size > 400)
		return 0;
	if (choice->seen.size && erofs_buffer_append_text(&choice->seen, ", "))
		return -ENOMEM;
	return erofs_buffer_append_text(&choice->seen, text);
}

static int note_platform(struct choice *choice, const struct oci_platform *platform)
{
	char text[3 * OCI_PLATFORM_PART];

	choice->others++;
	if (!platform->os[0])
		return note(choice, "one without a platform");
	strcpy(text, platform->os);
	strcat(strcat(text, "/"), platform->architecture);
	if (platform->variant[0])
		strcat(strcat(text, "/"), platform->variant);
	return note(choice, text);
}

static int note_artifact(struct choice *choice, const char *type)
{
	char text[160];

	snprintf(text, sizeof(text), "an artifact of the type %s", type);
	return note(choice, text);
}

static const char *seen(struct choice *choice)
{
	return erofs_buffer_append(&choice->seen, "", 1) ? "" : (const char *)choice->seen.data;
}

/* ---- by platform -------------------------------------------------------------------------------------------------------- */

/* Attestations and the like lie beside the images, for no platform. */
static bool is_no_image(const struct oci_platform *platform)
{
	return strcmp(platform->os, "unknown") == 0;
}

static bool platform_fits(const struct choice *choice, const struct oci_platform *platform)
{
	return !choice->platform.architecture[0] || erofs_oci_platform_fits(&choice->platform, platform);
}

static int read_config(const struct choice *choice, struct oci_config *out, const struct oci_descriptor *blob)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	const char *why;
	int err = erofs_oci_document_read(&bytes, choice->image->store, blob);

	if (err)
		return err;
	err = erofs_oci_config_parse(out, bytes.data, bytes.size, &why);
	return err == -EINVAL ? erofs_report(choice->image->diag, err, "'%s': configuration %s %s",
					     choice->image->store->name, erofs_oci_blob_name(blob), why)
			      : err;
}

/*
 * Takes a manifest if it is for the right platform; the manifest is no longer the caller's then. `is_settled`: an index has said
 * which one it is for, and configurations often say less.
 */
static int consider_manifest(struct choice *choice, struct oci_manifest *manifest, bool is_settled)
{
	struct oci_config config = { 0 };
	int err;

	if (manifest->artifact_type)
		return note_artifact(choice, manifest->artifact_type);
	err = read_config(choice, &config, &manifest->config);
	if (!err && !is_settled && !platform_fits(choice, &config.platform))
		err = note_platform(choice, &config.platform);
	else if (!err) {
		choice->found = true;
		choice->image->manifest = *manifest;
		choice->image->config = config;
		*manifest = (struct oci_manifest){ 0 };
		config = (struct oci_config){ 0 };
	}
	erofs_oci_config_release(&config);
	return err;
}

/* ---- indexes ------------------------------------------------------------------------------------------------------------ */

static int consider_document(struct choice *choice, const struct erofs_buffer *bytes, const char *name,
			     unsigned int depth, bool is_settled);

static int consider_descriptor(struct choice *choice, const struct oci_descriptor *blob, unsigned int depth)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	int err;

	if (blob->has_platform && is_no_image(&blob->platform))
		return 0;
	if (blob->has_platform && !platform_fits(choice, &blob->platform))
		return note_platform(choice, &blob->platform);
	if (choice->documents++ == DOCUMENTS_MAX)
		return report(choice, -E2BIG, "the index", "leads to absurdly many documents");
	err = erofs_oci_document_read(&bytes, choice->image->store, blob);
	return err ? err : consider_document(choice, &bytes, erofs_oci_blob_name(blob), depth + 1, blob->has_platform);
}

/* Within an index of one image: the first one that fits. */
static int consider_platforms(struct choice *choice, const struct oci_index *index, unsigned int depth)
{
	int err = 0;

	for (size_t i = 0; !err && !choice->found && i < index->count; i++)
		err = consider_descriptor(choice, &index->manifests[i], depth);
	return err;
}

static int consider_index(struct choice *choice, const struct erofs_buffer *bytes, const char *name, unsigned int depth)
{
	struct oci_index index;
	const char *why;
	int err;

	if (depth > DEPTH_MAX)
		return report(choice, -E2BIG, name, "is an index too deep within others");
	err = erofs_oci_index_parse(&index, bytes->data, bytes->size, &why);
	if (!err)
		err = consider_platforms(choice, &index, depth);
	else if (err == -EINVAL)
		report(choice, err, name, why);
	erofs_oci_index_release(&index);
	return err;
}

static int consider_document(struct choice *choice, const struct erofs_buffer *bytes, const char *name,
			     unsigned int depth, bool is_settled)
{
	struct oci_manifest manifest;
	const char *why;
	int err;

	switch (erofs_oci_document_kind(bytes->data, bytes->size)) {
	case OCI_DOCUMENT_INDEX:
		return consider_index(choice, bytes, name, depth);
	case OCI_DOCUMENT_OLD:
		return report(choice, -EOPNOTSUPP, name,
			      "is a manifest of Docker's first version, which nobody can check");
	case OCI_DOCUMENT_UNKNOWN:
		return report(choice, -EINVAL, name, "is neither an index nor a manifest");
	case OCI_DOCUMENT_MANIFEST:
		break;
	}
	err = erofs_oci_manifest_parse(&manifest, bytes->data, bytes->size, &why);
	if (err)
		return err == -EINVAL ? report(choice, err, name, why) : err;
	err = consider_manifest(choice, &manifest, is_settled);
	erofs_oci_manifest_release(&manifest);
	return err;
}

/* ---- by name ------------------------------------------------------------------------------------------------------------ */

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* An image beside the one that was found: another one, unless it is the same by another name or for another platform. */
static int consider_other(struct choice *choice, const struct oci_descriptor *blob)
{
	struct erofs_oci_image image = { .store = choice->image->store, .diag = choice->image->diag };
	struct choice other = *choice;
	int err;

	if (strcmp(blob->digest.text, choice->digest.text) == 0 ||
	    same_name(erofs_oci_descriptor_name(blob), choice->name) || choice->reference)
		return 0;
	other.image = &image;
	other.found = false;
	err = consider_descriptor(&other, blob, 0);
	choice->documents = other.documents;
	choice->seen = other.seen;
	choice->is_ambiguous |= other.found;
	if (!err && other.found)
		err = note(choice, erofs_oci_descriptor_called(blob));
	erofs_oci_config_release(&image.config);
	erofs_oci_manifest_release(&image.manifest);
	return err;
}

static int consider_images(struct choice *choice, const struct oci_index *index)
{
	int err = 0;

	for (size_t i = 0; !err && i < index->count; i++) {
		const struct oci_descriptor *blob = &index->manifests[i];

		if (!erofs_oci_descriptor_fits(blob, choice->reference)) {
			err = note(choice, erofs_oci_descriptor_called(blob));
			continue;
		}
		if (choice->found) {
			err = consider_other(choice, blob);
			continue;
		}
		err = consider_descriptor(choice, blob, 0);
		if (!err && choice->found) {
			choice->digest = blob->digest;
			choice->name = erofs_oci_descriptor_name(blob);
			choice->seen.size = 0;
			err = note(choice, choice->name ? choice->name : blob->digest.text);
		}
	}
	return err;
}

static int consider_layout(struct choice *choice, const struct erofs_buffer *bytes)
{
	struct oci_index index;
	const char *why;
	int err = erofs_oci_index_parse(&index, bytes->data, bytes->size, &why);

	if (!err)
		err = consider_images(choice, &index);
	else if (err == -EINVAL)
		report(choice, err, "index.json", why);
	if (!err && choice->is_ambiguous)
		err = erofs_report(choice->image->diag, -EINVAL, "'%s' has several images, one has to be named: %s",
				   choice->image->store->name, seen(choice));
	erofs_oci_index_release(&index);
	return err;
}

/* ---- `docker save` ------------------------------------------------------------------------------------------------------ */

static bool saved_fits(const struct choice *choice, size_t image)
{
	const char *tag;

	if (!choice->reference)
		return true;
	for (size_t i = 0; (tag = erofs_oci_saved_tag(&choice->image->saved, image, i)); i++)
		if (erofs_oci_name_fits(choice->reference, tag))
			return true;
	return false;
}

static int take_saved(struct choice *choice, size_t number)
{
	struct oci_manifest manifest;
	const char *why;
	int err = erofs_oci_saved_manifest(&manifest, &choice->image->saved, number, &why);

	if (err)
		return err == -EINVAL ? report(choice, err, "manifest.json", why) : err;
	err = consider_manifest(choice, &manifest, false);
	erofs_oci_manifest_release(&manifest);
	return err;
}

static int consider_saved(struct choice *choice, const struct erofs_buffer *bytes)
{
	struct oci_saved *saved = &choice->image->saved;
	size_t fitting = 0, first = 0;
	const char *why;
	int err = erofs_oci_saved_parse(saved, bytes->data, bytes->size, &why);

	if (err)
		return err == -EINVAL ? report(choice, err, "manifest.json", why) : err;
	for (size_t i = 0; !err && i < erofs_oci_saved_count(saved); i++) {
		const char *tag = erofs_oci_saved_tag(saved, i, 0);

		err = note(choice, tag ? tag : "one without a name");
		if (saved_fits(choice, i) && !fitting++)
			first = i;
	}
	if (err || !fitting)
		return err;
	if (fitting > 1)
		return erofs_report(choice->image->diag, -EINVAL, "'%s' has several images, one has to be named: %s",
				    choice->image->store->name, seen(choice));
	choice->seen.size = 0;
	return take_saved(choice, first);
}

/* ---- all together ------------------------------------------------------------------------------------------------------- */

static int consider_all(struct choice *choice, const struct erofs_buffer *bytes)
{
	choice->documents = 0;
	choice->seen.size = 0;
	if (choice->image->store->is_saved) {
		erofs_oci_saved_release(&choice->image->saved);
		return consider_saved(choice, bytes);
	}
	if (choice->image->store->is_named)
		return consider_document(choice, bytes,
					 choice->image->store->is_remote ? "what the registry has" : "manifest.json", 0,
					 false);
	return consider_layout(choice, bytes);
}

static int report_none(struct choice *choice, const struct erofs_oci_options *options)
{
	const struct erofs_oci_image *image = choice->image;
	const char *what = seen(choice);
	const char *by = options->reference ? options->reference : "";

	if (!*what)
		return erofs_report(image->diag, -ENOENT, "'%s' has no image", image->store->name);
	return erofs_report(image->diag, -ENOENT, "'%s' has no image%s%s for %s/%s%s%s; there is: %s",
			    image->store->name, *by ? " " : "", by, choice->platform.os, choice->platform.architecture,
			    choice->platform.variant[0] ? "/" : "", choice->platform.variant, what);
}

/* A user who named no platform takes the one that there is, too. */
static int consider_any_platform(struct choice *choice, const struct erofs_buffer *bytes)
{
	struct choice any = { .image = choice->image, .reference = choice->reference };
	int err = consider_all(&any, bytes);

	choice->found = any.found;
	erofs_buffer_release(&any.seen);
	return err;
}

int erofs_source_oci_choose(struct erofs_oci_image *image, const struct erofs_oci_options *options)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	struct choice choice = { .image = image, .reference = options->reference };
	int err;

	if (options->platform && erofs_oci_platform_parse(&choice.platform, options->platform))
		return erofs_report(image->diag, -EINVAL, "'%s' is no platform such as linux/amd64 or linux/arm/v7",
				    options->platform);
	if (!options->platform)
		erofs_oci_platform_here(&choice.platform);
	err = image->store->ops->root(image->store, &bytes);
	if (!err)
		err = consider_all(&choice, &bytes);
	if (!err && !choice.found && !options->platform && choice.others == 1)
		err = consider_any_platform(&choice, &bytes);
	if (!err && !choice.found)
		err = report_none(&choice, options);
	erofs_buffer_release(&choice.seen);
	return err;
}
