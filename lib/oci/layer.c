/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/unpack.h"
#include "lib/codec/hasher.h"
#include "lib/oci/blob.h"
#include "lib/util/ahead.h"
#include "lib/util/report.h"

/*
 * A layer on its way, through up to two rings with threads of their own:
 *
 *	input -> [packed] -> unpack -> [plain] -> the reader
 *	             |                     |
 *	      the blob's digest         diff_id
 *
 * What is not compressed needs the first ring only.
 */

/* A blob from a registry arrives while layers above it are unpacked: so much of it is kept. */
#define REMOTE_BUFFERS 8u
#define LOCAL_BUFFERS  3u

struct digest_watch {
	struct erofs_hasher *hasher; /* NULL: nothing is to be compared */
	bool has_failed;
};

struct oci_layer {
	struct oci_store *store;
	struct oci_descriptor blob;
	struct oci_digest diff_id;
	bool must_be_plain; /* diff_id and digest are the same, and the layer is hashed once */
	struct erofs_cancel closing;

	/* the first ring's thread */
	struct oci_input *input;
	uint8_t start[EROFS_UNPACK_START]; /* was read to see what it is */
	size_t start_size, start_at;
	uint64_t taken; /* bytes of the blob so far */
	struct erofs_ahead *packed;
	struct digest_watch packed_watch;

	struct erofs_unpack *unpack; /* NULL: it is not compressed. The second ring's thread */
	struct erofs_ahead *plain;
	struct digest_watch plain_watch;
};

static int report(const struct oci_layer *layer, int err, const char *text)
{
	return erofs_oci_blob_report(layer->store, err, &layer->blob, text);
}

/* ---- digests ------------------------------------------------------------------------------------------------------------- */

static int begin_digest(struct digest_watch *watch, const struct oci_digest *digest)
{
	watch->hasher = erofs_hasher_new(digest->algorithm);
	return watch->hasher ? erofs_hasher_begin(watch->hasher) : -ENOMEM;
}

static void watch_digest(struct digest_watch *watch, const void *buf, size_t size)
{
	if (watch->hasher && erofs_hasher_append(watch->hasher, buf, size))
		watch->has_failed = true;
}

static void watch_packed(void *ctx, const void *buf, size_t size)
{
	struct oci_layer *layer = ctx;

	watch_digest(&layer->packed_watch, buf, size);
	if (!layer->unpack)
		watch_digest(&layer->plain_watch, buf, size);
}

static void watch_plain(void *ctx, const void *buf, size_t size)
{
	struct oci_layer *layer = ctx;

	watch_digest(&layer->plain_watch, buf, size);
}

/* Which digests are to be compared. */
static int begin_digests(struct oci_layer *layer, const struct oci_digest *diff_id)
{
	int err = 0;

	if (diff_id)
		layer->diff_id = *diff_id;
	if (layer->blob.digest.algorithm != EROFS_DIGEST_NONE)
		err = begin_digest(&layer->packed_watch, &layer->blob.digest);
	layer->must_be_plain = diff_id && strcmp(diff_id->text, layer->blob.digest.text) == 0;
	if (!err && diff_id && !layer->must_be_plain)
		err = begin_digest(&layer->plain_watch, diff_id);
	return err;
}

/* ---- the streams ----------------------------------------------------------------------------------------------------------- */

/* More of the blob as it is. */
static int64_t take_in(void *ctx, void *buf, size_t size)
{
	struct oci_layer *layer = ctx;
	struct oci_store *store = layer->store;
	size_t known = layer->start_size - layer->start_at;
	int64_t count;

	if (known) {
		count = (int64_t)(size < known ? size : known);
		memcpy(buf, layer->start + layer->start_at, (size_t)count);
		layer->start_at += (size_t)count;
		return count;
	}
	if (erofs_cancel_requested(store->cancel) || erofs_cancel_requested(&layer->closing))
		return -ECANCELED;
	if (!layer->input) {
		int err = store->ops->open(store, &layer->input, &layer->blob, &layer->closing);

		if (err)
			return err;
	}
	count = layer->input->read(layer->input, buf, size);
	if (count < 0)
		return count;
	layer->taken += (uint64_t)count;
	return layer->taken > layer->blob.size ? erofs_oci_blob_report_size(store, &layer->blob, true, layer->taken)
					       : count;
}

static int64_t read_ring(const struct oci_layer *layer, struct erofs_ahead *ring, void *buf, size_t size)
{
	int err = erofs_ahead_start(ring);

	return err ? report(layer, err, "cannot be read: no thread can be started") : erofs_ahead_read(ring, buf, size);
}

static int64_t read_packed(void *ctx, void *buf, size_t size)
{
	const struct oci_layer *layer = ctx;

	return read_ring(layer, layer->packed, buf, size);
}

static int64_t unpack(void *ctx, void *buf, size_t size)
{
	struct oci_layer *layer = ctx;
	int64_t count = erofs_archive_unpack_read(layer->unpack, buf, size);
	const char *text = count < 0 ? erofs_archive_unpack_failure(layer->unpack) : NULL;

	return text ? erofs_report(layer->store->diag, (int)count, "'%s': blob %s cannot be decompressed: %s",
				   layer->store->name, erofs_oci_blob_name(&layer->blob), text)
		    : count;
}

