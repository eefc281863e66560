/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/pack.h"
#include "lib/oci/fetch.h"
#include "lib/source/source_oci_convert.h"
#include "lib/util/digits.h"
#include "lib/util/report.h"

/* Where the layers of a converted image come from: the target, caches, or the caller, who builds them. */

/* ---- what is there -------------------------------------------------------------------------------------------------------- */

/* Keeps the last message, for a warning to be made of it. */
static void hear(void *ctx, enum erofs_severity severity, const char *text)
{
	char **heard = ctx;

	(void)severity;
	free(*heard);
	*heard = strdup(text);
}

static int open_cache(struct oci_conversion *conversion, const char *location, bool allow_http)
{
	erofs_auto_free char *heard = NULL;
	const struct erofs_diag hearing = { .message = hear, .ctx = &heard };
	struct erofs_oci_options options = erofs_oci_options_init();
	struct erofs_oci_image cache = { .cancel = conversion->source.cancel, .diag = &hearing };
	int err;

	options.location = location;
	options.allow_http = allow_http && erofs_oci_is_in_registry(location);
	err = erofs_source_oci_open_store(&cache, &options);
	if (!err) {
		conversion->caches[conversion->cache_count++] = cache.store;
		err = erofs_source_oci_known_load(&conversion->known, cache.store, cache.store, &conversion->recipe);
		cache.store->diag = NULL;
	}
	if (err == -ENOMEM || err == -ECANCELED)
		return err;
	/* The first of many runs finds none. */
	if (err)
		erofs_message(conversion->source.diag, err == -ENOENT ? EROFS_SEV_NOTE : EROFS_SEV_WARNING,
			      "no layers are used again: %s", heard ? heard : location);
	return 0;
}

int erofs_source_oci_open_caches(struct oci_conversion *conversion, bool allow_http)
{
	const struct erofs_oci_convert_options *options = conversion->options;
	struct oci_store *there = conversion->sink->ops->there(conversion->sink);
	int err = there ? erofs_source_oci_known_load(&conversion->known, there, NULL, &conversion->recipe) : 0;

	if (err == -ENOMEM || err == -ECANCELED)
		return err;
	conversion->caches = calloc(options->cache_count + 1, sizeof(struct oci_store *));
	err = conversion->caches ? 0 : -ENOMEM;
	for (size_t i = 0; !err && i < options->cache_count; i++)
		err = open_cache(conversion, options->caches[i], allow_http);
	return err;
}

static struct oci_descriptor describe(const struct oci_known_layer *layer)
{
	return (struct oci_descriptor){ .media_type = "", .digest = layer->digest, .size = layer->size };
}

/* Whatever is wrong with a cache, the layer can be built. */
static int fetch_layer(struct oci_conversion *conversion, const struct oci_known_layer *found)
{
	struct oci_sink *sink = conversion->sink;
	const struct oci_descriptor blob = describe(found);
	erofs_auto_free char *path = sink->ops->temporary(sink);
	struct oci_digest digest;
	uint64_t size;
	int err = path ? erofs_oci_fetch(path, found->from, &blob, NULL) : -ENOMEM;

	if (err)
		return err == -ENOMEM || err == -ECANCELED ? err : 0;
	err = sink->ops->take(sink, path, &digest, &size);
	unlink(path);
	return err ? err : 1;
}

/* Whether a layer is in the target, by now: 1 or 0. */
static int get_layer(struct oci_conversion *conversion, const struct oci_known_layer *found)
{
	struct oci_sink *sink = conversion->sink;
	const struct oci_descriptor blob = describe(found);
	int has = sink->ops->has(sink, &blob);

	if (!has && found->from && sink->ops->mount)
		has = sink->ops->mount(sink, found->from, &blob);
	return has || !found->from ? has : fetch_layer(conversion, found);
}

/* ---- building ------------------------------------------------------------------------------------------------------------- */

static void describe_tree(struct oci_known_layer *layer, const struct erofs_build_summary *summary)
{
	if (!summary->has_verity)
		return;
	erofs_hex_encode(layer->root_hash, summary->verity_root, sizeof(summary->verity_root));
	snprintf(layer->hash_offset, sizeof(layer->hash_offset), "%" PRIu64, summary->verity_offset);
}

/* The sidecar is for those that mount a file; a manifest has annotations. */
static void remove_file(const char *path)
{
	erofs_auto_free char *sidecar = NULL;

	unlink(path);
	if (asprintf(&sidecar, "%s.dmverity", path) < 0)
		sidecar = NULL;
	else
		unlink(sidecar);
}

static int pack_layer(struct oci_conversion *conversion, const char *path, struct oci_known_layer *out)
{
	struct oci_sink *sink = conversion->sink;
	erofs_auto_free char *packed = sink->ops->temporary(sink);
	erofs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t raw[EROFS_DIGEST_MAX];
	uint64_t size;
	int err = packed ? 0 : -ENOMEM;

	if (!err)
		err = fd < 0 ? -errno : erofs_oci_hash_file(fd, EROFS_DIGEST_SHA256, raw, &size);
	if (err)
		return err == -ENOMEM ? err
				      : erofs_report(conversion->source.diag, err, "cannot read '%s': %s", path,
						     strerror(-err));
	erofs_oci_digest_name(&out->plain, raw);
	err = erofs_archive_pack_zstd(packed, fd, size, conversion->source.cancel, conversion->source.diag);
	if (err)
		return err;
	err = sink->ops->take(sink, packed, &out->digest, &out->size);
	unlink(packed);
	return err;
}

static int build_layer(struct oci_conversion *conversion, struct erofs_oci_image *image, size_t number,
		       struct oci_known_layer *out)
{
	struct oci_sink *sink = conversion->sink;
	erofs_auto_free char *path = sink->ops->temporary(sink);
	const struct erofs_oci_convert_options *options = conversion->options;
	struct erofs_build_summary summary = { 0 };
	int err = path ? 0 : -ENOMEM;

	if (!err && sink->ops->prepare)
		err = sink->ops->prepare(sink);
	if (err)
		return err;
	err = options->build(options->ctx, image, number, path, &summary);
	if (!err && options->pack_zstd) {
		err = pack_layer(conversion, path, out);
	} else if (!err) {
		err = sink->ops->take(sink, path, &out->digest, &out->size);
		out->plain = out->digest;
	}
	remove_file(path);
	if (err)
		return err;
	describe_tree(out, &summary);
	conversion->summary->converted++;
	return out->diff_id.algorithm == EROFS_DIGEST_NONE ? 0 : erofs_source_oci_known_add(&conversion->known, out);
}

int erofs_source_oci_find_layer(struct oci_conversion *conversion, struct erofs_oci_image *image, size_t number,
				struct oci_known_layer *out)
{
	const struct oci_known_layer *found = NULL;
	int has = 0;

	*out = (struct oci_known_layer){ 0 };
	if (image->config.lists_layers)
		out->diff_id = image->config.diff_ids[number];
	while (out->diff_id.algorithm != EROFS_DIGEST_NONE && !has &&
	       (found = erofs_source_oci_known_find(&conversion->known, &out->diff_id, found)))
		has = get_layer(conversion, found);
	if (has < 0)
		return has;
	if (!has)
		return build_layer(conversion, image, number, out);
	*out = *found;
	conversion->summary->reused++;
	return 0;
}
