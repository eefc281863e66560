/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/writer/index/zindex.h"

/*
 * An entry for each logical cluster, which is a block: a head says where in it an extent begins, the others how far away the
 * heads are.
 */

/* The longest distance that does not look like a count of blocks. Going further takes steps. */
#define DISTANCE_MAX (EROFS_LCLUSTER_COUNT_FLAG - 1)

static bool has_big_clusters(const struct erofs_zindex *zindex, const struct erofs_method *method)
{
	return method->encoded_max >> zindex->methods->options->blkszbits > 1;
}

static uint64_t count_lclusters(const struct erofs_zindex *zindex)
{
	unsigned int bits = zindex->methods->options->blkszbits;

	return (zindex->file_size + (1u << bits) - 1) >> bits;
}

/* ---- going through the logical clusters --------------------------------------------------------------------------------- */

struct walk {
	struct erofs_extent_cursor cursor;
	unsigned int bits;
	bool big;
	uint64_t lcluster, total;
	uint64_t head;		       /* of the extent that the last lcluster belongs to */
	bool is_hole;		       /* that has the mark of zeros */
	uint32_t blocks, blkaddr;      /* of that extent */
	uint32_t zeros, zeros_at;      /* what the cluster of zeros decodes to, and its block */
	uint32_t fragment_high;	       /* of a fragment's offset, what is above 32 bits */
	struct erofs_list_extent next; /* extent that begins in ... */
	uint64_t next_head;	       /* ... this lcluster; `total` if there is none */
	uint64_t next_start;	       /* ... at this byte of the file */
	uint32_t next_blkaddr;
};

/*
 * Behind the last extent. If it runs on into a last lcluster that the file does not fill, a head follows at the file's end, of
 * nothing: Linux 5.10 takes an extent to the next head or to the end of its lcluster, and fails where there is no more to
 * decode; later ones look at the file's size. Where a count of blocks has to stand in that lcluster, there is no room for it.
 */
static void fetch_end(struct walk *walk)
{
	uint64_t last = walk->total - 1;
	bool is_full = !(walk->next_start & ((1u << walk->bits) - 1));
	bool has_count = walk->big && walk->blocks > 1 && walk->head + 1 == last;

	walk->next = (struct erofs_list_extent){ .form = EROFS_FORM_STORED };
	walk->next_head = is_full || has_count || walk->head == last ? walk->total : last;
}

/* Makes the next extent of the list the one to come. */
static void fetch(struct walk *walk, uint64_t start)
{
	walk->next_start = start;
	if (erofs_writer_extents_next(&walk->cursor, &walk->next))
		walk->next_head = start >> walk->bits;
	else
		fetch_end(walk);
}

static void begin(struct walk *walk, const struct erofs_zindex *zindex, struct erofs_zmap_header *header)
{
	const struct erofs_method *method;
	struct erofs_extent_list list;

	*walk = (struct walk){ .bits = zindex->methods->options->blkszbits, .total = count_lclusters(zindex) };
	erofs_writer_extent_lists_open(zindex->lists, zindex->list, &list, &walk->cursor);
	method = &zindex->methods->items[list.method];
	walk->big = has_big_clusters(zindex, method);
	walk->next_blkaddr = (uint32_t)list.start;
	walk->zeros = method->zeros;
	walk->zeros_at = zindex->zeros_at;
	fetch(walk, 0);
	*header = (struct erofs_zmap_header){ .lclusterbits = (uint8_t)walk->bits };
	header->algorithm[0] = (uint8_t)erofs_compressor_limits(method->compression.compressor)->algorithm;
	if (walk->big)
		header->advise |= EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2;
	if (zindex->methods->options->interlaced)
		header->advise |= EROFS_ZADVISE_INTERLACED_PCLUSTER;
	if (list.tail_size) {
		header->advise |= EROFS_ZADVISE_INLINE_PCLUSTER;
		header->idata_size = (uint16_t)list.tail_size;
	}
	if (zindex->has_fragment) {
		header->advise |= EROFS_ZADVISE_FRAGMENT_PCLUSTER;
		header->fragment_offset = (uint32_t)zindex->fragment_at;
		walk->fragment_high = (uint32_t)(zindex->fragment_at >> 32);
	}
}

