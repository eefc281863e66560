/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_DEDUP_H
#define EROFS_WRITER_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/util/monitor.h"
#include "lib/writer/data/contents.h"

/*
 * Duplicates: files of equal content store their data once. Knows each content by its digest and, of those whose data are
 * there, an owner: the file that later ones may be duplicates of. Which files may take over whose data is the caller's to say.
 *
 * Commits, one at a time, change this; any thread may look something up meanwhile.
 */
struct erofs_dedup {
	struct erofs_contents contents;
	struct erofs_monitor monitor; /* held while commits change, and others read, the contents */
};

/* Digests have `digest_size` bytes. */
void erofs_writer_dedup_init(struct erofs_dedup *dedup, size_t digest_size);
void erofs_writer_dedup_release(struct erofs_dedup *dedup);

/* Notes a content: `*content` is its number. -ENOMEM. */
int erofs_writer_dedup_note(struct erofs_dedup *dedup, uint32_t *content, const uint8_t *digest);

/* The inode number of the content's owner, EROFS_CONTENT_NONE if it has none. For commits. */
uint32_t erofs_writer_dedup_owner(const struct erofs_dedup *dedup, uint32_t content);

/* Makes a file the owner. `is_compressed`: its data are in encoded extents, and placed. For commits. */
void erofs_writer_dedup_own(struct erofs_dedup *dedup, uint32_t content, uint32_t inode_number, bool is_compressed);

/* Whether a file of this digest is there in encoded extents. For any thread. */
bool erofs_writer_dedup_has_compressed(struct erofs_dedup *dedup, const uint8_t *digest);

#endif
