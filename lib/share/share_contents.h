/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SHARE_SHARE_CONTENTS_H
#define EROFS_SHARE_SHARE_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/share/share_batch.h"
#include "lib/util/buffer.h"
#include "lib/util/index.h"

/*
 * The distinct (value, size, kind) of a set, numbered in the order they came: what the kernel keeps once. Millions of them,
 * 64 bytes each. Zero-initialised the table is empty and ready.
 */

#define EROFS_SHARE_CONTENT_NONE UINT32_MAX

struct erofs_share_content {
	struct erofs_share_value value;
	bool compressed;
	bool head;     /* the first one of its value */
	uint32_t next; /* another size or kind of the same value */
	uint64_t size;
	uint32_t files;	      /* inodes that have it; stays at UINT32_MAX */
	uint32_t first_place; /* where it was found first */
	uint32_t first_image, last_image;
};

struct erofs_share_contents {
	struct erofs_buffer items; /* of struct erofs_share_content */
	size_t count;
	struct erofs_index by_value;   /* heads */
	struct erofs_index by_variant; /* all others */
	uint64_t seed;		       /* of hashes: values may be chosen to collide */
};

void erofs_share_contents_release(struct erofs_share_contents *contents);

static inline struct erofs_share_content *erofs_share_content(const struct erofs_share_contents *contents,
							      uint32_t number)
{
	return (struct erofs_share_content *)(void *)contents->items.data + number;
}

/*
 * Finds what `file` has, or adds it with no files yet. `*head` is the first one of the same value, which stands for the
 * value. -ENOMEM, -EFBIG when there are too many.
 */
int erofs_share_contents_add(struct erofs_share_contents *contents, uint32_t *number, uint32_t *head, bool *added,
			     const struct erofs_share_file *file);

/* EROFS_SHARE_CONTENT_NONE if there is none. */
uint32_t erofs_share_contents_find(const struct erofs_share_contents *contents, const struct erofs_share_value *value,
				   uint64_t size, bool compressed);

#endif
