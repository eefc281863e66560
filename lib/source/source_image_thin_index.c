/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/compress.h>

#include "lib/source/source_image.h"
#include "lib/util/zeros.h"

/*
 * Indexes of compressed files, for an image that points to their data in another one. Each becomes one whose form does not
 * depend on where it lies: a full index, or extents with whole addresses.
 */

#define NEAR_MAX (EROFS_LCLUSTER_COUNT_FLAG - 1) /* what a distance has room for */

/*
 * Indexes do not lie over each other in a sound image, so all their entries, of two bytes at least, fit into it. Names of one
 * file that become files of their own have the same index.
 */
int erofs_source_image_thin_count(struct image_source *source, const struct image_thin *thin)
{
	struct image_layer *layer = &source->layers[thin->layer->number];
	uint64_t most = layer->image->primary.size / 2;

	if (thin->count > most || (!source->options->hard_dereference && layer->index_entries > most - thin->count))
		return -EUCLEAN;
	layer->index_entries += thin->count;
	return 0;
}

static int allot(struct image_source *source, struct image_thin *thin, uint64_t count, unsigned int unit)
{
	int err;

	thin->count = count;
	thin->unit = unit;
	err = erofs_source_image_thin_count(source, thin);
	if (err)
		return err;
	thin->entries = erofs_arena_alloc(&source->tree->arena, count * unit);
	return thin->entries ? 0 : -ENOMEM;
}

/* ---- what the index names lies inside the image ---- */

static int check_extent(const struct erofs_zmap *map, const struct erofs_zmap_found *found)
{
	const struct erofs_superblock *sb = &map->image->sb;
	uint64_t most = sb->blocks << sb->blkszbits;

	/* A full index names data for a hole, too, which some kernels read. */
	if ((found->hole && map->extent_size) || (found->last && map->inline_size))
		return 0;
	if (!found->length || found->length > EROFS_PCLUSTER_ENCODED_MAX)
		return -EUCLEAN;
	return found->address > most || found->length > most - found->address ? -EUCLEAN : 0;
}

static int check_zeros(const struct erofs_image *image, const struct erofs_extent *extent)
{
	uint8_t bytes[16384];
	int err = 0;

	for (uint64_t done = 0; !err && done < extent->length; done += sizeof(bytes)) {
		uint64_t rest = extent->length - done;
		size_t part = rest < sizeof(bytes) ? (size_t)rest : sizeof(bytes);

		err = extent->kind == EROFS_EXTENT_ENCODED
			      ? erofs_reader_read_encoded(image, extent, bytes, part, done)
			      : erofs_reader_read_device(image, extent->device, bytes, part, extent->physical + done);
		if (!err && !erofs_is_zero(bytes, part))
			err = -EUCLEAN;
	}
	return err;
}

/* What a full index names for a hole is read by kernels that do not know the mark, and has to have the file's fingerprint. */
static int check_hole(struct erofs_zmap *map, uint64_t offset, bool follows_data, struct erofs_extent *known)
{
	struct erofs_extent extent;
	bool spoils;
	int err = erofs_reader_zmap_map_marked(map, &extent, offset, NULL);

	if (err <= 0)
		return err;
	err = erofs_reader_zmap_spoils(map, offset, follows_data, &spoils);
	if (err || spoils)
		return err ? err : -EUCLEAN;
	if (extent.kind != EROFS_EXTENT_ENCODED && extent.kind != EROFS_EXTENT_PLAIN)
		return -EUCLEAN;
	if (known->length == extent.length && known->physical == extent.physical && known->plen == extent.plen &&
	    known->kind == extent.kind && known->algorithm == extent.algorithm && known->partial == extent.partial)
		return 0;
	*known = extent;
	return check_zeros(map->image, &extent);
}

static int check_extents(struct image_source *source, struct erofs_zmap *map)
{
	struct erofs_extent extent = { 0 }, known = { 0 };
	struct erofs_zmap_found found = { 0 };
	bool follows_data = false;
	int err = 0;

	for (uint64_t at = 0; !err && at < map->inode->size; at = found.end) {
		err = erofs_reader_zmap_find(map, &found, at);
		if (!err && (found.start != at || found.end <= at))
			err = -EUCLEAN;
		/* Whether it can be decoded, too. */
		if (!err)
			err = erofs_reader_zmap_map(map, &extent, at, NULL);
		if (!err && erofs_reader_zmap_grows(map, &extent))
			err = -EUCLEAN;
		if (!err && found.hole)
			err = check_hole(map, at, follows_data, &known);
		follows_data = extent.kind != EROFS_EXTENT_HOLE;
		if (!err)
			err = check_extent(map, &found);
		if (!err && found.partial)
			source->thin_features |= EROFS_FEATURE_INCOMPAT_FRAGMENTS;
	}
	return err;
}

/* ---- full ---- */

/* Distances are made anew: a compact index has not all of them. */
static void set_distances(struct image_thin *thin)
{
	struct erofs_lcluster entry;
	uint64_t head = 0, next = thin->count;

	for (uint64_t i = 0; i < thin->count; i++) {
		uint8_t *raw = thin->entries + i * EROFS_LCLUSTER_FULL_SIZE;

		erofs_lcluster_full_decode(&entry, raw);
		if (entry.type != EROFS_LCLUSTER_NONHEAD) {
			head = i;
			continue;
		}
		if (!(entry.delta[0] & EROFS_LCLUSTER_COUNT_FLAG) || i > head + 1)
			entry.delta[0] = (uint16_t)(i - head < NEAR_MAX ? i - head : NEAR_MAX);
		erofs_lcluster_full_encode(&entry, raw);
	}
	for (uint64_t i = thin->count; i-- > 0;) {
		uint8_t *raw = thin->entries + i * EROFS_LCLUSTER_FULL_SIZE;

		erofs_lcluster_full_decode(&entry, raw);
		if (entry.type != EROFS_LCLUSTER_NONHEAD) {
			next = i;
			continue;
		}
		entry.delta[1] = (uint16_t)(next - i < NEAR_MAX ? next - i : NEAR_MAX);
		erofs_lcluster_full_encode(&entry, raw);
	}
}

