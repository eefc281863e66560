/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include <erofs/compress.h>
#include <erofs/image.h>

#include "lib/reader/reader.h"

/* Full and compact indexes: an entry for each logical cluster. */

/* Steps from one entry back to the next that no sound file needs: as many as there are smallest clusters in an extent. */
#define LOOKBACKS_MAX (EROFS_PCLUSTER_DECODED_MAX / 512)

/* An entry, whichever form it has. */
struct entry {
	enum erofs_lcluster_type type;
	uint32_t clusterofs; /* heads */
	uint64_t block;	     /* heads */
	uint32_t back;	     /* NONHEAD: entries back to its head, perhaps clamped */
	uint32_t blocks;     /* NONHEAD: of its head's pcluster; 0: does not say, or it is a fragment */
	uint32_t forward;    /* NONHEAD: entries on to the next head, perhaps clamped; 0: does not say */
	bool partial, hole, reserved;
};

static bool is_head(enum erofs_lcluster_type type)
{
	return type != EROFS_LCLUSTER_NONHEAD;
}

/* ---- full ------------------------------------------------------------------------------------------------------------------ */

static int load_full(struct erofs_zmap *map, uint64_t number)
{
	uint64_t first = number - number % EROFS_ZMAP_FULL_BATCH, rest = map->total - first;
	unsigned int count = rest < EROFS_ZMAP_FULL_BATCH ? (unsigned int)rest : EROFS_ZMAP_FULL_BATCH;
	int err = erofs_reader_read_meta(map->image, map->window.full, (size_t)count * EROFS_LCLUSTER_FULL_SIZE,
					 map->start + first * EROFS_LCLUSTER_FULL_SIZE);

	map->window.first = first;
	map->window.count = err ? 0 : count;
	return err;
}

static int get_full(const struct erofs_zmap *map, struct entry *out, uint64_t number)
{
	struct erofs_lcluster lcluster;

	erofs_lcluster_full_decode(&lcluster,
				   map->window.full + (size_t)(number - map->window.first) * EROFS_LCLUSTER_FULL_SIZE);
	*out = (struct entry){ .type = lcluster.type,
			       .clusterofs = lcluster.clusterofs,
			       .block = lcluster.blkaddr,
			       .back = lcluster.delta[0],
			       .forward = lcluster.delta[1],
			       .reserved = lcluster.reserved,
			       .partial = lcluster.partial_ref,
			       .hole = lcluster.hole };
	if (is_head(out->type) || !(out->back & EROFS_LCLUSTER_COUNT_FLAG))
		return 0;
	/* Without big pclusters a file has no count, and a distance that does not fit below the flag neither. */
	if (!(map->header.advise & (EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2)))
		return -EUCLEAN;
	out->blocks = out->back & ~EROFS_LCLUSTER_COUNT_FLAG;
	out->back = 1;
	return 0;
}

/* ---- compact --------------------------------------------------------------------------------------------------------------- */

static int load_pack(struct erofs_zmap *map, uint64_t number)
{
	const struct erofs_compact_shape *shape = &map->shape;
	uint64_t at = map->start, first = 0, pack;
	unsigned int count = EROFS_PACK_4B_ENTRIES, size = EROFS_PACK_4B_SIZE;
	uint8_t raw[EROFS_PACK_2B_SIZE];
	unsigned int lobits = map->header.lclusterbits;
	int err;

	if (number >= shape->head4 + shape->mid2) {
		first = shape->head4 + shape->mid2;
		at += shape->head4 / EROFS_PACK_4B_ENTRIES * EROFS_PACK_4B_SIZE +
		      shape->mid2 / EROFS_PACK_2B_ENTRIES * EROFS_PACK_2B_SIZE;
	} else if (number >= shape->head4) {
		first = shape->head4;
		at += shape->head4 / EROFS_PACK_4B_ENTRIES * EROFS_PACK_4B_SIZE;
		count = EROFS_PACK_2B_ENTRIES;
		size = EROFS_PACK_2B_SIZE;
	}
	pack = (number - first) / count;
	err = erofs_reader_read_meta(map->image, raw, size, at + pack * size);
	map->window.count = err ? 0 : count;
	map->window.first = first + pack * count;
	if (!err)
		erofs_pack_decode(map->window.pack, count, lobits < 12 ? 12 : lobits, &map->window.base, raw);
	return err;
}

