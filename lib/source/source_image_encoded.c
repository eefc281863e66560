/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/format/format_zmap.h"
#include "lib/source/source_image.h"

/* Contents as an image has them encoded, for another image that takes them over. */

static bool has_old_lz4(const struct erofs_zmap *map)
{
	return !erofs_has_incompat(&map->image->sb, EROFS_FEATURE_INCOMPAT_ZERO_PADDING);
}

/*
 * Whether an extent means the same in another image, behind any other one. Stored bytes that do not end with a block would
 * have their last part begin in the block of the next extent, once each block is an extent.
 */
static bool is_portable(const struct erofs_zmap *map, const struct erofs_zmap_found *found, int algorithm)
{
	uint64_t blksz = erofs_block_size(&map->image->sb), length = found->end - found->start;
	uint64_t most = map->extent_size ? length : (length + blksz - 1) / blksz * blksz;

	/* Those of clusters share one of the image that is made. */
	if (found->hole)
		return true;
	if (found->partial || !found->length || found->length > EROFS_PCLUSTER_ENCODED_MAX)
		return false;
	if (found->last && (map->inline_size || (map->header.advise & EROFS_ZADVISE_FRAGMENT_PCLUSTER)))
		return false;
	if (found->algorithm < 0)
		return length <= found->length &&
		       (length <= blksz || length % blksz == 0 || found->last || map->extent_size);
	/* Some writers fill up the last block. */
	if (found->last)
		most = (length + blksz - 1) / blksz * blksz;
	return found->algorithm == algorithm && found->length <= most && length <= EROFS_PCLUSTER_DECODED_MAX;
}

/*
 * LZ4 that Linux 5.10.223 does not read right (measured; 6.1 does): extents of no more than 3584 bytes that cross a page are other
 * bytes, without an error, and one that begins in the last logical cluster of a file, where that is not full, is EIO. Our writer
 * stores whatever is as small as a block, which takes no more room.
 */
static bool is_too_small(const struct erofs_zmap *map, const struct erofs_zmap_found *found)
{
	return !map->extent_size && found->algorithm == EROFS_ALGORITHM_LZ4 &&
	       found->end - found->start <= erofs_block_size(&map->image->sb);
}

/* The algorithm of the first extent that is encoded; -1: none is. */
static int first_algorithm(struct erofs_zmap *map, uint64_t size)
{
	struct erofs_zmap_found found;

	if (map->header.whole_fragment)
		return -1;
	for (uint64_t at = 0; at < size; at = found.end)
		if (erofs_reader_zmap_find(map, &found, at) || found.algorithm >= 0)
			return found.algorithm;
	return -1;
}

static void note_layout(struct image_storage *storage, const struct erofs_zmap *map)
{
	if (map->header.whole_fragment)
		return;
	storage->interlaced |= !map->extent_size && (map->header.advise & EROFS_ZADVISE_INTERLACED_PCLUSTER);
	if (map->extent_size) {
		storage->extent_files++;
		if (map->extent_size <= 8)
			storage->piece_size = 1u << map->header.lclusterbits;
	} else if (map->compact) {
		storage->compact_files++;
	} else {
		storage->full_files++;
	}
}

/* Goes through the extents up to the first one that cannot be taken over. */
static uint64_t find_end(struct image_storage *storage, struct erofs_zmap *map, uint64_t size, int algorithm)
{
	struct erofs_zmap_found found;
	uint64_t at = 0;

	if (map->header.whole_fragment || has_old_lz4(map))
		return 0;
	while (at < size && !erofs_reader_zmap_find(map, &found, at) && found.start == at &&
	       is_portable(map, &found, algorithm) && !(storage->for_old_kernels && is_too_small(map, &found))) {
		storage->has_zeros |= found.hole && !map->extent_size;
		if (found.length > storage->largest_cluster)
			storage->largest_cluster = (uint32_t)found.length;
		at = found.end;
	}
	return at;
}

static void note_flat(struct image_storage *storage, const struct erofs_inode *from, uint32_t blksz)
{
	storage->inline_files += from->layout == EROFS_LAYOUT_FLAT_INLINE && from->size % blksz;
	storage->tail_files += from->layout == EROFS_LAYOUT_FLAT_PLAIN && from->size % blksz;
}

/* Nothing is taken over of a directory. In a metabox it was encoded as that is. */
void erofs_source_image_survey_dir(struct image_source *source, const struct image_layer *layer,
				   const struct erofs_inode *from)
{
	struct image_storage *storage = &source->storage;
	struct erofs_zmap map;
	int algorithm;

	if (!erofs_inode_is_compressed(from) || !from->size)
		return;
	storage->has_encoded_dirs = true;
	if (erofs_has_incompat(&layer->image->sb, EROFS_FEATURE_INCOMPAT_METABOX) ||
	    erofs_reader_zmap_open(&map, layer->image, from, NULL))
		return;
	algorithm = first_algorithm(&map, from->size);
	if (algorithm >= 0 && algorithm < EROFS_ALGORITHM_COUNT && layer->image->configs.algorithms & 1u << algorithm)
		storage->algorithms |= 1u << algorithm;
	note_layout(storage, &map);
}

