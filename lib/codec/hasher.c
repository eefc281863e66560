/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/hasher.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct erofs_hasher {
	EVP_MD *algorithm; /* fetched once: looking it up by name again for each file is what makes EVP slow */
	EVP_MD_CTX *ctx;
};

void erofs_hasher_free(struct erofs_hasher *hasher)
{
	if (!hasher)
		return;
	EVP_MD_CTX_free(hasher->ctx);
	EVP_MD_free(hasher->algorithm);
	free(hasher);
}

struct erofs_hasher *erofs_hasher_new(enum erofs_digest digest)
{
	struct erofs_hasher *hasher = calloc(1, sizeof(*hasher));

	if (!hasher)
		return NULL;
	hasher->algorithm = EVP_MD_fetch(NULL, erofs_digest_name(digest), NULL);
	hasher->ctx = EVP_MD_CTX_new();
	if (!hasher->algorithm || !hasher->ctx) {
		erofs_hasher_free(hasher);
		return NULL;
	}
	return hasher;
}

int erofs_hasher_begin(struct erofs_hasher *hasher)
{
	return EVP_DigestInit_ex(hasher->ctx, hasher->algorithm, NULL) ? 0 : -EIO;
}

int erofs_hasher_append(struct erofs_hasher *hasher, const void *data, size_t size)
{
	return EVP_DigestUpdate(hasher->ctx, data, size) ? 0 : -EIO;
}

int erofs_hasher_end(struct erofs_hasher *hasher, uint8_t *raw)
{
	return EVP_DigestFinal_ex(hasher->ctx, raw, NULL) ? 0 : -EIO;
}
