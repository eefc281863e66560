/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include <erofs/compress.h>
#include <erofs/image.h>

#include "lib/reader/reader.h"

/* What the bits of a compact index have room for. */
#define LCLUSTERBITS_MAX_2B 12u
#define LCLUSTERBITS_MAX_4B 14u

/* A lookup in a row of 4-byte records walks from its start, and a caller that maps a whole file does that for each of them. */
#define SHORT_EXTENTS_MAX 65536u

static int bad(const char **reason, const char *why)
{
	if (reason)
		*reason = why;
	return -EUCLEAN;
}

static int check_advise(const struct erofs_zmap *map, const char **reason)
{
	uint16_t advise = map->header.advise;
	bool big = advise & (EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2);

	if (map->extent_size)
		return 0;
	if (big && !erofs_has_incompat(&map->image->sb, EROFS_FEATURE_INCOMPAT_BIG_PCLUSTER))
		return bad(reason, "big physical clusters without the superblock's BIG_PCLUSTER bit");
	if (map->compact && !(advise & EROFS_ZADVISE_BIG_PCLUSTER_1) != !(advise & EROFS_ZADVISE_BIG_PCLUSTER_2))
		return bad(reason, "a compact index with big physical clusters for one algorithm only");
	if ((advise & EROFS_ZADVISE_INLINE_PCLUSTER) && (advise & EROFS_ZADVISE_FRAGMENT_PCLUSTER))
		return bad(reason, "an inline tail and a fragment in one file");
	return 0;
}

static uint64_t lclusters(const struct erofs_zmap *map)
{
	return map->inode->size ? ((map->inode->size - 1) >> map->header.lclusterbits) + 1 : 0;
}

/* No file has more entries than there are bytes behind its inode: on the device, or in the metabox, which may be larger. */
static bool is_too_many(const struct erofs_zmap *map)
{
	return map->total > erofs_reader_meta_rest(map->image, map->start);
}

/* The entries and their bytes. */
static int measure_compact(struct erofs_zmap *map, uint64_t *bytes, const char **reason)
{
	bool allow_2b = map->header.advise & EROFS_ZADVISE_COMPACTED_2B;

	if (map->header.lclusterbits > (allow_2b ? LCLUSTERBITS_MAX_2B : LCLUSTERBITS_MAX_4B))
		return bad(reason, "logical clusters too large for a compact index");
	map->start = map->header_at + EROFS_ZMAP_HEADER_SIZE;
	map->total = lclusters(map);
	map->shape = erofs_compact_shape(map->start, map->total, allow_2b);
	*bytes = is_too_many(map) ? UINT64_MAX : erofs_compact_size(&map->shape);
	return 0;
}

static int measure_extents(struct erofs_zmap *map, uint64_t *bytes, const char **reason)
{
	unsigned int unit = map->extent_size;

	map->start = erofs_zextents_at(map->header_at, unit);
	map->total = unit >= 16 ? map->header.extent_count : lclusters(map);
	if (!map->total && map->inode->size)
		return bad(reason, "no extents for a file that is not empty");
	if (unit == 4 && map->total > SHORT_EXTENTS_MAX)
		return bad(reason, "too many extents for records of 4 bytes");
	*bytes = is_too_many(map) ? UINT64_MAX : erofs_zextents_span(unit, map->total);
	return 0;
}

static int measure_index(struct erofs_zmap *map, const char **reason)
{
	uint64_t bytes = 0;
	int err = 0;

	if (map->compact) {
		err = measure_compact(map, &bytes, reason);
	} else if (map->extent_size) {
		err = measure_extents(map, &bytes, reason);
	} else {
		map->start = erofs_lcluster_full_at(map->header_at);
		map->total = lclusters(map);
		bytes = is_too_many(map) ? UINT64_MAX : map->total * EROFS_LCLUSTER_FULL_SIZE;
	}
	if (err)
		return err;
	if (!erofs_reader_meta_fits(map->image, map->start, bytes))
		return bad(reason, "the index of its compressed data goes beyond the end of the image");
	map->end = map->start + bytes;
	return 0;
}

static int measure_inline(struct erofs_zmap *map, const char **reason)
{
	uint32_t blksz = erofs_block_size(&map->image->sb);

	if (map->extent_size || !(map->header.advise & EROFS_ZADVISE_INLINE_PCLUSTER) || !map->total)
		return 0;
	map->inline_size = map->header.idata_size;
	if (map->end % blksz + map->inline_size > blksz ||
	    !erofs_reader_meta_fits(map->image, map->end, map->inline_size))
		return bad(reason, "its inline tail crosses a block boundary or the end of the image");
	return 0;
}