/* Looks at the first bytes of what is at hand; a registry lets wait for them. */
static int look_at_start(struct oci_layer *layer, bool *is_plain)
{
	size_t size = 0;
	int64_t count = 1;

	while (count > 0 && size < sizeof(layer->start)) {
		count = take_in(layer, layer->start + size, sizeof(layer->start) - size);
		size += count > 0 ? (size_t)count : 0;
	}
	layer->start_size = size;
	*is_plain = !erofs_archive_unpack_is_packed(layer->start, size);
	return count < 0 ? (int)count : 0;
}

static int make_rings(struct oci_layer *layer)
{
	struct erofs_unpack_input from = { .read = read_packed, .ctx = layer };
	bool is_plain = false;
	int err = layer->store->is_remote ? 0 : look_at_start(layer, &is_plain);

	if (err)
		return err;
	layer->packed = erofs_ahead_new(take_in, layer, layer->store->is_remote ? REMOTE_BUFFERS : LOCAL_BUFFERS);
	if (!layer->packed)
		return -ENOMEM;
	if (layer->packed_watch.hasher || (is_plain && layer->plain_watch.hasher))
		erofs_ahead_set_watch(layer->packed, watch_packed, layer);
	if (is_plain)
		return 0;
	layer->unpack = erofs_archive_unpack_new(&from);
	layer->plain = layer->unpack ? erofs_ahead_new(unpack, layer, EROFS_AHEAD_BUFFERS) : NULL;
	if (layer->plain && layer->plain_watch.hasher)
		erofs_ahead_set_watch(layer->plain, watch_plain, layer);
	return layer->plain ? 0 : -ENOMEM;
}

/* ---- what others see ------------------------------------------------------------------------------------------------------- */

int erofs_oci_layer_open(struct oci_layer **out, struct oci_store *store, const struct oci_descriptor *blob,
			 const struct oci_digest *diff_id)
{
	struct oci_layer *layer = calloc(1, sizeof(*layer));
	int err;

	if (!layer)
		return -ENOMEM;
	layer->store = store;
	layer->blob = *blob;
	err = begin_digests(layer, diff_id);
	if (!err)
		err = make_rings(layer);
	if (err)
		erofs_oci_layer_close(layer);
	else
		*out = layer;
	return err;
}

void erofs_oci_layer_start(struct oci_layer *layer)
{
	/* Without threads now, the first read tries again. */
	erofs_ahead_start(layer->plain ? layer->plain : layer->packed);
}

int64_t erofs_oci_layer_read(struct oci_layer *layer, void *buf, size_t size)
{
	return read_ring(layer, layer->plain ? layer->plain : layer->packed, buf, size);
}

static int compare(const struct oci_layer *layer, const struct digest_watch *watch, const struct oci_digest *digest)
{
	uint8_t raw[EROFS_DIGEST_MAX];

	if (!watch->hasher)
		return 0;
	if (watch->has_failed || erofs_hasher_end(watch->hasher, raw))
		return report(layer, -EIO, "cannot be hashed");
	return memcmp(raw, digest->raw, erofs_digest_size(digest->algorithm)) ? -EBADMSG : 0;
}

static int compare_digests(const struct oci_layer *layer)
{
	int err = compare(layer, &layer->packed_watch, &layer->blob.digest);

	if (err)
		return err == -EBADMSG ? report(layer, err, "does not have this digest") : err;
	err = compare(layer, &layer->plain_watch, &layer->diff_id);
	if (!err && layer->must_be_plain && layer->unpack && erofs_archive_unpack_was_packed(layer->unpack))
		err = -EBADMSG;
	return err == -EBADMSG
		       ? erofs_report(layer->store->diag, err,
				      "'%s': blob %s does not have the diff_id %s that the configuration gives it",
				      layer->store->name, erofs_oci_blob_name(&layer->blob), layer->diff_id.text)
		       : err;
}

static int64_t drain(struct oci_layer *layer, struct erofs_ahead *ring)
{
	uint8_t scrap[16384];
	int64_t count;

	do
		count = read_ring(layer, ring, scrap, sizeof(scrap));
	while (count > 0);
	return count;
}

int erofs_oci_layer_finish(struct oci_layer *layer)
{
	int64_t end = layer->plain ? drain(layer, layer->plain) : 0;

	/* The second ring has ended, so that this one is ours. */
	if (!end)
		end = drain(layer, layer->packed);
	if (end < 0)
		return (int)end;
	if (layer->blob.size != OCI_SIZE_UNKNOWN && layer->taken != layer->blob.size)
		return erofs_oci_blob_report_size(layer->store, &layer->blob, false, layer->taken);
	return compare_digests(layer);
}

void erofs_oci_layer_close(struct oci_layer *layer)
{
	if (!layer)
		return;
	/* The first ring ends, and then the second, which may wait for it. */
	erofs_cancel_request(&layer->closing);
	erofs_ahead_free(layer->plain);
	erofs_ahead_free(layer->packed);
	if (layer->input)
		layer->input->close(layer->input);
	erofs_hasher_free(layer->packed_watch.hasher);
	erofs_hasher_free(layer->plain_watch.hasher);
	erofs_archive_unpack_free(layer->unpack);
	free(layer);
}
