/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/source/source_image.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Contents that stay in their images, which become the extra devices of another one. */

/* ---- the images ---- */

static int check_layer(struct image_source *source, const struct image_layer *layer)
{
	const struct erofs_image *image = layer->image;
	const struct erofs_superblock *sb = &image->sb;

	if (image->slot_count)
		return erofs_report(source->diag, -EOPNOTSUPP,
				    "'%s' has devices of its own, which an index cannot point to", layer->path);
	if (sb->blkszbits != source->layers[0].image->sb.blkszbits)
		return erofs_report(source->diag, -EOPNOTSUPP,
				    "'%s' has blocks of %u bytes and '%s' of %u: an index wants blocks of one size",
				    layer->path, 1u << sb->blkszbits, source->layers[0].path,
				    1u << source->layers[0].image->sb.blkszbits);
	if (!sb->blocks || sb->blocks > image->primary.size >> sb->blkszbits)
		return erofs_report(source->diag, -EUCLEAN, "'%s' is shorter than its %llu blocks", layer->path,
				    (unsigned long long)sb->blocks);
	return 0;
}

static void merge_configs(struct image_source *source, const struct image_layer *layer)
{
	const struct erofs_superblock *sb = &layer->image->sb;

	/* Without this bit there is nothing compressed, or LZ4 data of the oldest kind, which no file may have. */
	if (!erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_ZERO_PADDING) || layer->image->configs_err ||
	    !sb->available_compr_algs)
		return;
	erofs_configs_merge(&source->thin_configs, &layer->image->configs);
	source->thin_features |= EROFS_FEATURE_INCOMPAT_ZERO_PADDING;
	source->thin_has_records |= erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_COMPR_CFGS);
}

int erofs_source_image_thin_begin(struct image_source *source)
{
	uint64_t block = 0;
	int err = 0;

	if (source->layer_count >= UINT16_MAX)
		return erofs_report(source->diag, -E2BIG, "%zu images are more than a device table holds",
				    source->layer_count);
	for (size_t i = 0; !err && i < source->layer_count; i++) {
		struct image_layer *layer = &source->layers[i];

		layer->first_block = block;
		err = check_layer(source, layer);
		block += err ? 0 : layer->image->sb.blocks;
		if (!err)
			merge_configs(source, layer);
	}
	if (!err)
		err = erofs_source_image_carry_begin(source);
	if (!err && block >= EROFS_NULL_BLOCK)
		err = erofs_report(source->diag, -EFBIG,
				   "the images have more than 2^32 blocks; larger blocks would help");
	return err ? err : erofs_source_image_make_tags(source);
}

/* ---- files ---- */

static bool lies_inside(const struct image_thin *thin, uint64_t block, uint64_t blocks)
{
	uint64_t most = thin->layer->image->sb.blocks;

	return block <= most && blocks <= most - block;
}

/* A file without any block: one chunk of zeros, which every kernel reads. */
static int take_hole(struct image_source *source, struct image_thin *thin, const struct erofs_inode *from)
{
	struct erofs_thin_chunk *chunk = erofs_arena_alloc(&source->tree->arena, sizeof(*chunk));
	unsigned int least = thin->layer->image->sb.blkszbits, bits = least;

	while (bits < least + EROFS_CHUNK_FORMAT_BLKBITS_MASK && UINT64_C(1) << bits < from->size)
		bits++;
	if (UINT64_C(1) << bits < from->size)
		return -EUCLEAN;
	if (!chunk)
		return -ENOMEM;
	*chunk = (struct erofs_thin_chunk){ .block = EROFS_NULL_BLOCK };
	thin->layout = EROFS_LAYOUT_CHUNK_BASED;
	thin->u = bits - least;
	thin->unit = sizeof(*chunk);
	thin->count = 1;
	thin->chunks = chunk;
	source->thin_features |= EROFS_FEATURE_INCOMPAT_CHUNKED_FILE;
	return 0;
}

static int take_flat_tail(struct image_source *source, struct image_thin *thin, const struct erofs_inode *from,
			  const struct erofs_extent *extent)
{
	thin->layout = EROFS_LAYOUT_FLAT_INLINE;
	thin->tail_size = (uint32_t)extent->length;
	thin->tail = erofs_arena_alloc(&source->tree->arena, extent->length);
	if (!thin->tail)
		return -ENOMEM;
	return erofs_reader_read_meta(thin->layer->image, thin->tail, extent->length,
				      erofs_reader_inode_end(thin->layer->image, from));
}

