/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/blob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/hasher.h"
#include "lib/archive/unpack.h"
#include "lib/util/ahead.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

struct oci_layer {
	struct oci_store *store;
	struct oci_descriptor blob;
	struct oci_digest diff_id; /* EROFS_DIGEST_NONE: not to be looked at */
	struct oci_input *input;
	struct erofs_hasher *packed, *plain;
	struct erofs_unpack *unpack;
	uint64_t taken; /* bytes of the blob so far */
	/* NULL: none. Else what is above, from the input on, but for `plain`, is its thread's. */
	struct erofs_ahead *ahead;
	atomic_bool is_closing;
};

const char *erofs_oci_blob_name(const struct oci_descriptor *blob)
{
	return blob->digest.algorithm != EROFS_DIGEST_NONE || !blob->path ? blob->digest.text : blob->path;
}

static int report(const struct oci_store *store, int err, const struct oci_descriptor *blob, const char *text)
{
	return erofs_report(store->diag, err, "'%s': blob %s %s", store->name, erofs_oci_blob_name(blob), text);
}

static int report_size(const struct oci_store *store, const struct oci_descriptor *blob, bool is_longer, uint64_t size)
{
	return erofs_report(store->diag, -EBADMSG,
			    "'%s': blob %s has %s%" PRIu64 " bytes, not the %" PRIu64 " it should have", store->name,
			    erofs_oci_blob_name(blob), is_longer ? "at least " : "", size, blob->size);
}

/* ---- documents -------------------------------------------------------------------------------------------------------- */

static int check_document(const struct oci_store *store, const struct oci_descriptor *blob,
			  const struct erofs_buffer *bytes)
{
	int fits;

	if (blob->size != OCI_SIZE_UNKNOWN && blob->size != bytes->size)
		return report_size(store, blob, false, bytes->size);
	if (blob->digest.algorithm == EROFS_DIGEST_NONE)
		return 0;
	fits = erofs_oci_digest_fits(&blob->digest, bytes->data, bytes->size);
	if (fits < 0)
		return report(store, fits, blob, "cannot be hashed");
	return fits ? 0 : report(store, -EBADMSG, blob, "does not have this digest");
}

int erofs_oci_document_read(struct erofs_buffer *out, struct oci_store *store, const struct oci_descriptor *blob)
{
	struct oci_input *input;
	int err;

	if (blob->size != OCI_SIZE_UNKNOWN && blob->size > OCI_DOCUMENT_MAX)
		return report(store, -EFBIG, blob, "is larger than a document may be");
	err = store->ops->open(store, &input, blob);
	if (err)
		return err;
	err = erofs_oci_read_all(out, input, erofs_oci_blob_name(blob), store->diag);
	input->close(input);
	return err ? err : check_document(store, blob, out);
}

/* ---- layers ----------------------------------------------------------------------------------------------------------- */

static int new_hasher(struct erofs_hasher **out, const struct oci_digest *digest)
{
	if (!digest || digest->algorithm == EROFS_DIGEST_NONE)
		return 0;
	*out = erofs_hasher_new(digest->algorithm);
	return *out ? erofs_hasher_begin(*out) : -ENOMEM;
}

/* More of the blob as it is. */
static int64_t take_in(void *ctx, void *buf, size_t size)
{
	struct oci_layer *layer = ctx;
	int64_t count;

	if (erofs_cancel_requested(layer->store->cancel) || atomic_load(&layer->is_closing))
		return -ECANCELED;
	count = layer->input->read(layer->input, buf, size);
	if (count < 0)
		return count;
	layer->taken += (uint64_t)count;
	if (layer->taken > layer->blob.size)
		return report_size(layer->store, &layer->blob, true, layer->taken);
	if (count && layer->packed && erofs_hasher_append(layer->packed, buf, (size_t)count))
		return report(layer->store, -EIO, &layer->blob, "cannot be hashed");
	return count;
}

