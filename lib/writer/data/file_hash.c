/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/file_hash.h"

#include <errno.h>

int erofs_writer_hash_new(struct erofs_file_hash *hash, enum erofs_digest digest)
{
	*hash = (struct erofs_file_hash){ .hasher = erofs_hasher_new(digest) };
	if (!hash->hasher)
		return -EIO;
	hash->summer = XXH3_createState();
	return hash->summer ? 0 : -ENOMEM;
}

void erofs_writer_hash_release(struct erofs_file_hash *hash)
{
	erofs_hasher_free(hash->hasher);
	XXH3_freeState(hash->summer);
	*hash = (struct erofs_file_hash){ 0 };
}

int erofs_writer_hash_begin(struct erofs_file_hash *hash, enum erofs_identity_kind kind)
{
	hash->kind = kind;
	if (kind == EROFS_IDENTITY_SUM)
		XXH3_128bits_reset(hash->summer);
	return kind == EROFS_IDENTITY_DIGEST ? erofs_hasher_begin(hash->hasher) : 0;
}

int erofs_writer_hash_append(struct erofs_file_hash *hash, const void *data, size_t size)
{
	if (hash->kind == EROFS_IDENTITY_SUM)
		XXH3_128bits_update(hash->summer, data, size);
	return hash->kind == EROFS_IDENTITY_DIGEST ? erofs_hasher_append(hash->hasher, data, size) : 0;
}

int erofs_writer_hash_end(struct erofs_file_hash *hash, struct erofs_identity *identity)
{
	if (hash->kind == EROFS_IDENTITY_SUM) {
		XXH128_hash_t found = XXH3_128bits_digest(hash->summer);

		identity->sum = (struct erofs_sum){ found.low64, found.high64 };
	}
	return hash->kind == EROFS_IDENTITY_DIGEST ? erofs_hasher_end(hash->hasher, identity->digest) : 0;
}

struct erofs_sum erofs_writer_sum(const void *data, size_t size)
{
	XXH128_hash_t found = XXH3_128bits(data, size);

	return (struct erofs_sum){ found.low64, found.high64 };
}