static int take_lclusters(struct image_source *source, struct image_thin *thin, struct erofs_zmap *map)
{
	struct erofs_lcluster entry;
	const char *reason;
	int err = erofs_reader_zmap_verify(map, &reason);

	if (!err)
		err = allot(source, thin, map->total, EROFS_LCLUSTER_FULL_SIZE);
	for (uint64_t i = 0; !err && i < map->total; i++) {
		err = erofs_reader_zmap_lcluster(map, &entry, i);
		if (!err && entry.type == EROFS_LCLUSTER_HEAD2)
			source->thin_features |= EROFS_FEATURE_INCOMPAT_DEVICE_TABLE;
		if (!err)
			erofs_lcluster_full_encode(&entry, thin->entries + i * EROFS_LCLUSTER_FULL_SIZE);
	}
	if (!err)
		set_distances(thin);
	map->header.advise &= EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2 |
			      EROFS_ZADVISE_INLINE_PCLUSTER | EROFS_ZADVISE_INTERLACED_PCLUSTER;
	return err;
}

/* ---- extents ---- */

static int take_records(struct image_source *source, struct image_thin *thin, struct erofs_zmap *map)
{
	unsigned int unit = map->inode->size > UINT32_MAX ? 32 : 16;
	const char *reason;
	int err = erofs_reader_zmap_verify_extents(map, &reason);
	struct erofs_zmap_found found;
	uint64_t at = 0;

	if (!err)
		err = allot(source, thin, map->total, unit);
	for (uint64_t i = 0; !err && i < map->total; i++, at = found.end) {
		struct erofs_zextent record;

		err = at < map->inode->size ? erofs_reader_zmap_find(map, &found, at) : -EUCLEAN;
		if (err)
			break;
		record = (struct erofs_zextent){ .pstart = found.hole ? 0 : found.address,
						 .lstart = found.start,
						 .length = (uint32_t)found.length,
						 .algorithm = found.algorithm,
						 .partial_ref = found.partial };
		erofs_zextent_encode(&record, unit, thin->entries + i * unit);
	}
	map->header.extent_count = map->total;
	map->header.advise &= EROFS_ZADVISE_INTERLACED_PCLUSTER;
	map->header.advise |=
		(uint16_t)(EROFS_ZADVISE_EXTENTS | (unit == 32 ? 3u : 2u) << EROFS_ZADVISE_EXTENT_SIZE_SHIFT);
	source->thin_features |= EROFS_FEATURE_INCOMPAT_48BIT;
	return err;
}

/* ---- both ---- */

static int take_tail(struct image_source *source, struct image_thin *thin, const struct erofs_zmap *map)
{
	if (!map->inline_size)
		return 0;
	source->thin_features |= EROFS_FEATURE_INCOMPAT_ZTAILPACKING;
	thin->tail_size = (uint32_t)map->inline_size;
	thin->tail = erofs_arena_alloc(&source->tree->arena, thin->tail_size);
	return thin->tail ? erofs_reader_read_meta(map->image, thin->tail, thin->tail_size, map->end) : -ENOMEM;
}

/* What stat() tells; no more than the file would take as it is. */
static uint32_t known_blocks(const struct erofs_image *image, const struct erofs_inode *from)
{
	uint64_t most = ((from->size - 1) >> image->sb.blkszbits) + 1;

	return from->u < most ? from->u : (uint32_t)most;
}

int erofs_source_image_thin_zmap(struct image_source *source, struct image_thin *thin, const struct erofs_inode *from)
{
	const struct erofs_image *image = thin->layer->image;
	struct erofs_zmap map;
	int err = image->configs_err ? image->configs_err : erofs_reader_zmap_open(&map, image, from, NULL);

	if (err)
		return err;
	/* Linux reads no compressed file in an image that announces no algorithm, even if it is stored in all its extents. */
	if (!image->sb.available_compr_algs)
		return -EUCLEAN;
	if (!erofs_has_incompat(&image->sb, EROFS_FEATURE_INCOMPAT_ZERO_PADDING))
		return -EOPNOTSUPP;
	if (map.header.whole_fragment || (map.header.advise & EROFS_ZADVISE_FRAGMENT_PCLUSTER))
		return -EOPNOTSUPP;
	if (map.header.advise & EROFS_ZADVISE_INTERLACED_PCLUSTER)
		source->thin_features |= EROFS_FEATURE_INCOMPAT_FRAGMENTS;
	thin->layout = EROFS_LAYOUT_COMPRESSED_FULL;
	thin->u = known_blocks(image, from);
	err = check_extents(source, &map);
	if (!err)
		err = take_tail(source, thin, &map);
	if (!err)
		err = map.extent_size ? take_records(source, thin, &map) : take_lclusters(source, thin, &map);
	thin->has_header = true;
	erofs_zmap_header_encode(&map.header, image->sb.blkszbits, map.extent_size, thin->header);
	return err;
}
