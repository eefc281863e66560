/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_ZINDEX_H
#define EROFS_WRITER_ZINDEX_H

#include <stdint.h>

#include "lib/writer/index/extent_list.h"
#include "lib/writer/plan/methods.h"
#include "lib/util/buffer.h"

/*
 * The index of a compressed inode, behind its xattrs: map header and records. `at` is where the xattrs end, in bytes from the
 * start of an inode, which is as good as that of the image because inodes are aligned.
 */

/* What an index is made from. */
struct erofs_zindex {
	const struct erofs_methods *methods;
	const struct erofs_buffer *lists;
	uint64_t list;			/* where the inode's list of extents is in `lists` */
	uint64_t file_size;		/* bytes, not 0 */
	uint64_t fragment_at;		/* of a list with a fragment: its offset in the packed inode */
	bool has_fragment, is_fragment; /* such a list; nothing else is in it */
	bool has_shared;		/* extents that are elsewhere, or zeros in clusters */
	uint32_t zeros_at;		/* block of the cluster that these share */
};

/* Layout of the inode. */
enum erofs_data_layout erofs_writer_zindex_layout(const struct erofs_zindex *zindex);

/*
 * CLUSTERS: whether the index is a full one. A compact one has no room for a fragment's offset of more than 32 bits, and its
 * clusters follow each other.
 */
static inline bool erofs_writer_zindex_is_full(const struct erofs_zindex *zindex)
{
	return zindex->methods->options->full_index || zindex->has_shared ||
	       (zindex->has_fragment && zindex->fragment_at > UINT32_MAX);
}

/* Bytes from `at` to the end of the index. */
uint64_t erofs_writer_zindex_size(const struct erofs_zindex *zindex, uint64_t at);

/* At most so many bytes for any file of this size, wherever it is. */
uint64_t erofs_writer_zindex_bound(const struct erofs_build_options *options, uint64_t file_size);

/* Appends them. -ENOMEM. */
int erofs_writer_zindex_encode(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at);

/* The two forms; parts of the functions above. */
uint64_t erofs_writer_zindex_clusters_size(const struct erofs_zindex *zindex, uint64_t at);
int erofs_writer_zindex_clusters_encode(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at);
uint64_t erofs_writer_zindex_extents_size(const struct erofs_zindex *zindex, uint64_t at);
int erofs_writer_zindex_extents_encode(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at);

#endif