/*
 * Linux 7.3.4 takes the extent in front of a marked head for zeros, too, if it looks that head up for its sake (measured): where both meet
 * inside an lcluster, and, with big clusters, where the extent has one lcluster, so that the next should have counted its blocks.
 */
static bool may_be_marked(const struct walk *walk, const struct erofs_lcluster *out)
{
	bool is_next = walk->lcluster && walk->lcluster == walk->head + 1;

	return !out->clusterofs && !(walk->big && is_next && !walk->is_hole);
}

/*
 * Measured: Linux 5.10.223 fails to read ahead over two extents that name one cluster, 6.1 does not, nor does it mind a shorter one that
 * says that it is a part.
 */
static void enter_zeros(const struct walk *walk, struct erofs_lcluster *out)
{
	out->blkaddr = walk->zeros_at;
	out->partial_ref = walk->next.length < walk->zeros;
	out->hole = may_be_marked(walk, out);
}

static void enter_extent(struct walk *walk, struct erofs_lcluster *out)
{
	*out = (struct erofs_lcluster){
		.type = walk->next.form == EROFS_FORM_STORED ? EROFS_LCLUSTER_PLAIN : EROFS_LCLUSTER_HEAD1,
		.clusterofs = (uint16_t)(walk->next_start & ((1u << walk->bits) - 1)),
		.blkaddr = walk->next.form == EROFS_FORM_FRAGMENT ? walk->fragment_high : walk->next_blkaddr,
		.partial_ref = walk->next.partial,
	};
	if (walk->next.place)
		out->blkaddr = (uint32_t)walk->next.place;
	if (walk->next.form == EROFS_FORM_ZEROS)
		enter_zeros(walk, out);
	walk->head = walk->lcluster;
	walk->is_hole = out->hole;
	walk->blkaddr = walk->next_blkaddr;
	/* A packed tail or a fragment has none, but a count of them must not be 0. */
	walk->blocks = walk->next.plen ? walk->next.plen : 1;
	walk->next_blkaddr += erofs_writer_extent_room(&walk->next);
	fetch(walk, walk->next_start + walk->next.length);
}

static uint16_t clamp(uint64_t distance)
{
	return (uint16_t)(distance < DISTANCE_MAX ? distance : DISTANCE_MAX);
}

static bool counts_blocks(const struct walk *walk)
{
	return walk->big && walk->lcluster == walk->head + 1;
}

/* The next lcluster; there must be one. */
static void step(struct walk *walk, struct erofs_lcluster *out)
{
	if (walk->lcluster == walk->next_head) {
		enter_extent(walk, out);
	} else {
		*out = (struct erofs_lcluster){ .type = EROFS_LCLUSTER_NONHEAD };
		out->delta[0] = counts_blocks(walk) ? (uint16_t)(EROFS_LCLUSTER_COUNT_FLAG | walk->blocks)
						    : clamp(walk->lcluster - walk->head);
		out->delta[1] = clamp(walk->next_head - walk->lcluster);
	}
	walk->lcluster++;
}

/* ---- full index -------------------------------------------------------------------------------------------------------------- */

static int encode_full(struct walk *walk, struct erofs_buffer *out)
{
	int err = erofs_buffer_append_zeros(out, EROFS_LCLUSTER_FULL_SKIPPED);

	while (!err && walk->lcluster < walk->total) {
		uint8_t raw[EROFS_LCLUSTER_FULL_SIZE];
		struct erofs_lcluster lcluster;

		step(walk, &lcluster);
		erofs_lcluster_full_encode(&lcluster, raw);
		err = erofs_buffer_append(out, raw, sizeof(raw));
	}
	return err;
}

/* ---- compact index ----------------------------------------------------------------------------------------------------------- */

/*
 * What a reader counts from to find the heads' addresses. Without big clusters it adds the heads in front, this one included.
 * With them it adds the counts that it meets in the pack; so where the pack begins with the count of an extent that began in
 * the pack before, that extent's own address.
 */
