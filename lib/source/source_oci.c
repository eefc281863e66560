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

static int check_layer(const struct erofs_oci_image *image, const struct oci_descriptor *layer)
{
	const char *name = erofs_oci_blob_name(layer);

	for (size_t i = 0; i < sizeof(layer_types) / sizeof(layer_types[0]); i++)
		if (strcmp(layer->media_type, layer_types[i]) == 0)
			return 0;
	if (strstr(layer->media_type, "nondistributable") || strstr(layer->media_type, "foreign"))
		return erofs_report(image->diag, -EOPNOTSUPP,
				    "'%s': layer %s is a foreign one (%s), which is to be had from its maker only",
				    image->store->name, name, layer->media_type);
	return erofs_report(image->diag, -EOPNOTSUPP, "'%s': layer %s is of the unknown type '%s'", image->store->name,
			    name, layer->media_type);
}

static int check_layers(const struct erofs_oci_image *image)
{
	int err = 0;

	if (image->manifest.layer_count != image->config.count)
		return erofs_report(image->diag, -EBADMSG,
				    "'%s': the manifest has %zu layers, the configuration %zu diff_ids",
				    image->store->name, image->manifest.layer_count, image->config.count);
	if (!image->manifest.layer_count)
		return erofs_report(image->diag, -EINVAL, "'%s': the image has no layers", image->store->name);
	for (size_t i = 0; !err && i < image->manifest.layer_count; i++)
		err = check_layer(image, &image->manifest.layers[i]);
	return err;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int open_store(struct erofs_oci_image *image, const struct erofs_oci_options *options)
{
	int err;

	if (strncmp(options->location, "docker://", strlen("docker://")) == 0)
		err = erofs_oci_store_open_registry(&image->store, options, image->cancel, image->diag);
	else if (is_directory(options->location))
		err = erofs_oci_store_open_directory(&image->store, options->location, image->diag);
	else
		err = erofs_oci_store_open_archive(&image->store, options->location, image->diag);
	if (!err)
		image->store->cancel = image->cancel;
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
	err = open_store(image, &known);
	if (!err)
		err = erofs_oci_choose(image, &known);
	if (!err)
		err = check_layers(image);
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
