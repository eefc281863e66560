/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/blob.h"

#include <errno.h>
#include <inttypes.h>

#include "lib/util/report.h"

const char *erofs_oci_blob_name(const struct oci_descriptor *blob)
{
	return blob->digest.algorithm != EROFS_DIGEST_NONE || !blob->path ? blob->digest.text : blob->path;
}

int erofs_oci_blob_report(const struct oci_store *store, int err, const struct oci_descriptor *blob, const char *text)
{
	return erofs_report(store->diag, err, "'%s': blob %s %s", store->name, erofs_oci_blob_name(blob), text);
}

int erofs_oci_blob_report_size(const struct oci_store *store, const struct oci_descriptor *blob, bool is_longer,
			       uint64_t size)
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
		return erofs_oci_blob_report_size(store, blob, false, bytes->size);
	if (blob->digest.algorithm == EROFS_DIGEST_NONE)
		return 0;
	fits = erofs_oci_digest_fits(&blob->digest, bytes->data, bytes->size);
	if (fits < 0)
		return erofs_oci_blob_report(store, fits, blob, "cannot be hashed");
	return fits ? 0 : erofs_oci_blob_report(store, -EBADMSG, blob, "does not have this digest");
}

int erofs_oci_document_read(struct erofs_buffer *out, struct oci_store *store, const struct oci_descriptor *blob)
{
	struct oci_input *input;
	int err;

	if (blob->size != OCI_SIZE_UNKNOWN && blob->size > OCI_DOCUMENT_MAX)
		return erofs_oci_blob_report(store, -EFBIG, blob, "is larger than a document may be");
	err = erofs_oci_store_keep(store, blob);
	if (!err)
		err = store->ops->open(store, &input, blob, NULL);
	if (err)
		return err;
	err = erofs_oci_read_all(out, input, erofs_oci_blob_name(blob), store->diag);
	input->close(input);
	return err ? err : check_document(store, blob, out);
}
