/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_zmap.h"

#include <assert.h>
#include <string.h>

#include "lib/format/le.h"

/* ---- map header -------------------------------------------------------------------------------------------------------- */

/* A normal header; its first field is h_fragmentoff, or 0 and h_idata_size, or the lower part of h_extents. */
struct disk_header {
	union {
		erofs_le32 h_fragmentoff;
		struct {
			erofs_le16 reserved;
			erofs_le16 h_idata_size;
		};
		erofs_le32 h_extents_lo;
	};
	erofs_le16 h_advise;
	union {
		struct {
			uint8_t h_algorithmtype;
			uint8_t h_clusterbits;
		};
		erofs_le16 h_extents_hi;
	};
};
_Static_assert(sizeof(struct disk_header) == EROFS_ZMAP_HEADER_SIZE, "on-disk size");

#define WHOLE_FRAGMENT (UINT64_C(1) << 63)

static bool counts_extents(uint16_t advise)
{
	return (advise >> EROFS_ZADVISE_EXTENT_SIZE_SHIFT & 3) >= 2;
}

void erofs_zmap_header_encode(const struct erofs_zmap_header *header, unsigned int blkszbits, bool extents,
			      uint8_t out[EROFS_ZMAP_HEADER_SIZE])
{
	struct disk_header disk = { .h_advise = erofs_put16(header->advise) };
	erofs_le64 whole = erofs_put64(header->fragment_offset | WHOLE_FRAGMENT);

	if (header->whole_fragment) {
		memcpy(out, &whole, sizeof(whole));
		return;
	}
	if (extents && counts_extents(header->advise)) {
		disk.h_extents_lo = erofs_put32((uint32_t)header->extent_count);
		disk.h_extents_hi = erofs_put16((uint16_t)(header->extent_count >> 32));
	} else {
		disk.h_algorithmtype = (uint8_t)(header->algorithm[0] | header->algorithm[1] << 4);
		disk.h_clusterbits = (uint8_t)(header->lclusterbits - blkszbits);
		if (header->advise & EROFS_ZADVISE_FRAGMENT_PCLUSTER)
			disk.h_fragmentoff = erofs_put32((uint32_t)header->fragment_offset);
		else
			disk.h_idata_size = erofs_put16(header->idata_size);
	}
	memcpy(out, &disk, sizeof(disk));
}

void erofs_zmap_header_decode(struct erofs_zmap_header *out, unsigned int blkszbits, bool extents,
			      const uint8_t in[EROFS_ZMAP_HEADER_SIZE])
{
	struct disk_header disk;
	erofs_le64 whole;

	*out = (struct erofs_zmap_header){ .lclusterbits = (uint8_t)blkszbits };
	memcpy(&whole, in, sizeof(whole));
	if (erofs_get64(whole) & WHOLE_FRAGMENT) {
		out->whole_fragment = true;
		out->fragment_offset = erofs_get64(whole) & ~WHOLE_FRAGMENT;
		return;
	}
	memcpy(&disk, in, sizeof(disk));
	out->advise = erofs_get16(disk.h_advise);
	if (extents && (out->advise & EROFS_ZADVISE_EXTENTS) && counts_extents(out->advise)) {
		out->extent_count = erofs_get32(disk.h_extents_lo) | (uint64_t)erofs_get16(disk.h_extents_hi) << 32;
		return;
	}
	out->algorithm[0] = disk.h_algorithmtype & 0xf;
	out->algorithm[1] = disk.h_algorithmtype >> 4;
	out->lclusterbits = (uint8_t)(blkszbits + (disk.h_clusterbits & 0xf));
	out->idata_size = erofs_get16(disk.h_idata_size);
	out->fragment_offset = erofs_get32(disk.h_fragmentoff);
}

/* ---- full index ------------------------------------------------------------------------------------------------------------ */

struct disk_lcluster {
	erofs_le16 di_advise;
	erofs_le16 di_clusterofs;
	union {
		erofs_le32 blkaddr;
		erofs_le16 delta[2];
	};
};
_Static_assert(sizeof(struct disk_lcluster) == EROFS_LCLUSTER_FULL_SIZE, "on-disk size");

#define ADVISE_TYPE_MASK   0x0003u
#define ADVISE_HOLE	   0x4000u
#define ADVISE_PARTIAL_REF 0x8000u