static int read_header(struct erofs_zmap *map, const char **reason)
{
	unsigned int blkszbits = map->image->sb.blkszbits;
	uint8_t raw[EROFS_ZMAP_HEADER_SIZE];
	int err;

	map->header_at = erofs_zmap_header_at(erofs_reader_inode_end(map->image, map->inode));
	err = erofs_reader_read_meta(map->image, raw, sizeof(raw), map->header_at);
	if (err)
		return err == -EUCLEAN ? bad(reason, "the header of its compressed data is outside the image") : err;
	erofs_zmap_header_decode(&map->header, blkszbits, false, raw);
	if (map->compact || !(map->header.advise & EROFS_ZADVISE_EXTENTS) || map->header.whole_fragment ||
	    !erofs_has_incompat(&map->image->sb, EROFS_FEATURE_INCOMPAT_48BIT))
		return 0;
	erofs_zmap_header_decode(&map->header, blkszbits, true, raw);
	map->extent_size = 4u << (map->header.advise >> EROFS_ZADVISE_EXTENT_SIZE_SHIFT & 3);
	return 0;
}

int erofs_reader_zmap_open(struct erofs_zmap *out, const struct erofs_image *image, const struct erofs_inode *inode,
			   const char **reason)
{
	int err;

	*out = (struct erofs_zmap){ .image = image,
				    .inode = inode,
				    .compact = inode->layout == EROFS_LAYOUT_COMPRESSED_COMPACT };
	err = read_header(out, reason);
	if (err)
		return err;
	out->start = out->end = out->header_at + EROFS_ZMAP_HEADER_SIZE;
	if (out->header.whole_fragment)
		return 0;
	err = check_advise(out, reason);
	if (!err)
		err = measure_index(out, reason);
	return err ? err : measure_inline(out, reason);
}

/* ---- extents --------------------------------------------------------------------------------------------------------------- */

static int map_fragment(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
			uint64_t offset, const char **reason)
{
	if (image->packed_err == -ENODATA)
		return bad(reason, "a fragment in an image without a packed inode");
	if (image->packed_err == -EUCLEAN)
		return bad(reason, "a fragment in a packed inode that is not valid");
	if (image->packed_err)
		return image->packed_err;
	/* It would refer to itself without end. */
	if (inode->nid == image->sb.packed_nid)
		return bad(reason, "the packed inode is itself a fragment");
	if (offset > image->packed.size || out->length > image->packed.size - offset)
		return bad(reason, "a fragment that lies behind the end of the packed inode");
	out->kind = EROFS_EXTENT_FRAGMENT;
	out->physical = offset;
	out->plen = out->length;
	return 0;
}

static int check_encoded(const struct erofs_image *image, const struct erofs_extent *extent, const char **reason)
{
	if (image->configs_err) {
		bad(reason, image->configs_reason);
		return image->configs_err;
	}
	if (extent->algorithm >= EROFS_ALGORITHM_COUNT) {
		bad(reason, "an unknown compression algorithm");
		return -EOPNOTSUPP;
	}
	if (!(image->configs.algorithms & 1u << extent->algorithm))
		return bad(reason, "a compression algorithm that the superblock does not announce");
	if (extent->length > EROFS_PCLUSTER_DECODED_MAX || !extent->plen)
		return bad(reason, "an extent that is larger than the format allows, or empty");
	return 0;
}

/*
 * Bytes that are stored as they are, but rotated: those up to the end of a block of the file are at the end of the pcluster,
 * the others at its beginning. Leaves of the extent the part with `offset`. In a pcluster of several blocks even an extent that
 * begins with a block is rotated, by that block (measured on Linux 6.18).
 */
static void cut_interlaced(const struct erofs_zmap *map, struct erofs_extent *out, uint64_t *address, uint64_t plen,
			   uint64_t offset)
{
	uint32_t blksz = erofs_block_size(&map->image->sb);
	uint64_t first = blksz - out->logical % blksz;
	uint64_t turn = out->logical + first;

	if (first == plen)
		return;
	if (offset < turn) {
		if (out->length > first)
			out->length = first;
		*address += plen - first;
	} else {
		out->length -= first;
		out->logical = turn;
	}
}

/* Encoded extents need no alignment; Linux rotates only those that have it (measured on 6.18). */
static bool is_interlaced(const struct erofs_zmap *map, const struct erofs_zmap_found *found)
{
	return map->header.advise & EROFS_ZADVISE_INTERLACED_PCLUSTER &&
	       !((found->address | found->length) & (erofs_block_size(&map->image->sb) - 1));
}

static int place(const struct erofs_zmap *map, struct erofs_extent *out, uint64_t address, uint64_t length,
		 const char **reason)
{
	int err = erofs_reader_place(map->image, out, 0, address, length);

	return err == -EUCLEAN ? bad(reason, "its data lie outside the image") : err;
}