static int take_flat(struct image_source *source, struct image_thin *thin, const struct erofs_inode *from)
{
	uint32_t blksz = 1u << thin->layer->image->sb.blkszbits;
	struct erofs_extent extent;
	uint64_t blocks;
	int found = erofs_image_map(thin->layer->image, &extent, from, 0);

	if (found <= 0)
		return found ? found : -EUCLEAN;
	if (extent.kind == EROFS_EXTENT_HOLE)
		return take_hole(source, thin, from);
	thin->layout = EROFS_LAYOUT_FLAT_PLAIN;
	thin->has_block = true;
	if (extent.kind == EROFS_EXTENT_INLINE)
		return take_flat_tail(source, thin, from, &extent);
	blocks = (extent.length + blksz - 1) / blksz;
	if (!lies_inside(thin, extent.physical / blksz, blocks))
		return -EUCLEAN;
	thin->u = (uint32_t)(extent.physical / blksz);
	if (extent.length == from->size)
		return 0;
	found = erofs_image_map(thin->layer->image, &extent, from, extent.length);
	if (found <= 0 || extent.kind != EROFS_EXTENT_INLINE)
		return found < 0 ? found : -EUCLEAN;
	return take_flat_tail(source, thin, from, &extent);
}

static int take_chunk(const struct image_thin *thin, const struct erofs_inode *from, uint64_t offset, uint64_t chunk,
		      struct erofs_thin_chunk *entry)
{
	uint32_t blksz = 1u << thin->layer->image->sb.blkszbits;
	uint64_t rest = from->size - offset, length = rest < chunk ? rest : chunk;
	struct erofs_extent extent;
	int found = erofs_reader_map_some(thin->layer->image, &extent, from, offset, length);
	uint64_t block;

	if (found <= 0)
		return found ? found : -EUCLEAN;
	*entry = (struct erofs_thin_chunk){ .block = EROFS_NULL_BLOCK };
	if (extent.kind == EROFS_EXTENT_HOLE)
		return 0;
	block = (extent.physical + (offset - extent.logical)) / blksz;
	if (!lies_inside(thin, block, (length + blksz - 1) / blksz))
		return -EUCLEAN;
	entry->block = (uint32_t)block;
	entry->device = (uint16_t)(thin->layer->number + 1);
	return 0;
}

static int take_chunks(struct image_source *source, struct image_thin *thin, const struct erofs_inode *from)
{
	unsigned int bits = erofs_reader_chunkbits(thin->layer->image, from);
	struct erofs_thin_chunk *chunks;
	int err = 0;

	thin->layout = EROFS_LAYOUT_CHUNK_BASED;
	thin->u = bits - thin->layer->image->sb.blkszbits;
	thin->unit = sizeof(*chunks);
	thin->count = ((from->size - 1) >> bits) + 1;
	err = erofs_source_image_thin_count(source, thin);
	if (err)
		return err;
	chunks = erofs_arena_alloc(&source->tree->arena, thin->count * thin->unit);
	thin->chunks = chunks;
	source->thin_features |= EROFS_FEATURE_INCOMPAT_CHUNKED_FILE;
	if (!chunks)
		return -ENOMEM;
	for (uint64_t i = 0; !err && i < thin->count; i++)
		err = take_chunk(thin, from, i << bits, UINT64_C(1) << bits, &chunks[i]);
	return err;
}

int erofs_source_image_thin_survey(struct image_source *source, const struct image_layer *layer,
				   struct erofs_tree_inode *inode, const struct erofs_inode *from)
{
	struct image_origin *origin = inode->origin;
	struct image_thin *thin = erofs_arena_alloc(&source->tree->arena, sizeof(*thin));
	int err;

	if (!thin)
		return -ENOMEM;
	*thin = (struct image_thin){ .layer = layer };
	origin->thin = thin;
	if (source->carries) {
		err = erofs_source_image_carry(source, thin, inode, from);
		if (err)
			return err;
	}
	if (erofs_inode_is_compressed(from))
		err = erofs_source_image_thin_zmap(source, thin, from);
	else if (from->layout == EROFS_LAYOUT_CHUNK_BASED)
		err = take_chunks(source, thin, from);
	else
		err = take_flat(source, thin, from);
	if (!err || err == -ENOMEM)
		return err;
	if (err == -EOPNOTSUPP)
		return erofs_tree_report(
			source->diag, err, inode,
			"an index cannot point to its data in '%s': they are a fragment, of the oldest LZ4 kind, or stored in an unknown way",
			layer->path);
	return erofs_tree_report(source->diag, err, inode, "its data in '%s' cannot be found: %s", layer->path,
				 erofs_source_image_why(err));
}

