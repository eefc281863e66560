/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/dedup.h"

void erofs_writer_dedup_init(struct erofs_dedup *dedup, size_t digest_size)
{
	*dedup = (struct erofs_dedup){ .contents.digest_size = digest_size };
	erofs_monitor_init(&dedup->monitor);
}

void erofs_writer_dedup_release(struct erofs_dedup *dedup)
{
	if (!dedup->contents.digest_size)
		return;
	erofs_writer_contents_release(&dedup->contents);
	erofs_monitor_destroy(&dedup->monitor);
	dedup->contents.digest_size = 0;
}

int erofs_writer_dedup_note(struct erofs_dedup *dedup, uint32_t *content, const uint8_t *digest)
{
	erofs_monitor_hold(&dedup->monitor);

	return erofs_writer_contents_intern(&dedup->contents, content, digest);
}

uint32_t erofs_writer_dedup_owner(const struct erofs_dedup *dedup, uint32_t content)
{
	return erofs_writer_contents_owner(&dedup->contents, content)->inode_number;
}

void erofs_writer_dedup_own(struct erofs_dedup *dedup, uint32_t content, uint32_t inode_number, bool is_compressed)
{
	erofs_monitor_hold(&dedup->monitor);

	*erofs_writer_contents_owner(&dedup->contents, content) =
		(struct erofs_content_owner){ .inode_number = inode_number, .is_compressed = is_compressed };
}

bool erofs_writer_dedup_has_compressed(struct erofs_dedup *dedup, const uint8_t *digest)
{
	erofs_monitor_hold(&dedup->monitor);
	uint32_t content = erofs_writer_contents_find(&dedup->contents, digest);

	return content != EROFS_CONTENT_NONE && erofs_writer_contents_owner(&dedup->contents, content)->is_compressed;
}