static int map_stored(const struct erofs_zmap *map, struct erofs_extent *out, const struct erofs_zmap_found *found,
		      uint64_t offset, const char **reason)
{
	uint64_t address = found->address;

	if (out->length > found->length)
		return bad(reason, "a stored extent that is larger than its physical cluster");
	out->kind = EROFS_EXTENT_PLAIN;
	if (is_interlaced(map, found))
		cut_interlaced(map, out, &address, found->length, offset);
	return place(map, out, address, out->length, reason);
}

static int map_inline(const struct erofs_zmap *map, struct erofs_extent *out, const char **reason)
{
	erofs_reader_place_meta(out, map->end);
	if (out->algorithm < 0) {
		out->kind = EROFS_EXTENT_INLINE;
		out->plen = out->length;
		if (out->length > map->inline_size)
			return bad(reason, "a stored inline tail that is too short");
		return 0;
	}
	out->kind = EROFS_EXTENT_ENCODED;
	out->inlined = true;
	out->plen = map->inline_size;
	return check_encoded(map->image, out, reason);
}

static int map_found(const struct erofs_zmap *map, struct erofs_extent *out, const struct erofs_zmap_found *found,
		     uint64_t offset, const char **reason)
{
	int err;

	out->logical = found->start;
	out->length = found->end - found->start;
	if (found->last && (map->header.advise & EROFS_ZADVISE_FRAGMENT_PCLUSTER))
		return map_fragment(map->image, out, map->inode, found->fragment_offset, reason);
	out->kind = EROFS_EXTENT_HOLE;
	if (found->hole)
		return 0;
	out->algorithm = found->algorithm;
	if (found->last && map->inline_size)
		return map_inline(map, out, reason);
	if (!found->length || found->length > EROFS_PCLUSTER_ENCODED_MAX)
		return bad(reason, "a physical cluster of unknown size, or larger than the format allows");
	if (found->algorithm < 0)
		return map_stored(map, out, found, offset, reason);
	out->kind = EROFS_EXTENT_ENCODED;
	out->partial = found->partial;
	err = place(map, out, found->address, found->length, reason);
	return err ? err : check_encoded(map->image, out, reason);
}

int erofs_reader_zmap_find(struct erofs_zmap *map, struct erofs_zmap_found *out, uint64_t offset)
{
	return map->extent_size ? erofs_reader_zmap_find_extent(map, out, offset)
				: erofs_reader_zmap_find_lcluster(map, out, offset);
}

int erofs_reader_zmap_map(struct erofs_zmap *map, struct erofs_extent *out, uint64_t offset, const char **reason)
{
	struct erofs_zmap_found found = { 0 };
	int err;

	*out = (struct erofs_extent){ .algorithm = -1 };
	if (map->header.whole_fragment) {
		out->length = map->inode->size;
		return map_fragment(map->image, out, map->inode, map->header.fragment_offset, reason);
	}
	err = erofs_reader_zmap_find(map, &found, offset);
	if (err == -EUCLEAN)
		return bad(reason, "its index of compressed extents leads nowhere");
	return err ? err : map_found(map, out, &found, offset, reason);
}

int erofs_reader_zmap_map_marked(struct erofs_zmap *map, struct erofs_extent *out, uint64_t offset, const char **reason)
{
	struct erofs_zmap_found found = { 0 };
	int err;

	*out = (struct erofs_extent){ .algorithm = -1 };
	if (map->extent_size || map->header.whole_fragment)
		return 0;
	err = erofs_reader_zmap_find(map, &found, offset);
	if (err || !found.hole)
		return err;
	found.hole = false;
	err = map_found(map, out, &found, offset, reason);
	return err ? err : 1;
}

int erofs_reader_zmap_spoils(struct erofs_zmap *map, uint64_t offset, bool follows_data, bool *spoils)
{
	const uint16_t big = EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2;
	unsigned int bits = map->header.lclusterbits;
	struct erofs_lcluster before;
	int err;

	*spoils = follows_data && offset & ((UINT64_C(1) << bits) - 1);
	if (*spoils || !(offset >> bits) || !(map->header.advise & big))
		return 0;
	err = erofs_reader_zmap_lcluster(map, &before, (offset >> bits) - 1);
	*spoils = !err && before.type != EROFS_LCLUSTER_NONHEAD && !before.hole;
	return err;
}

bool erofs_reader_zmap_grows(const struct erofs_zmap *map, const struct erofs_extent *extent)
{
	bool tail = extent->logical + extent->length >= map->inode->size;
	uint64_t most = extent->length - 1;

	if (!map->extent_size)
		most |= erofs_block_size(&map->image->sb) - 1;
	return extent->kind == EROFS_EXTENT_ENCODED && !tail && !extent->partial &&
	       extent->plen > most + !map->extent_size;
}
