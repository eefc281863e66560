/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/util/report.h"
#include "lib/util/sized.h"

/* What a layer can be; how it is compressed is seen when it is read. */
static const char *const layer_types[] = {
	"",
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.oci.image.layer.v1.tar+zstd",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.diff.tar.gzip",
	"application/vnd.docker.image.rootfs.diff.tar.zstd",
};

/* Layers that their makers do not want to be passed on, and that may be there all the same. */
static const char *const foreign_types[] = {
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_one_of(const char *type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static int report_foreign(const struct erofs_oci_image *image, const struct oci_descriptor *layer)
{
	return erofs_report(image->diag, -EOPNOTSUPP,
			    "'%s': layer %s is a foreign one (%s), which is to be had from its maker only%s%s",
			    image->store->name, erofs_oci_blob_name(layer), layer->media_type, layer->url ? ": " : "",
			    layer->url ? layer->url : "");
}

/* application/vnd.erofs.layer.v1, application/vnd.erofs, ….layer.v1.erofs; compressed ones with +zstd behind it */
static bool is_erofs(const char *type)
{
	size_t length = strcspn(type, "+");

	return strncmp(type, "application/vnd.erofs", strlen("application/vnd.erofs")) == 0 ||
	       (length >= strlen(".erofs") &&
		strncmp(type + length - strlen(".erofs"), ".erofs", strlen(".erofs")) == 0);
}

static int report_type(const struct erofs_oci_image *image, const struct oci_descriptor *layer)
{
	const char *blob = erofs_oci_blob_name(layer);

	if (!is_erofs(layer->media_type))
		return erofs_report(image->diag, -EOPNOTSUPP, "'%s': layer %s is of the unknown type '%s'",
				    image->store->name, blob, layer->media_type);
	return erofs_report(
		image->diag, -EOPNOTSUPP,
		"'%s': layer %s is an EROFS image already (%s), no tar: there is nothing to convert; for one "
		"image of all layers give their blobs%s as sources, the lowest first",
		image->store->name, blob, layer->media_type, strchr(layer->media_type, '+') ? ", decompressed," : "");
}

static int check_layer(const struct erofs_oci_image *image, const struct oci_descriptor *layer)
{
	struct oci_store *store = image->store;
	bool is_foreign = is_one_of(layer->media_type, foreign_types, COUNT(foreign_types));

	if (!is_foreign && !is_one_of(layer->media_type, layer_types, COUNT(layer_types)))
		return report_type(image, layer);
	/* Registries do not say what they have. */
	if (store->ops->has ? (is_foreign || layer->url) && !store->ops->has(store, layer) : is_foreign)
		return report_foreign(image, layer);
	if (!image->config.lists_layers && layer->digest.algorithm == EROFS_DIGEST_NONE)
		return erofs_report(image->diag, -EINVAL,
				    "'%s': layer %s cannot be checked: the configuration lists no diff_ids",
				    store->name, erofs_oci_blob_name(layer));
	return 0;
}

int erofs_source_oci_check_layers(const struct erofs_oci_image *image)
{
	int err = 0;

	if (image->config.lists_layers && image->manifest.layer_count != image->config.count)
		return erofs_report(image->diag, -EBADMSG,
				    "'%s': the manifest has %zu layers, the configuration %zu diff_ids",
				    image->store->name, image->manifest.layer_count, image->config.count);
	for (size_t i = 0; !err && i < image->manifest.layer_count; i++)
		err = check_layer(image, &image->manifest.layers[i]);
	return err;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int open_directory(struct erofs_oci_image *image, const struct erofs_oci_options *options)
{
	int err = erofs_oci_store_open_directory(&image->store, options->location, image->diag);

	if (!err && options->reference && image->store->is_named)
		return erofs_report(image->diag, -EINVAL,
				    "'%s' is what skopeo calls dir: it has one image, and that has no name",
				    options->location);
	return err;
}

int erofs_source_oci_open_store(struct erofs_oci_image *image, const struct erofs_oci_options *options)
{
	int err;

	if (erofs_oci_is_in_registry(options->location))
		err = erofs_oci_store_open_registry(&image->store, options, image->cancel, image->diag);
	else if (is_directory(options->location))
		err = open_directory(image, options);
	else
		err = erofs_oci_store_open_archive(&image->store, options->location, image->cancel, image->diag);
	if (!err)
		image->store->cancel = image->cancel;
	return err;
}

/* Some images have a layer several times, mostly an empty one. */
static int keep_twins(const struct erofs_oci_image *image)
{
	const struct oci_descriptor *layers = image->manifest.layers;
	int err = 0;

	for (size_t i = 1; image->store->ops->keep && !err && i < image->manifest.layer_count; i++)
		for (size_t j = 0; !err && j < i; j++)
			if (strcmp(layers[i].digest.text, layers[j].digest.text) == 0)
				err = erofs_oci_store_keep(image->store, &layers[i]);
	return err;
}

int erofs_oci_open(struct erofs_oci_image **out, const struct erofs_oci_options *options,
		   const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	struct erofs_oci_options known = erofs_oci_options_init();
	int err = erofs_sized_take(&known, sizeof(known), options, "erofs_oci_options", diag);
	struct erofs_oci_image *image;

	if (err)
		return err;
	if (!out || !known.location)
		return erofs_report(diag, -EINVAL, "erofs_oci_open(): no %s (NULL)", out ? "location" : "result");
	*out = NULL;
	image = calloc(1, sizeof(*image));
	if (!image)
		return erofs_report(diag, -ENOMEM, "out of memory");
	image->diag = diag;
	image->cancel = cancel;
	err = erofs_source_oci_open_store(image, &known);
	if (!err)
		err = erofs_source_oci_choose(image, &known);
	if (!err)
		err = erofs_source_oci_check_layers(image);
	if (!err)
		err = keep_twins(image);
	if (err == -ENOMEM)
		erofs_report(diag, err, "out of memory");
	if (err)
		erofs_oci_close(image);
	else
		*out = image;
	return err;
}

void erofs_oci_close(struct erofs_oci_image *image)
{
	if (!image)
		return;
	erofs_oci_config_release(&image->config);
	erofs_oci_manifest_release(&image->manifest);
	erofs_oci_saved_release(&image->saved);
	erofs_oci_store_close(image->store);
	free(image);
}

size_t erofs_oci_layer_count(const struct erofs_oci_image *image)
{
	return image ? image->manifest.layer_count : 0;
}

const char *erofs_oci_layer_digest(const struct erofs_oci_image *image, size_t layer)
{
	const struct oci_descriptor *blob;

	if (!image || layer >= image->manifest.layer_count)
		return NULL;
	blob = &image->manifest.layers[layer];
	return blob->digest.algorithm != EROFS_DIGEST_NONE ? blob->digest.text : image->config.diff_ids[layer].text;
}

const char *erofs_oci_layer_diff_id(const struct erofs_oci_image *image, size_t layer)
{
	if (!image || !image->config.lists_layers || layer >= image->config.count)
		return NULL;
	return image->config.diff_ids[layer].text;
}
