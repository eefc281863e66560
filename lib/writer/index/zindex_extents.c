/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/writer/index/zindex.h"

/*
 * A record for each extent. Which form they have follows from how many there are and how far into the device they reach:
 *
 *	4 bytes   lengths only, which a reader adds up from the first one: for files of few extents without gaps
 *	8 bytes   for addresses below 4 GiB
 *	16 bytes  otherwise, and for extents of any length
 *	32 bytes  the same for files that 32 bits do not span
 */
#define SUMMED_MOST 64u

static unsigned int record_bits(const struct erofs_zindex *zindex, const struct erofs_extent_list *list)
{
	bool far = list->start + list->plen > UINT32_MAX;
	unsigned int full = zindex->file_size > UINT32_MAX ? 3 : 2;

	if (list->uneven)
		return full;

	/* Two short records with their common start are no shorter than two of the next form. */
	if (list->count <= SUMMED_MOST && !list->gaps && (far || list->count > 2) && zindex->fragment_at <= UINT32_MAX)
		return 0;
	return far ? full : 1;
}

uint64_t erofs_writer_zindex_extents_size(const struct erofs_zindex *zindex, uint64_t at)
{
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	unsigned int size;

	erofs_writer_extent_lists_open(zindex->lists, zindex->list, &list, &cursor);
	size = 4u << record_bits(zindex, &list);
	return erofs_zextents_at(erofs_zmap_header_at(at), size) + erofs_zextents_span(size, list.count) - at;
}

static int encode_header(const struct erofs_zindex *zindex, const struct erofs_extent_list *list,
			 struct erofs_buffer *out)
{
	uint32_t piece = zindex->methods->items[list->method].extent_bytes;
	unsigned int bits = record_bits(zindex, list);
	struct erofs_zmap_header header = {
		.advise = (uint16_t)(EROFS_ZADVISE_EXTENTS | bits << EROFS_ZADVISE_EXTENT_SIZE_SHIFT),
		.lclusterbits = (uint8_t)__builtin_ctz(piece),
		.extent_count = list->count,
	};
	uint8_t raw[EROFS_ZMAP_HEADER_SIZE];

	if (zindex->has_fragment)
		header.advise |= EROFS_ZADVISE_FRAGMENT_PCLUSTER;
	erofs_zmap_header_encode(&header, zindex->methods->options->blkszbits, true, raw);
	return erofs_buffer_append(out, raw, sizeof(raw));
}

static int encode_records(const struct erofs_zindex *zindex, struct erofs_buffer *out)
{
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	struct erofs_list_extent extent;
	struct erofs_zextent record = { 0 };
	uint64_t behind; /* the extents before */
	unsigned int size;
	int algorithm, err = 0;

	erofs_writer_extent_lists_open(zindex->lists, zindex->list, &list, &cursor);
	algorithm = (int)erofs_compressor_limits(zindex->methods->items[list.method].compression.compressor)->algorithm;
	size = 4u << record_bits(zindex, &list);
	behind = list.start;
	while (!err && erofs_writer_extents_next(&cursor, &extent)) {
		uint8_t raw[32];

		if (extent.form == EROFS_FORM_GAP) {
			behind += extent.plen;
			continue;
		}
		record.pstart = extent.place ? extent.place : behind;
		record.partial_ref = extent.partial;
		record.length = extent.plen;
		record.algorithm = extent.form == EROFS_FORM_ENCODED ? algorithm : -1;
		if (extent.form == EROFS_FORM_FRAGMENT)
			erofs_zextent_fragment_encode(record.lstart, zindex->fragment_at, size, raw);
		else
			erofs_zextent_encode(&record, size, raw);
		err = erofs_buffer_append(out, raw, size);
		behind += erofs_writer_extent_room(&extent);
		record.lstart += extent.length;
	}
	return err;
}

int erofs_writer_zindex_extents_encode(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at)
{
	uint64_t header_at = erofs_zmap_header_at(at);
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	unsigned int bits;
	int err;

	erofs_writer_extent_lists_open(zindex->lists, zindex->list, &list, &cursor);
	bits = record_bits(zindex, &list);
	err = erofs_buffer_append_zeros(out, (size_t)(header_at - at));
	if (!err)
		err = encode_header(zindex, &list, out);
	if (!err)
		err = erofs_buffer_append_zeros(
			out, (size_t)(erofs_zextents_at(header_at, 4u << bits) - header_at - EROFS_ZMAP_HEADER_SIZE));
	if (!err && !bits) {
		uint8_t start[EROFS_ZEXTENT_START_SIZE];

		erofs_zextent_start_encode(list.start, start);
		err = erofs_buffer_append(out, start, sizeof(start));
	}
	return err ? err : encode_records(zindex, out);
}
