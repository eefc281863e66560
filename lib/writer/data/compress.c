/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/compress.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util/report.h"

/*
 * Segments are cut so that no cluster goes over their end: each costs a block that is not quite full, and holds up those behind
 * it for as long as it takes.
 */
#define CLUSTERS_SEGMENT     ((size_t)2 * 1024 * 1024)
#define CLUSTERS_PER_SEGMENT 8u
#define PIECES_SEGMENT	     ((size_t)1024 * 1024)

/* Blocks of a cluster; an image that announces more is not mounted, measured on Linux 6.18. */
#define LZ4_BLOCKS_MAX 256u

/* ---- the ways -------------------------------------------------------------------------------------------------------------- */

void erofs_compress_plan_release(struct erofs_compress_plan *plan)
{
	free(plan->ways);
	*plan = (struct erofs_compress_plan){ 0 };
}

static bool same_way(const struct erofs_compress_way *a, const struct erofs_compress_way *b)
{
	const struct erofs_compression *x = &a->compression, *y = &b->compression;

	if (a->encoded_max != b->encoded_max)
		return false;
	return !a->encoded_max || (x->compressor == y->compressor && x->level == y->level &&
				   x->dict_size == y->dict_size && x->lc == y->lc && x->lp == y->lp && x->pb == y->pb);
}

static struct erofs_compress_way make_way(const struct erofs_build_options *options,
					  const struct erofs_compress_hint *hint)
{
	bool pieces = options->compressed_form == EROFS_COMPRESSED_EXTENTS;
	uint32_t pcluster = hint ? hint->pcluster_size : options->pcluster_size;
	struct erofs_compress_way way = {
		.compression = options->compression[hint ? hint->compression : 0],
		.unit = pieces ? 1 : 1u << options->blkszbits,
		.encoded_max = pieces && pcluster ? options->extent_size : pcluster,
		.extent_bytes = options->max_extent_bytes ? options->max_extent_bytes : EROFS_PCLUSTER_DECODED_MAX,
	};

	if (pieces)
		way.extent_bytes = options->extent_size;
	if (!options->compression_count) {
		way.encoded_max = 0;
		return way;
	}
	way.dict_size = way.compression.dict_size
				? way.compression.dict_size
				: erofs_encoder_dict_size(&way.compression, way.encoded_max, way.extent_bytes);
	way.slow = erofs_encoder_wants_look(&way.compression);
	return way;
}

int erofs_compress_plan_way(struct erofs_compress_plan *plan, uint8_t *number, const struct erofs_compress_hint *hint)
{
	struct erofs_compress_way way = make_way(plan->options, hint);
	struct erofs_compress_way *ways;

	for (*number = 0; *number < plan->count; (*number)++)
		if (same_way(&plan->ways[*number], &way))
			return 0;
	if (plan->count == EROFS_COMPRESS_WAYS_MAX)
		return -E2BIG;
	ways = reallocarray(plan->ways, plan->count + 1, sizeof(*ways));
	if (!ways)
		return -ENOMEM;
	plan->ways = ways;
	plan->ways[plan->count++] = way;
	return 0;
}

int erofs_compress_plan_check(const struct erofs_compress_plan *plan, const struct erofs_diag *diag)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		const struct erofs_compress_way *way = &plan->ways[i];
		uint32_t blocks = way->encoded_max >> plan->options->blkszbits;

		if (blocks > LZ4_BLOCKS_MAX &&
		    erofs_compressor_limits(way->compression.compressor)->algorithm == EROFS_ALGORITHM_LZ4)
			return erofs_report(diag, -ERANGE,
					    "LZ4 in clusters or pieces of %u blocks: Linux mounts no more than %u",
					    blocks, LZ4_BLOCKS_MAX);
	}
	return 0;
}

/* The largest cluster of all ways. */
static uint32_t largest_cluster(const struct erofs_compress_plan *plan)
{
	uint32_t most = 0;

	for (unsigned int i = 0; i < plan->count; i++)
		if (plan->ways[i].encoded_max > most)
			most = plan->ways[i].encoded_max;
	return most;
}

