/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/build.h>

#include "lib/source/source_image.h"

/* How an image is stored, as options for building another one like it. */

static uint32_t dict_size(const struct erofs_compression_info *info, int algorithm)
{
	switch (algorithm) {
	case EROFS_ALGORITHM_LZMA:
		return info->lzma_dict_size;
	case EROFS_ALGORITHM_DEFLATE:
		return info->deflate_window_size;
	case EROFS_ALGORITHM_ZSTD:
		return info->zstd_window_size;
	default:
		return 0;
	}
}

/*
 * The history that a reader has to keep is that of the data taken over. What was built without an encoder of the algorithm compresses its
 * files anew with the first one that there is.
 */
static void describe_algorithms(struct image_source *source, struct erofs_build_options *build,
				const struct erofs_compression_info *info)
{
	const char *end, *reason;

	build->compression_count = 0;
	for (int algorithm = 0; algorithm < EROFS_ALGORITHM_COUNT; algorithm++) {
		struct erofs_compression *compression = &build->compression[build->compression_count];

		source->encodings[algorithm] = 0;
		if (!(source->storage.algorithms & 1u << algorithm))
			continue;
		if (erofs_compression_parse(compression, erofs_algorithm_name(algorithm), &end, &reason))
			continue;
		compression->dict_size = dict_size(info, algorithm);
		source->encodings[algorithm] = (uint8_t)build->compression_count++;
	}
}

static bool lacks_encoder(const struct image_source *source, const struct erofs_build_options *build, int algorithm)
{
	const struct erofs_compression *compression = &build->compression[source->encodings[algorithm]];

	return (int)erofs_compressor_limits(compression->compressor)->algorithm != algorithm;
}

static int drop_unencodable(struct image_source *source, const struct erofs_build_options *build)
{
	struct erofs_tree_walk walk;
	struct erofs_tree_inode *dir = NULL;
	int err = erofs_tree_walk_begin(&walk, source->tree);

	while (!err && (err = erofs_tree_walk_next(&walk, &dir)) > 0) {
		err = 0;
		for (uint32_t i = 0; i < dir->dir.count; i++) {
			struct image_origin *origin = dir->dir.entries[i].inode->origin;

			if (origin->algorithm < 0 || !origin->encoded_end ||
			    !lacks_encoder(source, build, origin->algorithm))
				continue;
			source->storage.recoded_files += origin->encoded_end == dir->dir.entries[i].inode->size;
			origin->encoded_end = 0;
		}
	}
	erofs_tree_walk_release(&walk);
	return err;
}

static uint32_t power_of_two(uint32_t size, uint32_t least)
{
	return size >= least && size <= EROFS_PCLUSTER_ENCODED_MAX && !(size & (size - 1)) ? size : 0;
}

static void describe_layout(struct image_source *source, struct erofs_build_options *build,
			    const struct erofs_compression_info *info)
{
	const struct image_storage *storage = &source->storage;
	uint32_t blksz = 1u << build->blkszbits;
	uint32_t largest = storage->largest_cluster;

	if (largest < info->lz4_max_pcluster)
		largest = info->lz4_max_pcluster;
	largest = (largest + blksz - 1) / blksz * blksz;
	if (largest < blksz || largest > EROFS_PCLUSTER_ENCODED_MAX)
		largest = blksz;
	build->pcluster_size = largest;
	build->compressed_form = storage->extent_files ? EROFS_COMPRESSED_EXTENTS : EROFS_COMPRESSED_CLUSTERS;
	build->extent_size = power_of_two(storage->piece_size, blksz);
	build->max_extent_bytes = 0;
	build->full_index = !storage->extent_files && storage->full_files > storage->compact_files;
	build->interlaced = !storage->extent_files && storage->interlaced;
	build->zero_extents = storage->has_zeros ? EROFS_ZERO_EXTENTS_ALWAYS : EROFS_ZERO_EXTENTS_DEFAULT;
	build->hints = NULL;
}

/* The first piece of the metabox that is encoded: 1; 0: it is not compressed, or there is none. */
static int find_piece(const struct erofs_image *image, struct erofs_extent *piece)
{
	struct erofs_inode metabox;
	uint64_t at = 0;
	int found = erofs_image_metabox_inode(image, &metabox) ? 0 : 1;

	while (found > 0 && (found = erofs_image_map(image, piece, &metabox, at)) > 0) {
		if (piece->kind == EROFS_EXTENT_ENCODED)
			return 1;
		at = piece->logical + piece->length;
	}
	return 0;
}

/* What the source has in a metabox is in one again; inodes are made anew, so that it is encoded anew. */
static void describe_metabox(const struct erofs_image *image, struct erofs_build_options *build,
			     const struct erofs_compression_info *info)
{
	struct erofs_compression *compression = &build->metabox_compression;
	const char *end, *reason;
	struct erofs_extent piece;

	build->metabox = EROFS_METABOX_NEVER;
	if (!find_piece(image, &piece) ||
	    erofs_compression_parse(compression, erofs_algorithm_name(piece.algorithm), &end, &reason))
		return;
	build->metabox = EROFS_METABOX_ALWAYS;
	build->metabox_piece = power_of_two((uint32_t)piece.length, 1u << build->blkszbits);
	compression->dict_size = dict_size(info, piece.algorithm);
	build->metabox_compression_set =
		!build->compression_count ||
		(int)erofs_compressor_limits(build->compression[0].compressor)->algorithm != piece.algorithm;
}

/* Directories are made anew, too: if some were compressed, those that become smaller by it are. */
static enum erofs_directory_rule choose_directories(const struct image_source *source,
						    const struct erofs_build_options *build)
{
	bool can_encode = build->compression_count || build->metabox >= EROFS_METABOX_IF_SMALLER;

	return source->storage.has_encoded_dirs && can_encode ? EROFS_DIRECTORIES_COMPRESSED : EROFS_DIRECTORIES_STORED;
}

static bool omits_dots(const struct erofs_image *image)
{
	struct erofs_inode root;

	return !erofs_image_inode(image, &root, erofs_image_superblock(image)->root_nid) && root.dot_omitted;
}

int erofs_source_image_describe(struct image_source *source, struct erofs_build_options *build)
{
	const struct erofs_image *image = source->layers[0].image;
	const struct erofs_superblock *sb = erofs_image_superblock(image);
	struct erofs_compression_info info = { 0 };
	int err = 0;

	build->blkszbits = sb->blkszbits;
	build->build_time = sb->epoch + sb->build_time;
	if (!*build->volume_name)
		memcpy(build->volume_name, sb->volume_name, EROFS_VOLUME_NAME_MAX);
	build->inline_data = source->storage.inline_files || !source->storage.tail_files;
	build->dot_omitted = omits_dots(image);
	build->compression_count = 0;
	/* Chunks that files have in common stay in common. */
	build->dedupe_runs = !source->storage.algorithms && !build->fill_holes &&
			     (sb->feature_incompat & EROFS_FEATURE_INCOMPAT_CHUNKED_FILE);
	/* What is wrong with it is told when a file is read. */
	erofs_image_compression(image, &info, NULL);
	if (source->storage.algorithms) {
		describe_algorithms(source, build, &info);
		describe_layout(source, build, &info);
		err = drop_unencodable(source, build);
	}
	describe_metabox(image, build, &info);
	build->directories = choose_directories(source, build);
	return err;
}
