/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/contents.h"

#include <string.h>

void erofs_writer_contents_release(struct erofs_contents *contents)
{
	erofs_buffer_release(&contents->digests);
	erofs_buffer_release(&contents->owners);
	erofs_index_release(&contents->index);
}

uint32_t erofs_writer_contents_count(const struct erofs_contents *contents)
{
	return (uint32_t)(contents->owners.size / sizeof(struct erofs_content_owner));
}

const uint8_t *erofs_writer_contents_digest(const struct erofs_contents *contents, uint32_t number)
{
	return contents->digests.data + number * contents->digest_size;
}

struct erofs_content_owner *erofs_writer_contents_owner(const struct erofs_contents *contents, uint32_t number)
{
	return (struct erofs_content_owner *)(void *)contents->owners.data + number;
}

static bool same_digest(const void *ctx, uint32_t number, const void *key)
{
	const struct erofs_contents *contents = ctx;

	return memcmp(erofs_writer_contents_digest(contents, number), key, contents->digest_size) == 0;
}

/* Any eight bytes of a digest are as good a hash as can be had. */
static uint64_t hash_of(const uint8_t *digest)
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

uint32_t erofs_writer_contents_find(const struct erofs_contents *contents, const uint8_t *digest)
{
	uint32_t number = erofs_index_find(&contents->index, hash_of(digest), same_digest, contents, digest);

	return number == EROFS_INDEX_NONE ? EROFS_CONTENT_NONE : number;
}

int erofs_writer_contents_intern(struct erofs_contents *contents, uint32_t *number, const uint8_t *digest)
{
	static const struct erofs_content_owner nobody = { .inode_number = EROFS_CONTENT_NONE };
	int err;

	*number = erofs_writer_contents_find(contents, digest);
	if (*number != EROFS_CONTENT_NONE)
		return 0;
	*number = erofs_writer_contents_count(contents);
	/* The index comes last: other threads may go on asking after a failure, and find nothing that is not there. */
	err = erofs_buffer_append(&contents->digests, digest, contents->digest_size);
	if (!err)
		err = erofs_buffer_append(&contents->owners, &nobody, sizeof(nobody));
	return err ? err : erofs_index_add(&contents->index, hash_of(digest), *number);
}
