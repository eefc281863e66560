/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/hasher.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/verity.h"

struct erofs_hasher {
	EVP_MD *algorithm; /* fetched once: looking it up by name again for each file is what makes EVP slow */
	EVP_MD_CTX *ctx;
	struct erofs_verity *verity; /* instead of these */
};

void erofs_hasher_free(struct erofs_hasher *hasher)
{
	if (!hasher)
		return;
	EVP_MD_CTX_free(hasher->ctx);
	EVP_MD_free(hasher->algorithm);
	erofs_verity_free(hasher->verity);
	free(hasher);
}

static bool make(struct erofs_hasher *hasher, enum erofs_digest digest)
{
	if (digest == EROFS_DIGEST_FSVERITY) {
		hasher->verity = erofs_verity_new();
		return hasher->verity;
	}
	hasher->algorithm = EVP_MD_fetch(NULL, erofs_digest_name(digest), NULL);
	hasher->ctx = EVP_MD_CTX_new();
	return hasher->algorithm && hasher->ctx;
}

struct erofs_hasher *erofs_hasher_new(enum erofs_digest digest)
{
	struct erofs_hasher *hasher = calloc(1, sizeof(*hasher));

	if (!hasher || make(hasher, digest))
		return hasher;
	erofs_hasher_free(hasher);
	return NULL;
}

int erofs_hasher_begin(struct erofs_hasher *hasher)
{
	if (hasher->verity) {
		erofs_verity_begin(hasher->verity);
		return 0;
	}
	return EVP_DigestInit_ex(hasher->ctx, hasher->algorithm, NULL) ? 0 : -EIO;
}

int erofs_hasher_append(struct erofs_hasher *hasher, const void *data, size_t size)
{
	if (hasher->verity)
		return erofs_verity_append(hasher->verity, data, size);
	return EVP_DigestUpdate(hasher->ctx, data, size) ? 0 : -EIO;
}

int erofs_hasher_end(struct erofs_hasher *hasher, uint8_t *raw)
{
	if (hasher->verity)
		return erofs_verity_end(hasher->verity, raw);
	return EVP_DigestFinal_ex(hasher->ctx, raw, NULL) ? 0 : -EIO;
}

int erofs_hasher_end_uuid(struct erofs_hasher *hasher, uint8_t uuid[16])
{
	uint8_t digest[EROFS_DIGEST_MAX];
	int err = erofs_hasher_end(hasher, digest);

	if (err)
		return err;
	memcpy(uuid, digest, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return 0;
}
