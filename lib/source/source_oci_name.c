/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>

#include "lib/source/source_oci_layers.h"

char *erofs_source_oci_layer_name(const struct oci_source *source, size_t number)
{
	const struct erofs_oci_image *image = source->image;
	char *name;

	return asprintf(&name, "'%s': layer %s", image->store->name,
			erofs_oci_blob_name(&image->manifest.layers[number])) < 0
		       ? NULL
		       : name;
}