void erofs_lcluster_full_encode(const struct erofs_lcluster *lcluster, uint8_t out[EROFS_LCLUSTER_FULL_SIZE])
{
	struct disk_lcluster disk = {
		.di_advise = erofs_put16((uint16_t)(lcluster->type | (lcluster->partial_ref ? ADVISE_PARTIAL_REF : 0) |
						    (lcluster->hole ? ADVISE_HOLE : 0))),
	};

	if (lcluster->type == EROFS_LCLUSTER_NONHEAD) {
		disk.delta[0] = erofs_put16(lcluster->delta[0]);
		disk.delta[1] = erofs_put16(lcluster->delta[1]);
	} else {
		disk.di_clusterofs = erofs_put16(lcluster->clusterofs);
		disk.blkaddr = erofs_put32(lcluster->blkaddr);
	}
	memcpy(out, &disk, sizeof(disk));
}

void erofs_lcluster_full_decode(struct erofs_lcluster *out, const uint8_t in[EROFS_LCLUSTER_FULL_SIZE])
{
	struct disk_lcluster disk;
	uint16_t advise;

	memcpy(&disk, in, sizeof(disk));
	advise = erofs_get16(disk.di_advise);
	*out = (struct erofs_lcluster){
		.type = (enum erofs_lcluster_type)(advise & ADVISE_TYPE_MASK),
		.partial_ref = advise & ADVISE_PARTIAL_REF,
		.hole = advise & ADVISE_HOLE,
		.reserved = advise & ~(ADVISE_TYPE_MASK | ADVISE_HOLE | ADVISE_PARTIAL_REF),
	};
	if (out->type == EROFS_LCLUSTER_NONHEAD) {
		out->delta[0] = erofs_get16(disk.delta[0]);
		out->delta[1] = erofs_get16(disk.delta[1]);
	} else {
		out->clusterofs = erofs_get16(disk.di_clusterofs);
		out->blkaddr = erofs_get32(disk.blkaddr);
	}
}

/* ---- compact index --------------------------------------------------------------------------------------------------------- */

struct erofs_compact_shape erofs_compact_shape(uint64_t start, uint64_t total, bool allow_2b)
{
	/* Packs of 16 entries are aligned to their size of 32 bytes. */
	uint64_t head = (32 - start % 32) / 4 & 7;
	struct erofs_compact_shape shape = { .head4 = total };

	if (!allow_2b || head >= total)
		return shape;
	shape.head4 = head;
	shape.mid2 = (total - head) / EROFS_PACK_2B_ENTRIES * EROFS_PACK_2B_ENTRIES;
	shape.tail4 = total - head - shape.mid2;
	return shape;
}

static uint64_t packs_4b_size(uint64_t entries)
{
	return (entries + 1) / EROFS_PACK_4B_ENTRIES * EROFS_PACK_4B_SIZE;
}

uint64_t erofs_compact_size(const struct erofs_compact_shape *shape)
{
	return packs_4b_size(shape->head4) + shape->mid2 / EROFS_PACK_2B_ENTRIES * EROFS_PACK_2B_SIZE +
	       packs_4b_size(shape->tail4);
}

/* Bits per entry: what the pack has without its base address, shared evenly. */
static unsigned int entry_bits(unsigned int count)
{
	return count == EROFS_PACK_2B_ENTRIES ? (EROFS_PACK_2B_SIZE - 4) * 8 / EROFS_PACK_2B_ENTRIES
					      : (EROFS_PACK_4B_SIZE - 4) * 8 / EROFS_PACK_4B_ENTRIES;
}

static size_t pack_size(unsigned int count)
{
	return count == EROFS_PACK_2B_ENTRIES ? EROFS_PACK_2B_SIZE : EROFS_PACK_4B_SIZE;
}

void erofs_pack_encode(const struct erofs_pack_entry *entries, unsigned int count, unsigned int lobits, uint32_t base,
		       uint8_t *out)
{
	unsigned int bits = entry_bits(count);
	size_t base_at = pack_size(count) - sizeof(erofs_le32);
	erofs_le32 disk_base = erofs_put32(base);

	memset(out, 0, base_at);
	for (unsigned int i = 0; i < count; i++) {
		uint32_t value = entries[i].lo | (uint32_t)entries[i].type << lobits;
		unsigned int at = i * bits;

		assert(value >> bits == 0);
		value <<= at % 8;
		for (unsigned int byte = at / 8; value; byte++, value >>= 8)
			out[byte] |= (uint8_t)value;
	}
	memcpy(out + base_at, &disk_base, sizeof(disk_base));
}

