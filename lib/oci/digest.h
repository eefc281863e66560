/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_DIGEST_H
#define EROFS_OCI_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/diag.h>
#include <erofs/fingerprint.h>

/* The names that blobs have: "sha256:" or "sha512:" and hexadecimal digits, lower case, exactly as many as the digest has. */

#define OCI_DIGEST_TEXT (7u + 2 * EROFS_DIGEST_MAX + 1)

struct oci_digest {
	enum erofs_digest algorithm; /* EROFS_DIGEST_NONE: not known */
	char text[OCI_DIGEST_TEXT];
	uint8_t raw[EROFS_DIGEST_MAX];
};

/* -EINVAL for anything else, path or not. */
int erofs_oci_digest_parse(struct oci_digest *out, const char *text);

/* The SHA-256 `raw` as a name. */
void erofs_oci_digest_name(struct oci_digest *out, const uint8_t raw[32]);

/* The name of these bytes, by SHA-256. A negative errno if it cannot be computed. */
int erofs_oci_digest_make(struct oci_digest *out, const void *bytes, size_t size);

/* Whether these bytes have this digest: 1 or 0, negative if it cannot be computed. */
int erofs_oci_digest_fits(const struct oci_digest *digest, const void *bytes, size_t size);

#endif
