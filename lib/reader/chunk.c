/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include <erofs/image.h>

#include "lib/format/format_chunk.h"
#include "lib/reader/reader.h"

#define BATCH_BYTES 2048u
/* What one call merges at most, so that it takes bounded time whatever the file's size. */
#define MERGE_MAX 65536u

/* A file's chunk map. */
struct chunk_map {
	const struct erofs_image *image;
	const struct erofs_inode *inode;
	unsigned int chunkbits;
	unsigned int unit; /* bytes per entry */
	uint64_t count;	   /* entries */
	uint64_t start;	   /* of the array, in bytes */
};

static int open_map(struct chunk_map *map, const struct erofs_image *image, const struct erofs_inode *inode)
{
	uint64_t end = erofs_reader_inode_end(image, inode);

	map->image = image;
	map->inode = inode;
	if ((inode->u & 0xffffu) & ~EROFS_CHUNK_FORMAT_KNOWN)
		return -EOPNOTSUPP;
	map->chunkbits = erofs_chunk_bits(inode->u, image->sb.blkszbits);
	map->unit = erofs_chunk_entry_size(inode->u);
	map->start = erofs_chunk_map_at(end, map->unit);
	map->count = erofs_chunk_count(inode->size, map->chunkbits);
	if (map->count > image->primary.size / map->unit ||
	    !erofs_reader_meta_fits(image, map->start, map->count * map->unit))
		return -EUCLEAN;
	return 0;
}

static void decode(const struct chunk_map *map, struct erofs_chunk_entry *out, const uint8_t *in)
{
	if (map->unit == EROFS_CHUNK_INDEX_SIZE)
		erofs_chunk_index_decode(out, in);
	else
		erofs_chunk_block_decode(out, in);
}

static uint64_t block_of(const struct chunk_map *map, const struct erofs_chunk_entry *entry, bool *hole)
{
	uint64_t block = entry->block, null = EROFS_NULL_BLOCK;

	if (map->unit == EROFS_CHUNK_INDEX_SIZE && map->inode->u & EROFS_CHUNK_FORMAT_48BIT) {
		block |= (uint64_t)entry->startblk_hi << 32;
		null |= (uint64_t)UINT16_MAX << 32;
	}
	*hole = block == null;
	return block;
}

/* The chunk `number` by itself as an extent. */
static int map_one(const struct chunk_map *map, struct erofs_extent *out, uint64_t number, const uint8_t *raw)
{
	struct erofs_chunk_entry entry;
	uint64_t rest, block;
	bool hole;

	*out = (struct erofs_extent){ .algorithm = -1 };
	out->logical = number << map->chunkbits;
	rest = map->inode->size - out->logical;
	out->length = rest >> map->chunkbits ? UINT64_C(1) << map->chunkbits : rest;
	decode(map, &entry, raw);
	block = block_of(map, &entry, &hole);
	out->kind = hole ? EROFS_EXTENT_HOLE : EROFS_EXTENT_PLAIN;
	if (hole)
		return 0;
	return erofs_reader_place(map->image, out, entry.device_id, block << map->image->sb.blkszbits, out->length);
}

static bool continues(const struct erofs_extent *run, const struct erofs_extent *next)
{
	if (run->kind != next->kind)
		return false;
	return run->kind == EROFS_EXTENT_HOLE ||
	       (run->device == next->device && run->physical + run->plen == next->physical);
}

/*
 * Adds the chunks of one batch to the run. 1: it may go on behind them; 0: it ends here. A chunk that lies nowhere ends the
 * run before it; it is an error when it comes first.
 */
static int merge(const struct chunk_map *map, struct erofs_extent *run, uint64_t first, unsigned int count,
		 const uint8_t *raw)
{
	for (unsigned int i = 0; i < count; i++) {
		struct erofs_extent next;
		int err = map_one(map, &next, first + i, raw + (size_t)i * map->unit);

		if (!run->length) {
			if (err)
				return err;
			*run = next;
			continue;
		}
		if (err || !continues(run, &next))
			return 0;
		run->length += next.length;
		run->plen += next.plen;
	}
	return 1;
}

int erofs_reader_map_chunks(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
			    uint64_t offset, uint64_t want)
{
	uint8_t raw[BATCH_BYTES];
	struct chunk_map map;
	uint64_t number, last;
	int more = open_map(&map, image, inode);

	if (more)
		return more;
	number = offset >> map.chunkbits;
	last = want < inode->size - offset ? (offset + want - 1) >> map.chunkbits : map.count - 1;
	if (last - number >= MERGE_MAX)
		last = number + MERGE_MAX - 1;
	out->length = 0;
	for (more = 1; more > 0 && number <= last;) {
		uint64_t rest = last - number + 1;
		unsigned int count = rest < BATCH_BYTES / map.unit ? (unsigned int)rest : BATCH_BYTES / map.unit;
		int err = erofs_reader_read_meta(image, raw, (size_t)count * map.unit, map.start + number * map.unit);

		if (err)
			return err;
		more = merge(&map, out, number, count, raw);
		number += count;
	}
	return more < 0 ? more : 0;
}

unsigned int erofs_reader_chunkbits(const struct erofs_image *image, const struct erofs_inode *inode)
{
	return erofs_chunk_bits(inode->u, image->sb.blkszbits);
}