static bool has_count(const struct erofs_zmap *map, const struct erofs_pack_entry *entry)
{
	return (map->header.advise & EROFS_ZADVISE_BIG_PCLUSTER_1) && !is_head(entry->type) &&
	       (entry->lo & EROFS_LCLUSTER_COUNT_FLAG);
}

/* Distance to the head: the last entry of a pack has no room for it, but follows another. */
static uint32_t distance(const struct erofs_zmap *map, unsigned int i)
{
	const struct erofs_pack_entry *entry = &map->window.pack[i];

	if (has_count(map, entry))
		return 1;
	if (i + 1 < map->window.count)
		return entry->lo;
	return is_head(entry[-1].type) ? 1 : distance(map, i - 1) + 1;
}

/* Blocks from the pack's base to the pcluster that begins with entry `i`. */
static uint64_t blocks_before(const struct erofs_zmap *map, unsigned int i)
{
	const struct erofs_pack_entry *pack = map->window.pack;
	bool big = map->header.advise & EROFS_ZADVISE_BIG_PCLUSTER_1;
	uint64_t blocks = !big;

	for (unsigned int j = 0; j < i; j++) {
		if (has_count(map, &pack[j]))
			blocks += pack[j].lo & ~EROFS_LCLUSTER_COUNT_FLAG;
		else if (is_head(pack[j].type) && (!big || is_head(pack[j + 1].type)))
			blocks++;
	}
	return blocks;
}

static int get_compact(const struct erofs_zmap *map, struct entry *out, uint64_t number)
{
	unsigned int i = (unsigned int)(number - map->window.first);
	const struct erofs_pack_entry *entry = &map->window.pack[i];

	*out = (struct entry){ .type = entry->type };
	if (is_head(entry->type)) {
		out->clusterofs = entry->lo;
		out->block = map->window.base + blocks_before(map, i);
		return 0;
	}
	out->back = distance(map, i);
	if (i + 1 == map->window.count && !has_count(map, entry))
		out->forward = entry->lo;
	if (!has_count(map, entry))
		return 0;
	out->blocks = entry->lo & ~EROFS_LCLUSTER_COUNT_FLAG;
	return 0;
}

/* ---- both ------------------------------------------------------------------------------------------------------------------- */

static int get(struct erofs_zmap *map, struct entry *out, uint64_t number)
{
	int err = 0;

	if (!map->window.count || number < map->window.first || number - map->window.first >= map->window.count)
		err = map->compact ? load_pack(map, number) : load_full(map, number);
	if (!err)
		err = map->compact ? get_compact(map, out, number) : get_full(map, out, number);
	if (!err && is_head(out->type) && out->clusterofs >> map->header.lclusterbits)
		err = -EUCLEAN;
	return err;
}

int erofs_reader_zmap_lcluster(struct erofs_zmap *map, struct erofs_lcluster *out, uint64_t number)
{
	struct entry entry;
	int err = get(map, &entry, number);

	if (err)
		return err;
	*out = (struct erofs_lcluster){ .type = entry.type,
					.clusterofs = (uint16_t)entry.clusterofs,
					.blkaddr = (uint32_t)entry.block,
					.partial_ref = entry.partial,
					.hole = entry.hole };
	if (is_head(entry.type))
		return 0;
	out->delta[0] = (uint16_t)(entry.blocks ? entry.blocks | EROFS_LCLUSTER_COUNT_FLAG : entry.back);
	out->delta[1] = (uint16_t)entry.forward;
	return 0;
}

/* The head whose extent has `offset`, if the entries are right. */
static int find_head(struct erofs_zmap *map, struct entry *head, uint64_t *number, uint64_t offset)
{
	unsigned int bits = map->header.lclusterbits;
	uint64_t at = offset >> bits;
	int err = get(map, head, at);

	if (err)
		return err;
	if (is_head(head->type) && (offset & ((UINT64_C(1) << bits) - 1)) < head->clusterofs) {
		if (!at)
			return -EUCLEAN;
		err = get(map, head, --at);
	}
	for (unsigned int steps = 0; !err && !is_head(head->type); steps++) {
		if (!head->back || head->back > at || steps > LOOKBACKS_MAX)
			return -EUCLEAN;
		at -= head->back;
		err = get(map, head, at);
	}
	*number = at;
	return err;
}

