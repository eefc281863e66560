/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include <erofs/image.h>

#include "lib/reader/reader.h"

/* Encoded extents: records of 4, 8, 16 or 32 bytes, one for each extent of a file. */

#define BATCH 128u

static int read_record(const struct erofs_zmap *map, struct erofs_zextent *out, uint64_t number)
{
	uint8_t raw[32];
	int err = erofs_reader_read_meta(map->image, raw, map->extent_size, map->start + number * map->extent_size);

	if (!err)
		erofs_zextent_decode(out, map->extent_size, raw);
	return err;
}

/* Records of 4 bytes say only how long each extent is; they follow each other from one address on. */
static int begin_short(struct erofs_zmap *map)
{
	uint8_t raw[EROFS_ZEXTENT_START_SIZE];
	int err = erofs_reader_read_meta(map->image, raw, sizeof(raw), map->start);

	if (err)
		return err;
	map->window = (struct erofs_zmap_window){ .count = 1, .address = erofs_zextent_start_decode(raw) };
	return map->window.address > INT64_MAX ? -EUCLEAN : 0;
}

static int walk_short(struct erofs_zmap *map, struct erofs_zextent *out, uint64_t number)
{
	struct erofs_zmap_window *at = &map->window;
	uint64_t from, records = map->start + EROFS_ZEXTENT_START_SIZE;
	uint8_t raw[4 * BATCH];
	int err = 0;

	if (!at->count || at->first > number)
		err = begin_short(map);
	from = at->first;
	for (uint64_t i = from; !err; i++) {
		uint64_t rest = number + 1 - i;

		if ((i - from) % BATCH == 0)
			err = erofs_reader_read_meta(map->image, raw, 4 * (rest < BATCH ? (size_t)rest : BATCH),
						     records + 4 * i);
		if (err)
			return err;
		erofs_zextent_decode(out, 4, raw + 4 * ((i - from) % BATCH));
		if (i == number)
			break;
		at->first++;
		at->address += out->length;
	}
	out->pstart = at->address;
	return err;
}

/* A record for each extent of one size: no search. */
static int find_regular(struct erofs_zmap *map, struct erofs_zmap_found *found, struct erofs_zextent *extent,
			uint64_t offset)
{
	unsigned int bits = map->header.lclusterbits;
	uint64_t number = offset >> bits;

	found->start = number << bits;
	found->end = map->inode->size;
	found->last = number + 1 == map->total;
	if (!found->last)
		found->end = found->start + (UINT64_C(1) << bits);
	return map->extent_size == 4 ? walk_short(map, extent, number) : read_record(map, extent, number);
}

/*
 * Records that say where they begin, in that order. On a hostile image they need not be. Then two offsets of one extent could
 * come to different records, and a file would read otherwise in pieces than as a whole. So each step of the search must bring
 * the two ends nearer to each other: all offsets between them take the same steps and come to the same record, or to none.
 */
static int search(const struct erofs_zmap *map, struct erofs_zmap_found *found, struct erofs_zextent *extent,
		  uint64_t offset)
{
	uint64_t low = 0, high = map->total, end = UINT64_MAX;
	int err = read_record(map, extent, 0);

	if (!err && extent->lstart > offset)
		return -EUCLEAN;
	while (!err && high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		struct erofs_zextent other;

		err = read_record(map, &other, middle);
		if (err)
			break;
		if (other.lstart <= extent->lstart || other.lstart >= end)
			return -EUCLEAN;
		if (other.lstart <= offset) {
			low = middle;
			*extent = other;
		} else {
			high = middle;
			end = other.lstart;
		}
	}
	found->start = extent->lstart;
	found->last = low + 1 == map->total;
	found->end = end < map->inode->size ? end : map->inode->size;
	return err;
}

/* Those that stand between the records of a search are seen by nobody else. */
int erofs_reader_zmap_verify_extents(const struct erofs_zmap *map, const char **reason)
{
	struct erofs_zextent extent;
	uint64_t before = 0;

	if (map->extent_size < 16)
		return 0;
	for (uint64_t number = 0; number < map->total; number++) {
		int err = read_record(map, &extent, number);

		if (err)
			return err;
		if (number ? extent.lstart <= before : extent.lstart != 0) {
			*reason = number ? "its extents are not in order"
					 : "its index does not begin with the first byte";
			return -EUCLEAN;
		}
		before = extent.lstart;
	}
	return 0;
}

int erofs_reader_zmap_find_extent(struct erofs_zmap *map, struct erofs_zmap_found *out, uint64_t offset)
{
	struct erofs_zextent extent;
	int err = map->extent_size < 16 ? find_regular(map, out, &extent, offset) : search(map, out, &extent, offset);

	if (err)
		return err;
	out->address = extent.pstart;
	out->length = extent.length;
	out->algorithm = extent.algorithm;
	out->partial = extent.partial_ref;
	out->hole = !extent.length;
	out->fragment_offset = extent.raw_plen;
	if (map->extent_size > 4)
		out->fragment_offset |= extent.pstart << 32;
	return 0;
}
