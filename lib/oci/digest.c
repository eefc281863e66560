/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/digest.h"

#include <errno.h>
#include <string.h>

#include "lib/codec/hasher.h"
#include "lib/util/cleanup.h"
#include "lib/util/digits.h"

int erofs_oci_digest_parse(struct oci_digest *out, const char *text)
{
	struct oci_digest digest = { .algorithm = EROFS_DIGEST_SHA256 };
	const char *hex = text + strlen("sha256:");
	size_t size;

	if (strncmp(text, "sha512:", strlen("sha512:")) == 0)
		digest.algorithm = EROFS_DIGEST_SHA512;
	else if (strncmp(text, "sha256:", strlen("sha256:")) != 0)
		return -EINVAL;
	size = erofs_digest_size(digest.algorithm);
	if (strlen(hex) != 2 * size || strspn(hex, "0123456789abcdef") != 2 * size)
		return -EINVAL;
	erofs_hex_decode(digest.raw, hex, 2 * size);
	strcpy(digest.text, text);
	*out = digest;
	return 0;
}

void erofs_oci_digest_name(struct oci_digest *out, const uint8_t raw[32])
{
	*out = (struct oci_digest){ .algorithm = EROFS_DIGEST_SHA256, .text = "sha256:" };
	memcpy(out->raw, raw, 32);
	erofs_hex_encode(out->text + strlen(out->text), raw, 32);
}

static int hash(uint8_t *raw, enum erofs_digest algorithm, const void *bytes, size_t size)
{
	erofs_auto(erofs_hasher_release) struct erofs_hasher *hasher = erofs_hasher_new(algorithm);
	int err = hasher ? erofs_hasher_begin(hasher) : -ENOMEM;

	if (!err)
		err = erofs_hasher_append(hasher, bytes, size);
	return err ? err : erofs_hasher_end(hasher, raw);
}

int erofs_oci_digest_make(struct oci_digest *out, const void *bytes, size_t size)
{
	uint8_t raw[EROFS_DIGEST_MAX];
	int err = hash(raw, EROFS_DIGEST_SHA256, bytes, size);

	if (!err)
		erofs_oci_digest_name(out, raw);
	return err;
}

int erofs_oci_digest_fits(const struct oci_digest *digest, const void *bytes, size_t size)
{
	uint8_t raw[EROFS_DIGEST_MAX];
	int err = hash(raw, digest->algorithm, bytes, size);

	return err ? err : memcmp(raw, digest->raw, erofs_digest_size(digest->algorithm)) == 0;
}