size_t erofs_compress_segment(const struct erofs_compress_plan *plan)
{
	size_t least = (size_t)CLUSTERS_PER_SEGMENT * largest_cluster(plan);

	/* Pieces end where segments do, both being powers of two. */
	if (plan->options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return PIECES_SEGMENT;
	return least > CLUSTERS_SEGMENT ? least : CLUSTERS_SEGMENT;
}

/* ---- what the image tells -------------------------------------------------------------------------------------------------- */

bool erofs_compress_needs_configs(const struct erofs_build_options *options)
{
	if (options->compressed_form == EROFS_COMPRESSED_EXTENTS || options->pcluster_size >> options->blkszbits > 1 ||
	    options->hints)
		return true;
	for (unsigned int i = 0; i < options->compression_count; i++)
		if (erofs_compressor_limits(options->compression[i].compressor)->algorithm != EROFS_ALGORITHM_LZ4)
			return true;
	return false;
}

static void add_config(struct erofs_compression_configs *configs, const struct erofs_compress_way *way, uint32_t blksz)
{
	bool pieces = way->unit == 1;
	size_t most = pieces ? erofs_compress_piece_most(way->encoded_max) : way->encoded_max;
	/* A piece need not begin with a block, so that it may touch one more. Linux refuses LZ4 of more than 256. */
	size_t blocks = (most + blksz - 1) / blksz + pieces;
	uint8_t bits = 0;

	while (bits < 31 && 1u << bits < way->dict_size)
		bits++;
	switch (erofs_compressor_limits(way->compression.compressor)->algorithm) {
	case EROFS_ALGORITHM_LZ4:
		if (blocks > configs->lz4_max_pcluster_blocks)
			configs->lz4_max_pcluster_blocks = (uint16_t)blocks;
		break;
	case EROFS_ALGORITHM_LZMA:
		if (way->dict_size > configs->lzma_dict_size)
			configs->lzma_dict_size = way->dict_size;
		break;
	case EROFS_ALGORITHM_DEFLATE:
		if (bits > configs->deflate_window_bits)
			configs->deflate_window_bits = bits;
		break;
	case EROFS_ALGORITHM_ZSTD:
		if (bits > configs->zstd_window_log)
			configs->zstd_window_log = bits;
		break;
	}
}

struct erofs_compression_configs erofs_compress_configs(const struct erofs_compress_plan *plan)
{
	const struct erofs_build_options *options = plan->options;
	struct erofs_compression_configs configs = { .lz4_max_distance = UINT16_MAX };

	for (unsigned int i = 0; i < options->compression_count; i++) {
		struct erofs_compress_hint hint = { .pcluster_size = options->pcluster_size, .compression = i };
		struct erofs_compress_way way = make_way(options, &hint);

		configs.algorithms |=
			(uint16_t)(1u << erofs_compressor_limits(options->compression[i].compressor)->algorithm);
		add_config(&configs, &way, 1u << options->blkszbits);
	}
	for (unsigned int i = 0; i < plan->count; i++)
		if (plan->ways[i].encoded_max)
			add_config(&configs, &plan->ways[i], 1u << options->blkszbits);
	return configs;
}

/* ---- tools ----------------------------------------------------------------------------------------------------------------- */

int erofs_compress_tools_init(struct erofs_compress_tools *tools, const struct erofs_compress_plan *plan)
{
	*tools = (struct erofs_compress_tools){ .plan = plan };
	tools->encoders = calloc(plan->count, sizeof(*tools->encoders));
	tools->look = erofs_look_new();
	tools->scratch = malloc(largest_cluster(plan) + 1);
	return tools->encoders && tools->look && tools->scratch ? 0 : -ENOMEM;
}

void erofs_compress_tools_release(struct erofs_compress_tools *tools)
{
	for (unsigned int i = 0; tools->encoders && i < tools->plan->count; i++)
		erofs_encoder_free(tools->encoders[i]);
	free(tools->encoders);
	erofs_look_free(tools->look);
	free(tools->scratch);
}

void erofs_compress_tools_count(const struct erofs_compress_tools *tools, uint64_t *runs, uint64_t *extents)
{
	for (unsigned int i = 0; tools->encoders && i < tools->plan->count; i++) {
		struct erofs_encoder_counts counts;

		if (!tools->encoders[i])
			continue;
		counts = erofs_encoder_counts(tools->encoders[i]);
		*runs += counts.runs;
		*extents += counts.extents;
	}
}

static int get_encoder(struct erofs_compress_tools *tools, uint8_t number)
{
	const struct erofs_compress_way *way = &tools->plan->ways[number];
	size_t segment = erofs_compress_segment(tools->plan);
	struct erofs_encoder_settings settings = {
		.compression = way->compression,
		.encoded_max = way->encoded_max,
		.input_max = way->extent_bytes < segment ? way->extent_bytes : (uint32_t)segment,
		.dict_size = way->dict_size,
	};

	return tools->encoders[number] ? 0 : erofs_encoder_new(&tools->encoders[number], &settings);
}

/* ---- a run of bytes -------------------------------------------------------------------------------------------------------- */

uint64_t erofs_compress_index_estimate(const struct erofs_compress_plan *plan, uint64_t size)
{
	const struct erofs_build_options *options = plan->options;

	if (options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return EROFS_ZMAP_HEADER_SIZE + (size / options->extent_size + 1) * 8;
	return EROFS_ZMAP_HEADER_SIZE + EROFS_PACK_4B_SIZE +
	       (size >> options->blkszbits) * (options->full_index ? EROFS_LCLUSTER_FULL_SIZE : 2);
}

size_t erofs_compress_room(const struct erofs_compress_plan *plan, size_t size)
{
	uint32_t blksz = 1u << plan->options->blkszbits;

	/* What does not shrink is stored in as many blocks; a cluster that is one too many is noticed when it is there. */
	return (size + blksz - 1) / blksz * blksz;
}

int erofs_compressed_note(struct erofs_compressed *to, uint64_t length, uint32_t plen, enum erofs_extent_form form)
{
	struct erofs_list_extent extent = { .length = length, .plen = plen, .form = form };

	to->count++;
	to->shrunk |= form != EROFS_FORM_STORED;
	return erofs_extents_append(to->extents, &extent);
}

int erofs_compress_more(struct erofs_compress_tools *tools, uint8_t number, const uint8_t *in, size_t size, size_t at,
			struct erofs_compressed *to)
{
	const struct erofs_compress_way *way = &tools->plan->ways[number];
	int err = get_encoder(tools, number);

	if (err)
		return err;
	erofs_encoder_begin(tools->encoders[number]);
	if (way->unit == 1)
		return erofs_compress_pieces(tools, tools->encoders[number], way, in, size, to);
	return erofs_compress_clusters(tools, tools->encoders[number], way, in, size, at, to);
}

int erofs_compress(struct erofs_compress_tools *tools, uint8_t number, const uint8_t *in, size_t size,
		   struct erofs_compressed *to)
{
	to->size = 0;
	to->count = 0;
	to->shrunk = to->full = to->uneven = false;
	return erofs_compress_more(tools, number, in, size, 0, to);
}