static int64_t unpack(void *ctx, void *buf, size_t size)
{
	return erofs_archive_unpack_read(ctx, buf, size);
}

int erofs_oci_layer_open(struct oci_layer **out, struct oci_store *store, const struct oci_descriptor *blob,
			 const struct oci_digest *diff_id)
{
	struct oci_layer *layer = calloc(1, sizeof(*layer));
	struct erofs_unpack_input from = { .read = take_in, .ctx = layer };
	int err;

	if (!layer)
		return -ENOMEM;
	layer->store = store;
	layer->blob = *blob;
	if (diff_id)
		layer->diff_id = *diff_id;
	err = new_hasher(&layer->packed, &blob->digest);
	if (!err)
		err = new_hasher(&layer->plain, diff_id);
	if (!err)
		err = store->ops->open(store, &layer->input, blob);
	if (!err && !(layer->unpack = erofs_archive_unpack_new(&from)))
		err = -ENOMEM;
	if (!err)
		layer->ahead = erofs_ahead_new(unpack, layer->unpack);
	if (err)
		erofs_oci_layer_close(layer);
	else
		*out = layer;
	return err;
}

int64_t erofs_oci_layer_read(struct oci_layer *layer, void *buf, size_t size)
{
	int64_t count = layer->ahead ? erofs_ahead_read(layer->ahead, buf, size)
				     : erofs_archive_unpack_read(layer->unpack, buf, size);
	/* Nobody else looks at it when the stream has ended. */
	const char *text = count < 0 ? erofs_archive_unpack_failure(layer->unpack) : NULL;

	if (count == -EAGAIN && !text)
		return report(layer->store, -EAGAIN, &layer->blob, "cannot be read: no thread can be started");
	if (text)
		return erofs_report(layer->store->diag, (int)count, "'%s': blob %s cannot be decompressed: %s",
				    layer->store->name, erofs_oci_blob_name(&layer->blob), text);
	if (count > 0 && layer->plain && erofs_hasher_append(layer->plain, buf, (size_t)count))
		return report(layer->store, -EIO, &layer->blob, "cannot be hashed");
	return count;
}

static int compare(const struct oci_layer *layer, struct erofs_hasher *hasher, const struct oci_digest *digest)
{
	uint8_t raw[EROFS_DIGEST_MAX];

	if (!hasher)
		return 0;
	if (erofs_hasher_end(hasher, raw))
		return report(layer->store, -EIO, &layer->blob, "cannot be hashed");
	if (memcmp(raw, digest->raw, erofs_digest_size(digest->algorithm)) == 0)
		return 0;
	if (digest == &layer->blob.digest)
		return report(layer->store, -EBADMSG, &layer->blob, "does not have this digest");
	return erofs_report(layer->store->diag, -EBADMSG,
			    "'%s': blob %s does not have the diff_id %s that the configuration gives it",
			    layer->store->name, erofs_oci_blob_name(&layer->blob), digest->text);
}

int erofs_oci_layer_finish(struct oci_layer *layer)
{
	uint8_t scrap[16384];
	int64_t count;
	int err;

	while ((count = erofs_oci_layer_read(layer, scrap, sizeof(scrap))) > 0)
		;
	if (count < 0)
		return (int)count;
	if (layer->blob.size != OCI_SIZE_UNKNOWN && layer->taken != layer->blob.size)
		return report_size(layer->store, &layer->blob, false, layer->taken);
	err = compare(layer, layer->packed, &layer->blob.digest);
	return err ? err : compare(layer, layer->plain, &layer->diff_id);
}

void erofs_oci_layer_close(struct oci_layer *layer)
{
	if (!layer)
		return;
	atomic_store(&layer->is_closing, true);
	erofs_ahead_free(layer->ahead);
	if (layer->input)
		layer->input->close(layer->input);
	erofs_hasher_free(layer->packed);
	erofs_hasher_free(layer->plain);
	erofs_archive_unpack_free(layer->unpack);
	free(layer);
}
