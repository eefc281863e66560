/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_CONVERT_H
#define EROFS_SOURCE_SOURCE_OCI_CONVERT_H

#include "lib/oci/sink.h"
#include "lib/source/source_oci.h"
#include "lib/source/source_oci_known.h"

/* What a conversion has in hand. */
struct oci_conversion {
	const struct erofs_oci_convert_options *options;
	struct erofs_oci_convert_summary *summary;
	struct erofs_oci_image source; /* store, diag and cancel */
	struct oci_sink *sink;
	struct oci_digest recipe; /* of its text; EROFS_DIGEST_NONE: nothing is used again */
	struct oci_known known;
	struct oci_store **caches;
	size_t cache_count;
};

/* Looks at what the target has, and at the caches. -ENOMEM, -ECANCELED. */
int erofs_source_oci_open_caches(struct oci_conversion *conversion, bool allow_http);

/* A layer that is there, or in a cache, or a new one; in the target it is then. */
int erofs_source_oci_find_layer(struct oci_conversion *conversion, struct erofs_oci_image *image, size_t number,
				struct oci_known_layer *out);

/* Stores a JSON document of this media type in the target. */
int erofs_source_oci_put_json(struct oci_conversion *conversion, struct json_object *json, const char *type,
			      struct oci_digest *digest, uint64_t *size);

/* A descriptor: a copy of `old` (NULL: nothing) but for type, digest and size. NULL when out of memory. */
struct json_object *erofs_source_oci_describe(struct json_object *old, const char *type,
					      const struct oci_digest *digest, uint64_t size);

/* Appends "erofs" to the os.features of a configuration or platform, if the type of the layers has it. -ENOMEM */
int erofs_source_oci_add_feature(const struct oci_conversion *conversion, struct json_object *platform);

/*
 * Converts the image, whose manifest and configuration were read, and stores its new manifest. `json`: the manifest as it was; NULL: it
 * has none.
 */
int erofs_source_oci_convert_image(struct oci_conversion *conversion, struct erofs_oci_image *image,
				   struct json_object *json, struct oci_digest *digest, uint64_t *size);

#endif
