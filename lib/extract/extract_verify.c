/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/extract/extract.h"

/*
 * Bytes that are hashed for all files of an image, at most: those of files that it holds, whatever holes it claims, and far more
 * than any real image has.
 */
#define HASH_BUDGET (UINT64_C(16) << 40)

#define ZEROS ((size_t)64 * 1024)

/* Which digest the file is to have; EROFS_DIGEST_NONE if it says nothing, or not one thing. Whether it should is for a check. */
static enum erofs_digest wanted_digest(struct erofs_extract *extract, const struct erofs_inode *inode)
{
	struct erofs_extract_digest *digest = &extract->digest;
	enum erofs_digest found;
	const uint8_t *stored;

	if (!inode->size || erofs_image_fingerprint(extract->image, &digest->value, inode) || digest->value.count != 1)
		return EROFS_DIGEST_NONE;
	found = erofs_fingerprint_parse(&stored, digest->value.value, digest->value.value_size);
	if (found != EROFS_DIGEST_NONE)
		memcpy(digest->stored, stored, erofs_digest_size(found));
	return found;
}

int erofs_extract_begin_digest(struct erofs_extract *extract, const struct erofs_extract_place *place,
			       const struct erofs_inode *inode)
{
	struct erofs_extract_digest *digest = &extract->digest;
	enum erofs_digest wanted = wanted_digest(extract, inode);
	int err;

	digest->current = NULL;
	if (wanted == EROFS_DIGEST_NONE)
		return 0;
	if (inode->size > HASH_BUDGET - digest->hashed)
		return erofs_extract_failed(extract, place, -EFBIG,
					    "not compared with its fingerprint: the files are too large for it in all");
	digest->hashed += inode->size;
	if (!digest->hashers[wanted])
		digest->hashers[wanted] = erofs_hasher_new(wanted);
	err = digest->hashers[wanted] ? erofs_hasher_begin(digest->hashers[wanted]) : -ENOMEM;
	if (err)
		return erofs_extract_failed(extract, place, err, "cannot compute its digest: %s", strerror(-err));
	digest->current = digest->hashers[wanted];
	digest->size = erofs_digest_size(wanted);
	digest->at = 0;
	return 0;
}

static int append_zeros(struct erofs_extract_digest *digest, uint64_t end)
{
	static const uint8_t zeros[ZEROS];
	int err = 0;

	while (!err && digest->at < end) {
		size_t part = end - digest->at < ZEROS ? (size_t)(end - digest->at) : ZEROS;

		err = erofs_hasher_append(digest->current, zeros, part);
		digest->at += part;
	}
	return err;
}

int erofs_extract_append_digest(struct erofs_extract *extract, const struct erofs_extract_place *place,
				const void *data, size_t size, uint64_t offset)
{
	struct erofs_extract_digest *digest = &extract->digest;
	int err;

	if (!digest->current)
		return 0;
	err = append_zeros(digest, offset);
	if (!err)
		err = erofs_hasher_append(digest->current, data, size);
	digest->at += size;
	return err ? erofs_extract_failed(extract, place, err, "cannot compute its digest: %s", strerror(-err)) : 0;
}

int erofs_extract_end_digest(struct erofs_extract *extract, const struct erofs_extract_place *place,
			     const struct erofs_inode *inode)
{
	struct erofs_extract_digest *digest = &extract->digest;
	uint8_t raw[EROFS_DIGEST_MAX];
	int err;

	if (!digest->current)
		return 0;
	err = append_zeros(digest, inode->size);
	if (!err)
		err = erofs_hasher_end(digest->current, raw);
	if (err)
		return erofs_extract_failed(extract, place, err, "cannot compute its digest: %s", strerror(-err));
	/* The file stays: it is what the image holds, and perhaps all that is left. */
	if (memcmp(raw, digest->stored, digest->size))
		erofs_extract_failed(extract, place, -EUCLEAN, "the content does not match its fingerprint");
	return 0;
}

void erofs_extract_release_digest(struct erofs_extract *extract)
{
	for (unsigned int i = 0; i < EROFS_DIGEST_COUNT; i++)
		erofs_hasher_free(extract->digest.hashers[i]);
}
