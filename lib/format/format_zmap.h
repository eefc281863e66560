/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_ZMAP_H
#define EROFS_FORMAT_ZMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The index of a compressed inode: the map header behind its xattrs, then the records of one of three kinds. Only the bits of
 * a record are dealt with here, not what a row of records means.
 */

/* h_advise. */
#define EROFS_ZADVISE_COMPACTED_2B	  0x0001u /* compact index: packs of 16 entries may occur */
#define EROFS_ZADVISE_EXTENTS		  0x0001u /* full index layout: encoded extents instead */
#define EROFS_ZADVISE_BIG_PCLUSTER_1	  0x0002u
#define EROFS_ZADVISE_BIG_PCLUSTER_2	  0x0004u
#define EROFS_ZADVISE_INLINE_PCLUSTER	  0x0008u
#define EROFS_ZADVISE_INTERLACED_PCLUSTER 0x0010u
#define EROFS_ZADVISE_FRAGMENT_PCLUSTER	  0x0020u
#define EROFS_ZADVISE_EXTENT_SIZE_SHIFT	  1u /* encoded extents: two bits, record size 4 << them */

#define EROFS_ZMAP_HEADER_SIZE	    8u
#define EROFS_LCLUSTER_FULL_SIZE    8u
#define EROFS_LCLUSTER_FULL_SKIPPED 8u /* unused bytes between the header and a full index */

struct erofs_zmap_header {
	uint16_t advise;
	uint8_t algorithm[2]; /* of HEAD1 and HEAD2 */
	uint8_t lclusterbits; /* log2 of the logical cluster size in bytes */
	uint16_t idata_size;  /* INLINE_PCLUSTER: encoded bytes behind the index */
	/* FRAGMENT_PCLUSTER: offset in the packed inode, its low 32 bits; whole_fragment: all of it */
	uint64_t fragment_offset;
	uint64_t extent_count; /* encoded extents with records of 16 or 32 bytes */
	bool whole_fragment;   /* the whole file is a fragment; nothing else counts */
};

/* Where the header lies: behind `end_of_xattrs`, aligned. */
static inline uint64_t erofs_zmap_header_at(uint64_t end_of_xattrs)
{
	return (end_of_xattrs + 7) & ~UINT64_C(7);
}

/*
 * `extents`: the inode has encoded extents, so the count takes the place of the fragment offset's field. Which of
 * idata_size and fragment_offset share the same bytes counts is for the advice to say; both are decoded.
 */
void erofs_zmap_header_encode(const struct erofs_zmap_header *header, unsigned int blkszbits, bool extents,
			      uint8_t out[EROFS_ZMAP_HEADER_SIZE]);
void erofs_zmap_header_decode(struct erofs_zmap_header *out, unsigned int blkszbits, bool extents,
			      const uint8_t in[EROFS_ZMAP_HEADER_SIZE]);

/* ---- logical clusters (full and compact index) -------------------------------------------------------------------------- */

enum erofs_lcluster_type {
	EROFS_LCLUSTER_PLAIN = 0, /* a stored extent begins here */
	EROFS_LCLUSTER_HEAD1 = 1, /* an extent of the first algorithm begins here */
	EROFS_LCLUSTER_NONHEAD = 2,
	EROFS_LCLUSTER_HEAD2 = 3,
};

#define EROFS_LCLUSTER_COUNT_FLAG 0x0800u /* in delta[0]: the other bits are the pcluster's blocks */

struct erofs_lcluster {
	enum erofs_lcluster_type type;
	uint16_t clusterofs; /* heads: where in the lcluster the extent begins */
	uint32_t blkaddr;    /* heads */
	uint16_t delta[2];   /* NONHEAD: lclusters back to the head, on to the next one */
	bool partial_ref;    /* 0x8000 */
	bool hole;	     /* 0x4000 */
	bool reserved;	     /* other bits of the advice were set */
};

/* Where a full index lies. */
static inline uint64_t erofs_lcluster_full_at(uint64_t header_at)
{
	return header_at + EROFS_ZMAP_HEADER_SIZE + EROFS_LCLUSTER_FULL_SKIPPED;
}

void erofs_lcluster_full_encode(const struct erofs_lcluster *lcluster, uint8_t out[EROFS_LCLUSTER_FULL_SIZE]);
void erofs_lcluster_full_decode(struct erofs_lcluster *out, const uint8_t in[EROFS_LCLUSTER_FULL_SIZE]);

/*
 * The compact index of `total` lclusters, whose first pack lies at byte `start` (8 behind the map header's place): `head4`
 * entries in packs of 2, then `mid2` in packs of 16 (a multiple of that), the rest again in packs of 2.
 */
