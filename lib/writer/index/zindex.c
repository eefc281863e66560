/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/index/zindex.h"

#include <erofs/inode.h>

/* Extents that files share are at least so large on the average. */
#define SHARED_EXTENT_LEAST 2048u

#define RECORD_MAX 32u /* bytes of the longest record that is written, and thereby of alignment */

static bool has_encoded_extents(const struct erofs_build_options *options)
{
	return options->compressed_form == EROFS_COMPRESSED_EXTENTS;
}

enum erofs_data_layout erofs_writer_zindex_layout(const struct erofs_zindex *zindex)
{
	if (zindex->is_fragment || has_encoded_extents(zindex->methods->options) || erofs_writer_zindex_is_full(zindex))
		return EROFS_LAYOUT_COMPRESSED_FULL;
	return EROFS_LAYOUT_COMPRESSED_COMPACT;
}

uint64_t erofs_writer_zindex_size(const struct erofs_zindex *zindex, uint64_t at)
{
	if (zindex->is_fragment)
		return erofs_zmap_header_at(at) + EROFS_ZMAP_HEADER_SIZE - at;
	return (has_encoded_extents(zindex->methods->options) ? erofs_writer_zindex_extents_size
							      : erofs_writer_zindex_clusters_size)(zindex, at);
}

uint64_t erofs_writer_zindex_bound(const struct erofs_build_options *options, uint64_t file_size)
{
	bool is_full =
		options->full_index || options->dedupe_runs || options->zero_extents == EROFS_ZERO_EXTENTS_ALWAYS;
	uint64_t record = has_encoded_extents(options) ? RECORD_MAX : is_full ? EROFS_LCLUSTER_FULL_SIZE : 4;
	uint64_t span = has_encoded_extents(options) ? options->extent_size : UINT64_C(1) << options->blkszbits;

	if (has_encoded_extents(options) && options->dedupe_runs && span > SHARED_EXTENT_LEAST)
		span = SHARED_EXTENT_LEAST;

	return (file_size / span + 2) * record + EROFS_ZMAP_HEADER_SIZE + EROFS_LCLUSTER_FULL_SKIPPED + RECORD_MAX;
}

/* All of the file is a fragment: where that is stands in the header. */
static int encode_fragment(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at)
{
	const struct erofs_zmap_header header = { .whole_fragment = true, .fragment_offset = zindex->fragment_at };
	uint8_t raw[EROFS_ZMAP_HEADER_SIZE];
	int err = erofs_buffer_append_zeros(out, (size_t)(erofs_zmap_header_at(at) - at));

	erofs_zmap_header_encode(&header, zindex->methods->options->blkszbits, false, raw);
	return err ? err : erofs_buffer_append(out, raw, sizeof(raw));
}

int erofs_writer_zindex_encode(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at)
{
	if (zindex->is_fragment)
		return encode_fragment(zindex, out, at);
	return (has_encoded_extents(zindex->methods->options) ? erofs_writer_zindex_extents_encode
							      : erofs_writer_zindex_clusters_encode)(zindex, out, at);
}
