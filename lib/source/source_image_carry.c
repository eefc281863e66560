/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/build.h>
#include <erofs/fingerprint.h>

#include "lib/source/source_image.h"
#include "lib/util/report.h"

/* Fingerprints that a thin image takes over from the images that its contents lie in. */

static bool has_fingerprints(const struct image_layer *layer)
{
	return erofs_has_compat(&layer->image->sb, EROFS_FEATURE_COMPAT_ISHARE_XATTRS);
}

int erofs_source_image_carry_begin(struct image_source *source)
{
	const struct image_layer *with = NULL, *without = NULL;

	if (!source->carries)
		return 0;
	for (size_t i = 0; i < source->layer_count; i++) {
		const struct image_layer *layer = &source->layers[i];

		if (has_fingerprints(layer))
			with = layer;
		else
			without = layer;
	}
	source->carries = with && !without;
	if (with && without)
		erofs_message(source->diag, EROFS_SEV_WARNING,
			      "no fingerprints are carried over: '%s' has some, '%s' has none", with->path,
			      without->path);
	return 0;
}

static int refuse(const struct image_source *source, const struct image_thin *thin,
		  const struct erofs_tree_inode *inode, const char *what)
{
	return erofs_tree_report(source->diag, -EUCLEAN, inode, "its fingerprint cannot be carried over from '%s': %s",
				 thin->layer->path, what);
}

int erofs_source_image_carry(struct image_source *source, struct image_thin *thin, const struct erofs_tree_inode *inode,
			     const struct erofs_inode *from)
{
	struct erofs_fingerprint found;
	enum erofs_digest digest;
	const uint8_t *raw;
	int err = erofs_image_fingerprint(thin->layer->image, &found, from);

	if (err)
		return err == -ENOMEM ? err : refuse(source, thin, inode, erofs_source_image_why(err));
	if (found.count != 1)
		return refuse(source, thin, inode, found.count ? "there are several" : "there is none");
	digest = erofs_fingerprint_parse(&raw, found.value, found.value_size);
	if (digest == EROFS_DIGEST_NONE)
		return refuse(source, thin, inode, "its value is malformed, or of an unknown algorithm");
	if (source->carried != EROFS_DIGEST_NONE && digest != source->carried)
		return refuse(source, thin, inode, "other files have those of another algorithm");
	source->carried = digest;
	thin->digest =
		(const uint8_t *)erofs_arena_copy(&source->tree->arena, (const char *)raw, erofs_digest_size(digest));
	return thin->digest ? 0 : -ENOMEM;
}

int erofs_source_image_carry_end(struct image_source *source, struct erofs_build_options *build)
{
	const struct image_layer *first = source->layers;
	char name[300];
	int err;

	if (!source->carries || source->carried == EROFS_DIGEST_NONE)
		return 0;
	err = erofs_image_fingerprint_name(first->image, name, sizeof(name));
	if (err)
		return erofs_report(source->diag, err, "the name of the fingerprints in '%s' cannot be read: %s",
				    first->path, erofs_source_image_why(err));
	build->fingerprint_name = erofs_arena_copy(&source->tree->arena, name, strlen(name));
	if (!build->fingerprint_name)
		return -ENOMEM;
	build->fingerprint = source->carried;
	source->tree->has_digests = true;
	return 0;
}