/* ---- while building ---- */

static const struct image_thin *thin_of(const struct erofs_tree_inode *inode)
{
	return ((const struct image_origin *)inode->origin)->thin;
}

static bool is_flat(const struct image_thin *thin)
{
	return !thin->unit;
}

static void describe(const struct erofs_tree_inode *inode, struct erofs_thin_file *out)
{
	const struct image_thin *thin = thin_of(inode);

	*out = (struct erofs_thin_file){ .layout = thin->layout,
					 .u = thin->u,
					 .has_block = thin->has_block,
					 .tail = thin->tail,
					 .tail_size = thin->tail_size,
					 .chunks = thin->chunks,
					 .chunk_count = thin->chunks ? thin->count : 0 };
	if (out->has_block)
		out->u += (uint32_t)thin->layer->first_block;
}

static uint64_t entries_at(const struct image_thin *thin, uint64_t head)
{
	uint64_t header = erofs_zmap_header_at(head);

	if (is_flat(thin))
		return head;
	return thin->unit == EROFS_LCLUSTER_FULL_SIZE ? erofs_lcluster_full_at(header)
						      : erofs_zextents_at(header, thin->unit);
}

static uint64_t index_size(const struct erofs_tree_inode *inode, uint64_t head)
{
	const struct image_thin *thin = thin_of(inode);

	return entries_at(thin, head) - head + thin->count * thin->unit;
}

static void shift_lcluster(uint8_t *raw, uint64_t blocks)
{
	struct erofs_lcluster entry;

	erofs_lcluster_full_decode(&entry, raw);
	/* Of entries that have no address this is not written. */
	entry.blkaddr += (uint32_t)blocks;
	erofs_lcluster_full_encode(&entry, raw);
}

static void shift_extent(uint8_t *raw, unsigned int unit, uint64_t bytes)
{
	struct erofs_zextent record;

	erofs_zextent_decode(&record, unit, raw);
	if (!record.length)
		return;
	record.pstart += bytes;
	erofs_zextent_encode(&record, unit, raw);
}

static int write_index(const struct erofs_tree_inode *inode, uint64_t head, uint64_t base, uint8_t *out)
{
	const struct image_thin *thin = thin_of(inode);
	uint64_t blocks = base + thin->layer->first_block, at = entries_at(thin, head) - head;

	if (is_flat(thin))
		return 0;
	memcpy(out + at, thin->entries, thin->count * thin->unit);
	memcpy(out + erofs_zmap_header_at(head) - head, thin->header, sizeof(thin->header));
	for (uint64_t i = 0; i < thin->count; i++, at += thin->unit) {
		if (thin->unit == EROFS_LCLUSTER_FULL_SIZE)
			shift_lcluster(out + at, blocks);
		else
			shift_extent(out + at, thin->unit, blocks << thin->layer->image->sb.blkszbits);
	}
	return 0;
}

static const uint8_t *digest_of(const struct erofs_tree_inode *inode)
{
	return thin_of(inode)->digest;
}

static void describe_images(void *arg, struct erofs_thin_images *out)
{
	const struct image_source *source = arg;
	const struct erofs_compression_configs *configs = &source->thin_configs;

	*out = (struct erofs_thin_images){ .incompat = source->thin_features | EROFS_FEATURE_INCOMPAT_DEVICE_TABLE,
					   .count = (unsigned int)source->layer_count };
	out->algorithms_or_distance = configs->lz4_max_distance;
	if (!source->thin_has_records)
		return;
	out->incompat |= EROFS_FEATURE_INCOMPAT_COMPR_CFGS;
	out->algorithms_or_distance = configs->algorithms;
	out->configs_size = erofs_configs_encode(configs, out->configs);
}

static void describe_slot(void *arg, unsigned int number, uint64_t base, struct erofs_device_slot *slot)
{
	const struct image_layer *layer = &((const struct image_source *)arg)->layers[number];

	*slot = (struct erofs_device_slot){ .blocks = layer->image->sb.blocks, .uniaddr = base + layer->first_block };
	memcpy(slot->tag, layer->tag, sizeof(slot->tag));
}

const struct erofs_source_ops erofs_source_image_thin_ops = {
	EROFS_SOURCE_IMAGE_OPS,		.thin = describe,	    .thin_size = index_size, .thin_index = write_index,
	.thin_images = describe_images, .thin_slot = describe_slot, .digest = digest_of,
};
