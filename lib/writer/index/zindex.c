/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/index/zindex.h"

#include <erofs/inode.h>

#define RECORD_MAX 32u /* bytes of the longest record that is written, and thereby of alignment */

static bool has_encoded_extents(const struct erofs_build_options *options)
{
	return options->compressed_form == EROFS_COMPRESSED_EXTENTS;
}

enum erofs_data_layout erofs_writer_zindex_layout(const struct erofs_build_options *options)
{
	return has_encoded_extents(options) || options->full_index ? EROFS_LAYOUT_COMPRESSED_FULL
								   : EROFS_LAYOUT_COMPRESSED_COMPACT;
}

uint64_t erofs_writer_zindex_size(const struct erofs_zindex *zindex, uint64_t at)
{
	return (has_encoded_extents(zindex->methods->options) ? erofs_writer_zindex_extents_size
							      : erofs_writer_zindex_clusters_size)(zindex, at);
}

uint64_t erofs_writer_zindex_bound(const struct erofs_build_options *options, uint64_t file_size)
{
	uint64_t record = has_encoded_extents(options) ? RECORD_MAX
			  : options->full_index	       ? EROFS_LCLUSTER_FULL_SIZE
						       : 4;
	uint64_t span = has_encoded_extents(options) ? options->extent_size : UINT64_C(1) << options->blkszbits;

	return (file_size / span + 2) * record + EROFS_ZMAP_HEADER_SIZE + EROFS_LCLUSTER_FULL_SKIPPED + RECORD_MAX;
}

int erofs_writer_zindex_encode(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at)
{
	return (has_encoded_extents(zindex->methods->options) ? erofs_writer_zindex_extents_encode
							      : erofs_writer_zindex_clusters_encode)(zindex, out, at);
}