void erofs_pack_decode(struct erofs_pack_entry *entries, unsigned int count, unsigned int lobits, uint32_t *base,
		       const uint8_t *in)
{
	unsigned int bits = entry_bits(count);
	size_t base_at = pack_size(count) - sizeof(erofs_le32);
	erofs_le32 disk_base;

	for (unsigned int i = 0; i < count; i++) {
		unsigned int at = i * bits;
		erofs_le32 raw;
		uint32_t value;

		/* The base address behind the entries keeps this inside the pack. */
		memcpy(&raw, in + at / 8, sizeof(raw));
		value = erofs_get32(raw) >> at % 8;
		entries[i].lo = (uint16_t)(value & ((1u << lobits) - 1));
		entries[i].type = (enum erofs_lcluster_type)(value >> lobits & 3);
	}
	memcpy(&disk_base, in + base_at, sizeof(disk_base));
	*base = erofs_get32(disk_base);
}

/* ---- encoded extents ------------------------------------------------------------------------------------------------------- */

/* The longest record; shorter ones are its beginning, and the shortest its first field. */
struct disk_extent {
	erofs_le32 plen;
	erofs_le32 pstart_lo;
	erofs_le32 pstart_hi;
	erofs_le32 lstart_lo;
	erofs_le32 lstart_hi;
	uint8_t reserved[12];
};
_Static_assert(sizeof(struct disk_extent) == 32, "on-disk size");

#define PLEN_PARTIAL_REF     (1u << 27)
#define PLEN_ALGORITHM_SHIFT 28

void erofs_zextent_start_encode(uint64_t start, uint8_t out[EROFS_ZEXTENT_START_SIZE])
{
	erofs_le64 disk = erofs_put64(start);

	memcpy(out, &disk, sizeof(disk));
}

uint64_t erofs_zextent_start_decode(const uint8_t in[EROFS_ZEXTENT_START_SIZE])
{
	erofs_le64 disk;

	memcpy(&disk, in, sizeof(disk));
	return erofs_get64(disk);
}

void erofs_zextent_encode(const struct erofs_zextent *extent, unsigned int size, uint8_t *out)
{
	struct disk_extent disk = {
		.plen = erofs_put32(extent->length | (extent->partial_ref ? PLEN_PARTIAL_REF : 0) |
				    (uint32_t)(extent->algorithm + 1) << PLEN_ALGORITHM_SHIFT),
		.pstart_lo = erofs_put32((uint32_t)extent->pstart),
		.pstart_hi = erofs_put32((uint32_t)(extent->pstart >> 32)),
		.lstart_lo = erofs_put32((uint32_t)extent->lstart),
		.lstart_hi = erofs_put32((uint32_t)(extent->lstart >> 32)),
	};

	memcpy(out, &disk, size);
}

void erofs_zextent_fragment_encode(uint64_t lstart, uint64_t offset, unsigned int size, uint8_t *out)
{
	struct disk_extent disk = {
		.plen = erofs_put32((uint32_t)offset),
		.pstart_lo = erofs_put32((uint32_t)(offset >> 32)),
		.lstart_lo = erofs_put32((uint32_t)lstart),
		.lstart_hi = erofs_put32((uint32_t)(lstart >> 32)),
	};

	memcpy(out, &disk, size);
}

void erofs_zextent_decode(struct erofs_zextent *out, unsigned int size, const uint8_t *in)
{
	struct disk_extent disk = { .reserved = { 0 } };
	uint32_t plen;

	memcpy(&disk, in, size);
	plen = erofs_get32(disk.plen);
	*out = (struct erofs_zextent){
		.length = plen & EROFS_ZEXTENT_LENGTH_MASK,
		.algorithm = (int)(plen >> PLEN_ALGORITHM_SHIFT) - 1,
		.partial_ref = plen & PLEN_PARTIAL_REF,
		.raw_plen = plen,
		.pstart = erofs_get32(disk.pstart_lo) | (uint64_t)erofs_get32(disk.pstart_hi) << 32,
		.lstart = erofs_get32(disk.lstart_lo) | (uint64_t)erofs_get32(disk.lstart_hi) << 32,
	};
}
