/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SHARE_SHARE_PACKED_H
#define EROFS_SHARE_SHARE_PACKED_H

#include "lib/share/share_batch.h"

/*
 * Memory that fragments take beside the pages of files. Linux keeps the packed inode's pages in memory, each mount for itself, as soon as a
 * file is read whose fragment lies there, and decodes extents of it as a whole. A file whose pages are in memory already, because
 * another mount has read it, needs none of them (measured on Linux 7.3: two versions of a root, all of it fragments, save 62.6 MB and
 * not the 36.7 MB of their files alone).
 */
struct erofs_share_packed {
	/* Of struct erofs_packed_range: of files that nobody had read before, of those that each mount reads for itself, and of the image alone. */
	struct erofs_buffer first, again, alone;
	bool is_known; /* some file says where its fragment lies; older manifests do not */
};

/* Of a file that this image is the first to have in the set, or in itself. -ENOMEM. */
int erofs_share_packed_note(struct erofs_share_packed *packed, const struct erofs_share_file *file, bool is_first,
			    bool is_first_here);

/* Bytes of pages; all of them, at most. */
struct erofs_share_packed_pages {
	uint64_t all, first, again, alone;
};

/* What the ranges come to, of a packed inode of so many bytes of pages. Sorts them. */
void erofs_share_packed_count(struct erofs_share_packed_pages *out, struct erofs_share_packed *packed, uint64_t all,
			      uint32_t page_size);

void erofs_share_packed_release(struct erofs_share_packed *packed);

#endif