void erofs_source_image_survey(struct image_source *source, struct erofs_tree_inode *inode,
			       const struct erofs_inode *from)
{
	struct image_origin *origin = inode->origin;
	const struct erofs_image *image = origin->layer->image;
	struct image_storage *storage = &source->storage;
	struct erofs_zmap map;

	if (!erofs_inode_is_compressed(from)) {
		note_flat(storage, from, erofs_block_size(&image->sb));
		return;
	}
	/* What is wrong with it is told when it is read. */
	if (!from->size || erofs_reader_zmap_open(&map, image, from, NULL))
		return;
	origin->algorithm = (int8_t)first_algorithm(&map, from->size);
	if (origin->algorithm < 0)
		origin->algorithm = (int8_t)map.header.algorithm[0];
	if (origin->algorithm >= EROFS_ALGORITHM_COUNT || !(image->configs.algorithms & 1u << origin->algorithm))
		origin->algorithm = image->configs.algorithms ? (int8_t)__builtin_ctz(image->configs.algorithms)
							      : EROFS_ALGORITHM_LZ4;
	storage->algorithms |= 1u << origin->algorithm;
	origin->has_small = !map.extent_size && !map.header.whole_fragment &&
			    !(map.header.advise & (EROFS_ZADVISE_BIG_PCLUSTER_1 | EROFS_ZADVISE_BIG_PCLUSTER_2));
	note_layout(storage, &map);
	origin->encoded_end = find_end(storage, &map, from->size, origin->algorithm);
	storage->recoded_files += origin->encoded_end < from->size;
}

int erofs_source_image_encoding(void *arg, const struct erofs_tree_inode *inode, bool *small)
{
	const struct image_source *source = arg;
	const struct image_origin *origin = inode->origin;

	*small = origin->has_small;
	/* A flat file of a compressed image has no room for holes. */
	if (origin->algorithm < 0)
		return inode->data ? 0 : -1;
	return source->encodings[origin->algorithm];
}

/* ---- while building ------------------------------------------------------------------------------------------------------- */

static int open_map(struct image_reader *reader, const struct erofs_content *content)
{
	const struct image_origin *origin = content->inode->origin;
	int err = erofs_source_image_load(reader, content->inode);

	if (err || reader->has_map)
		return err;
	err = erofs_reader_zmap_open(&reader->map, origin->layer->image, &reader->from, NULL);
	if (err)
		return erofs_source_image_report_content(reader, err, content->inode);
	reader->has_map = true;
	return 0;
}

int erofs_source_image_encoded(void *arg, struct erofs_content *content, struct erofs_encoded_extent *out,
			       uint64_t offset)
{
	struct image_reader *reader = arg;
	const struct image_origin *origin = content->inode->origin;
	struct erofs_extent placed = { .algorithm = -1 };
	struct erofs_zmap_found found;
	int err = open_map(reader, content);

	if (err)
		return err;
	err = erofs_reader_zmap_find(&reader->map, &found, offset);
	if (!err && found.start < offset) {
		if (found.end >= content->encoded_end)
			return 0;
		err = erofs_reader_zmap_find(&reader->map, &found, found.end);
	}
	/* It was right when it was scanned. */
	if (!err && !is_portable(&reader->map, &found, origin->algorithm))
		err = -EUCLEAN;
	*out = (struct erofs_encoded_extent){ .start = found.start, .length = found.end - found.start };
	if (!err && !found.hole) {
		out->is_stored = found.algorithm < 0;
		out->size = (uint32_t)(out->is_stored ? out->length : found.length);
		err = erofs_reader_place(origin->layer->image, &placed, 0, found.address, found.length);
		out->place = placed.physical;
		out->device = placed.device;
	}
	return err ? erofs_source_image_report_content(reader, err, content->inode) : 1;
}

int erofs_source_image_read_extent(void *arg, struct erofs_content *content, const struct erofs_encoded_extent *extent,
				   void *buf)
{
	struct image_reader *reader = arg;
	const struct image_origin *origin = content->inode->origin;
	int64_t count;
	int err = erofs_source_image_load(reader, content->inode);

	if (err)
		return err;
	if (!extent->is_stored) {
		err = erofs_reader_read_device(origin->layer->image, extent->device, buf, extent->size, extent->place);
		return err ? erofs_source_image_report_content(reader, err, content->inode) : 0;
	}
	/* They may be rotated. */
	count = erofs_image_read(origin->layer->image, &reader->from, buf, extent->size, extent->start);
	if (count == (int64_t)extent->size)
		return 0;
	return erofs_source_image_report_content(reader, count < 0 ? (int)count : -EUCLEAN, content->inode);
}