struct erofs_compact_shape {
	uint64_t head4, mid2, tail4;
};
struct erofs_compact_shape erofs_compact_shape(uint64_t start, uint64_t total, bool allow_2b);

#define EROFS_PACK_4B_ENTRIES 2u
#define EROFS_PACK_4B_SIZE    8u
#define EROFS_PACK_2B_ENTRIES 16u
#define EROFS_PACK_2B_SIZE    32u

/* Bytes of the whole compact index: packs are whole, even the last. */
uint64_t erofs_compact_size(const struct erofs_compact_shape *shape);

struct erofs_pack_entry {
	enum erofs_lcluster_type type;
	uint16_t lo; /* heads: clusterofs; NONHEAD: delta[0], in the pack's last entry delta[1] */
};

/* `entries` is 2 or 16; `lobits` max(lclusterbits, 12). */
void erofs_pack_encode(const struct erofs_pack_entry *entries, unsigned int count, unsigned int lobits, uint32_t base,
		       uint8_t *out);
void erofs_pack_decode(struct erofs_pack_entry *entries, unsigned int count, unsigned int lobits, uint32_t *base,
		       const uint8_t *in);

/* ---- encoded extents --------------------------------------------------------------------------------------------------------- */

#define EROFS_ZEXTENT_LENGTH_MASK 0x001fffffu /* of plen */

struct erofs_zextent {
	uint64_t pstart; /* bytes; 8, 16 and 32 byte records */
	uint64_t lstart; /* bytes; 16 and 32 byte records */
	uint32_t length; /* encoded bytes; 0: a hole */
	int algorithm;	 /* -1: stored */
	bool partial_ref;
	uint32_t raw_plen; /* decoded only: the whole field, for fragments */
};

/* The last record of a file whose last extent is a fragment, at this offset of the packed inode; 4 bytes have 32 bits of that. */
void erofs_zextent_fragment_encode(uint64_t lstart, uint64_t offset, unsigned int size, uint8_t *out);

/* Bytes in front of records of 4 bytes: where the first extent lies. */
#define EROFS_ZEXTENT_START_SIZE 8u

void erofs_zextent_start_encode(uint64_t start, uint8_t out[EROFS_ZEXTENT_START_SIZE]);
uint64_t erofs_zextent_start_decode(const uint8_t in[EROFS_ZEXTENT_START_SIZE]);

/* Where records of `size` bytes lie, with the start in front of those of 4: behind the map's header, aligned. */
static inline uint64_t erofs_zextents_at(uint64_t header_at, unsigned int size)
{
	return (header_at + EROFS_ZMAP_HEADER_SIZE + size - 1) & ~((uint64_t)size - 1);
}

/* Bytes of `count` of them, with that start. */
static inline uint64_t erofs_zextents_span(unsigned int size, uint64_t count)
{
	return (size == 4 ? EROFS_ZEXTENT_START_SIZE : 0) + size * count;
}

/* `size` is 4, 8, 16 or 32. */
void erofs_zextent_encode(const struct erofs_zextent *extent, unsigned int size, uint8_t *out);
void erofs_zextent_decode(struct erofs_zextent *out, unsigned int size, const uint8_t *in);

/* ---- compression configurations behind the superblock ------------------------------------------------------------------------ */

struct erofs_compression_configs {
	uint16_t algorithms; /* bitmap by algorithm number */
	uint16_t lz4_max_distance;
	uint16_t lz4_max_pcluster_blocks;
	uint32_t lzma_dict_size;
	uint8_t deflate_window_bits;
	uint8_t zstd_window_log;
};

/* Makes `to` good for what either of both is good for: the larger of each limit. An LZ4 distance of 0 is the largest. */
void erofs_configs_merge(struct erofs_compression_configs *to, const struct erofs_compression_configs *from);

#define EROFS_CONFIGS_MAX_SIZE 64u

/* Writes the records of the algorithms in the bitmap and returns their size, a multiple of 4. */
size_t erofs_configs_encode(const struct erofs_compression_configs *configs, uint8_t out[EROFS_CONFIGS_MAX_SIZE]);

/*
 * Reads the records of the bitmap `algorithms` from `avail` bytes; says in `*used` how many they take. -EUCLEAN if one is cut
 * off or its values are out of range, -EOPNOTSUPP for an unknown algorithm or format; `*reason` (static) says which.
 */
int erofs_configs_decode(struct erofs_compression_configs *out, uint16_t algorithms, const uint8_t *in, size_t avail,
			 size_t *used, const char **reason);

#endif