/* Where the extent ends, and how many blocks its pcluster has if it is a big one; 0: nobody says so. */
static int find_end(struct erofs_zmap *map, struct erofs_zmap_found *out, uint64_t head, bool hole, uint32_t *blocks)
{
	unsigned int bits = map->header.lclusterbits;
	struct entry next;

	*blocks = 1;
	out->end = map->inode->size;
	out->last = true;
	for (uint64_t number = head + 1; number < map->total; number++) {
		int err = get(map, &next, number);

		if (err)
			return err;
		if (is_head(next.type)) {
			uint64_t end = number << bits | next.clusterofs;

			out->last = end >= map->inode->size;
			if (!out->last)
				out->end = end;
			return 0;
		}
		if (number == head + 1)
			*blocks = next.blocks;
		else if (next.blocks)
			return -EUCLEAN;
		if (!hole && (number - head - 1) << bits > EROFS_PCLUSTER_DECODED_MAX)
			return -EUCLEAN;
	}
	return 0;
}

static bool may_be_big(const struct erofs_zmap *map, enum erofs_lcluster_type type)
{
	if (type == EROFS_LCLUSTER_HEAD1)
		return map->header.advise & EROFS_ZADVISE_BIG_PCLUSTER_1;
	return type == EROFS_LCLUSTER_HEAD2 && (map->header.advise & EROFS_ZADVISE_BIG_PCLUSTER_2);
}

static void describe(const struct erofs_zmap *map, struct erofs_zmap_found *out, const struct entry *head,
		     uint64_t number, uint32_t blocks)
{
	bool second = head->type == EROFS_LCLUSTER_HEAD2;

	out->start = number << map->header.lclusterbits | head->clusterofs;
	out->address = head->block << map->image->sb.blkszbits;
	out->hole = head->hole;
	out->partial = head->partial;
	out->algorithm = head->type == EROFS_LCLUSTER_PLAIN ? -1 : map->header.algorithm[second];
	out->fragment_offset = map->header.fragment_offset;
	if (!map->compact)
		out->fragment_offset |= head->block << 32;
	if (!may_be_big(map, head->type))
		blocks = 1;
	out->length = (uint64_t)blocks << map->image->sb.blkszbits;
}

int erofs_reader_zmap_find_lcluster(struct erofs_zmap *map, struct erofs_zmap_found *out, uint64_t offset)
{
	struct entry head;
	uint64_t number;
	uint32_t blocks;
	int err = find_head(map, &head, &number, offset);

	if (!err)
		err = find_end(map, out, number, head.hole, &blocks);
	if (!err && out->end <= offset)
		err = -EUCLEAN;
	if (!err)
		describe(map, out, &head, number, blocks);
	return err;
}

/* ---- all entries at once ------------------------------------------------------------------------------------------------------ */

/* At the very end a head of stored bytes, of none of them, is what tells old kernels where the last extent ends. */
static bool begins_behind(const struct erofs_zmap *map, const struct entry *entry, uint64_t number)
{
	uint64_t begin = number << map->header.lclusterbits | entry->clusterofs;

	return begin > map->inode->size || (begin == map->inode->size && entry->type != EROFS_LCLUSTER_PLAIN);
}

static const char *judge(const struct erofs_zmap *map, const struct entry *entry, uint64_t number, uint64_t head,
			 uint64_t promised)
{
	if (entry->reserved)
		return "an entry of its index has reserved bits set";
	if (!number && (!is_head(entry->type) || entry->clusterofs))
		return "its index does not begin with the first byte";
	if (is_head(entry->type) && begins_behind(map, entry, number))
		return "an entry of its index begins an extent behind the end of the file";
	if (is_head(entry->type))
		return number < promised ? "an entry of its index leads forward past a head" : NULL;
	if (!entry->back || entry->back > number - head)
		return "an entry of its index leads back past its head";
	if (number + entry->forward > map->total)
		return "an entry of its index leads forward past its end";
	return NULL;
}

int erofs_reader_zmap_verify(struct erofs_zmap *map, const char **reason)
{
	uint64_t head = 0, promised = 0;
	const char *why = NULL;

	for (uint64_t number = 0; number < map->total && !why; number++) {
		struct entry entry;
		int err = get(map, &entry, number);

		if (err == -EUCLEAN)
			why = "an entry of its index is not valid";
		else if (err)
			return err;
		else
			why = judge(map, &entry, number, head, promised);
		if (why)
			break;
		if (is_head(entry.type))
			head = number;
		else if (number + entry.forward > promised)
			promised = number + entry.forward;
	}
	*reason = why;
	return why ? -EUCLEAN : 0;
}