static uint32_t pack_base(const struct walk *walk)
{
	if (!walk->big)
		return walk->next_blkaddr - 1;
	if (walk->lcluster && walk->lcluster != walk->next_head && counts_blocks(walk))
		return walk->blkaddr;
	return walk->next_blkaddr;
}

static int encode_pack(struct walk *walk, struct erofs_buffer *out, unsigned int count)
{
	struct erofs_pack_entry entries[EROFS_PACK_2B_ENTRIES] = { 0 };
	size_t size = count == EROFS_PACK_2B_ENTRIES ? EROFS_PACK_2B_SIZE : EROFS_PACK_4B_SIZE;
	uint8_t raw[EROFS_PACK_2B_SIZE];
	uint32_t base = pack_base(walk);

	for (unsigned int i = 0; i < count && walk->lcluster < walk->total; i++) {
		bool count_here = counts_blocks(walk);
		struct erofs_lcluster lcluster;

		step(walk, &lcluster);
		entries[i].type = lcluster.type;
		if (lcluster.type != EROFS_LCLUSTER_NONHEAD)
			entries[i].lo = lcluster.clusterofs;
		else
			entries[i].lo = lcluster.delta[i + 1 == count && !count_here];
	}
	erofs_pack_encode(entries, count, walk->bits < 12 ? 12 : walk->bits, base, raw);
	return erofs_buffer_append(out, raw, size);
}

static int encode_packs(struct walk *walk, struct erofs_buffer *out, uint64_t entries, unsigned int count)
{
	int err = 0;

	for (uint64_t end = walk->lcluster + entries; !err && walk->lcluster < end;)
		err = encode_pack(walk, out, count);
	return err;
}

static int encode_compact(struct walk *walk, struct erofs_buffer *out, const struct erofs_compact_shape *shape)
{
	int err = encode_packs(walk, out, shape->head4, EROFS_PACK_4B_ENTRIES);

	if (!err)
		err = encode_packs(walk, out, shape->mid2, EROFS_PACK_2B_ENTRIES);
	return err ? err : encode_packs(walk, out, shape->tail4, EROFS_PACK_4B_ENTRIES);
}

/* ---- both -------------------------------------------------------------------------------------------------------------------- */

static struct erofs_compact_shape shape_of(const struct erofs_zindex *zindex, uint64_t at)
{
	return erofs_compact_shape(erofs_zmap_header_at(at) + EROFS_ZMAP_HEADER_SIZE, count_lclusters(zindex), true);
}

uint64_t erofs_writer_zindex_clusters_size(const struct erofs_zindex *zindex, uint64_t at)
{
	uint64_t header_at = erofs_zmap_header_at(at);
	struct erofs_compact_shape shape;

	if (erofs_writer_zindex_is_full(zindex))
		return erofs_lcluster_full_at(header_at) + count_lclusters(zindex) * EROFS_LCLUSTER_FULL_SIZE - at;
	shape = shape_of(zindex, at);
	return header_at + EROFS_ZMAP_HEADER_SIZE + erofs_compact_size(&shape) - at;
}

int erofs_writer_zindex_clusters_encode(const struct erofs_zindex *zindex, struct erofs_buffer *out, uint64_t at)
{
	struct erofs_compact_shape shape = shape_of(zindex, at);
	struct erofs_zmap_header header;
	uint8_t raw[EROFS_ZMAP_HEADER_SIZE];
	struct walk walk;
	int err = erofs_buffer_append_zeros(out, (size_t)(erofs_zmap_header_at(at) - at));

	begin(&walk, zindex, &header);
	if (!erofs_writer_zindex_is_full(zindex) && shape.mid2)
		header.advise |= EROFS_ZADVISE_COMPACTED_2B;
	erofs_zmap_header_encode(&header, walk.bits, false, raw);
	if (!err)
		err = erofs_buffer_append(out, raw, sizeof(raw));
	if (err)
		return err;
	return erofs_writer_zindex_is_full(zindex) ? encode_full(&walk, out) : encode_compact(&walk, out, &shape);
}
