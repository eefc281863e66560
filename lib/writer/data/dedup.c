/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/dedup.h"

void erofs_writer_dedup_init(struct erofs_dedup *dedup, size_t digest_size)
{
	*dedup = (struct erofs_dedup){ .contents.digest_size = digest_size };
	pthread_mutex_init(&dedup->lock, NULL);
}

void erofs_writer_dedup_release(struct erofs_dedup *dedup)
{
	if (!dedup->contents.digest_size)
		return;
	erofs_writer_contents_release(&dedup->contents);
	pthread_mutex_destroy(&dedup->lock);
	dedup->contents.digest_size = 0;
}

int erofs_writer_dedup_note(struct erofs_dedup *dedup, uint32_t *content, const uint8_t *digest)
{
	int err;

	pthread_mutex_lock(&dedup->lock);
	err = erofs_writer_contents_intern(&dedup->contents, content, digest);
	pthread_mutex_unlock(&dedup->lock);
	return err;
}

uint32_t erofs_writer_dedup_owner(const struct erofs_dedup *dedup, uint32_t content)
{
	return erofs_writer_contents_owner(&dedup->contents, content)->inode_number;
}

void erofs_writer_dedup_own(struct erofs_dedup *dedup, uint32_t content, uint32_t inode_number, bool is_compressed)
{
	pthread_mutex_lock(&dedup->lock);
	*erofs_writer_contents_owner(&dedup->contents, content) =
		(struct erofs_content_owner){ .inode_number = inode_number, .is_compressed = is_compressed };
	pthread_mutex_unlock(&dedup->lock);
}

bool erofs_writer_dedup_has_compressed(struct erofs_dedup *dedup, const uint8_t *digest)
{
	uint32_t content;
	bool found;

	pthread_mutex_lock(&dedup->lock);
	content = erofs_writer_contents_find(&dedup->contents, digest);
	found = content != EROFS_CONTENT_NONE && erofs_writer_contents_owner(&dedup->contents, content)->is_compressed;
	pthread_mutex_unlock(&dedup->lock);
	return found;
}
