/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/methods.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/codec/encoder.h"
#include "lib/util/report.h"
#include "lib/writer/plan/hints.h"

/*
 * Segments are cut so that no cluster goes over their end: each costs a block that is not quite full, and holds up those behind
 * it for as long as it takes.
 */
#define STORED_SEGMENT	     ((size_t)512 * 1024) /* fits into a core's own cache together with what hashing needs */
#define CLUSTERS_SEGMENT     ((size_t)2 * 1024 * 1024)
#define CLUSTERS_PER_SEGMENT 8u
#define EXTENTS_SEGMENT	     ((size_t)1024 * 1024)

/* Blocks of a cluster; an image that announces more is not mounted, measured on Linux 6.18. */
#define LZ4_BLOCKS_MAX 256u

/* ---- the list -------------------------------------------------------------------------------------------------------------- */

void erofs_writer_methods_release(struct erofs_methods *methods)
{
	free(methods->items);
	*methods = (struct erofs_methods){ 0 };
}

static bool same_method(const struct erofs_method *a, const struct erofs_method *b)
{
	const struct erofs_compression *x = &a->compression, *y = &b->compression;

	if (a->encoded_max != b->encoded_max)
		return false;
	return !a->encoded_max || (x->compressor == y->compressor && x->level == y->level &&
				   x->dict_size == y->dict_size && x->lc == y->lc && x->lp == y->lp && x->pb == y->pb);
}

static uint32_t packed_cluster(const struct erofs_build_options *options)
{
	return options->packed_pcluster_size ? options->packed_pcluster_size : options->pcluster_size;
}

/*
 * Where Linux does not know the mark of zeros, it decodes all of a cluster for the last page of its extent: no more than it reads
 * ahead anyway. It always fits into a block.
 */
#define ZEROS_BLOCKS 32u

static uint32_t shared_zeros(const struct erofs_build_options *options, uint32_t extent_bytes)
{
	uint32_t blksz = 1u << options->blkszbits, most = ZEROS_BLOCKS * blksz;

	if (options->zero_extents == EROFS_ZERO_EXTENTS_NEVER || options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return 0;
	if (extent_bytes < most)
		most = extent_bytes & ~(blksz - 1);
	return most > blksz ? most : 0;
}

static struct erofs_method make_method(const struct erofs_build_options *options,
				       const struct erofs_compress_hint *hint)
{
	bool extents = options->compressed_form == EROFS_COMPRESSED_EXTENTS;
	uint32_t pcluster = erofs_writer_hinted_size(hint, options);
	struct erofs_method method = {
		.compression = options->compression[hint ? hint->compression : 0],
		.unit = extents ? 1 : 1u << options->blkszbits,
		.encoded_max = extents && pcluster ? options->extent_size : pcluster,
		.extent_bytes = options->max_extent_bytes ? options->max_extent_bytes : EROFS_PCLUSTER_DECODED_MAX,
	};

	if (extents)
		method.extent_bytes = options->extent_size;
	if (!options->compression_count) {
		method.encoded_max = 0;
		return method;
	}
	method.dict_size =
		method.compression.dict_size
			? method.compression.dict_size
			: erofs_encoder_dict_size(&method.compression, method.encoded_max, method.extent_bytes);
	method.slow = erofs_encoder_wants_look(&method.compression);
	method.zeros = shared_zeros(options, method.extent_bytes);
	return method;
}

int erofs_writer_methods_find(struct erofs_methods *methods, uint8_t *number, const struct erofs_compress_hint *hint)
{
	struct erofs_method method = make_method(methods->options, hint);
	struct erofs_method *items;

	for (*number = 0; *number < methods->count; (*number)++)
		if (same_method(&methods->items[*number], &method))
			return 0;
	if (methods->count == EROFS_METHODS_MAX)
		return -E2BIG;
	items = reallocarray(methods->items, methods->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	methods->items = items;
	methods->items[methods->count++] = method;
	return 0;
}

static int check_limit(const struct erofs_methods *methods, const struct erofs_method *method,
		       const struct erofs_diag *diag)
{
	uint32_t blocks = method->encoded_max >> methods->options->blkszbits;

	if (blocks > LZ4_BLOCKS_MAX &&
	    erofs_compressor_limits(method->compression.compressor)->algorithm == EROFS_ALGORITHM_LZ4)
		return erofs_report(diag, -ERANGE,
				    "LZ4 in clusters or extents of %u blocks: Linux mounts no more than %u", blocks,
				    LZ4_BLOCKS_MAX);
	return 0;
}

static int check_limits(const struct erofs_methods *methods, const struct erofs_diag *diag)
{
	int err = methods->options->fragments ? check_limit(methods, &methods->packed, diag) : 0;

	for (unsigned int i = 0; !err && i < methods->count; i++)
		err = check_limit(methods, &methods->items[i], diag);
	return err;
}

/* All of them before the first file, because files that arrive are planned while others are being encoded. */
int erofs_writer_methods_init(struct erofs_methods *methods, const struct erofs_build_options *options,
			      const struct erofs_diag *diag)
{
	const struct erofs_compress_hint packed = { .pcluster_size = packed_cluster(options) }, *hint;
	uint8_t number;
	int err;

	methods->options = options;
	methods->packed = make_method(options, &packed);
	err = erofs_writer_methods_find(methods, &number, NULL);
	for (size_t i = 0; !err && (hint = erofs_writer_compress_hints_at(options->hints, i)); i++)
		err = erofs_writer_methods_find(methods, &number, hint);
	if (err == -E2BIG)
		return erofs_report(diag, err, "the hints name more than %u ways to compress files", EROFS_METHODS_MAX);
	return err ? err : check_limits(methods, diag);
}

uint32_t erofs_writer_methods_largest(const struct erofs_methods *methods)
{
	uint32_t most = 0;

	for (unsigned int i = 0; i < methods->count; i++)
		if (methods->items[i].encoded_max > most)
			most = methods->items[i].encoded_max;
	return most;
}

size_t erofs_writer_methods_segment(const struct erofs_methods *methods)
{
	size_t least = (size_t)CLUSTERS_PER_SEGMENT * erofs_writer_methods_largest(methods);

	if (!methods->options->compression_count && methods->options->chunk_bytes > STORED_SEGMENT)
		return methods->options->chunk_bytes;
	if (!methods->options->compression_count)
		return STORED_SEGMENT;
	/* Extents end where segments do, both being powers of two. */
	if (methods->options->compressed_form == EROFS_COMPRESSED_EXTENTS)
		return EXTENTS_SEGMENT;
	return least > CLUSTERS_SEGMENT ? least : CLUSTERS_SEGMENT;
}

/* ---- what the image tells -------------------------------------------------------------------------------------------------- */

bool erofs_writer_needs_configs(const struct erofs_build_options *options)
{
	if (options->compressed_form == EROFS_COMPRESSED_EXTENTS || options->pcluster_size >> options->blkszbits > 1 ||
	    options->hints || (options->fragments && packed_cluster(options) >> options->blkszbits > 1))
		return true;
	for (unsigned int i = 0; i < options->compression_count; i++)
		if (erofs_compressor_limits(options->compression[i].compressor)->algorithm != EROFS_ALGORITHM_LZ4)
			return true;
	return false;
}

static void add_config(struct erofs_compression_configs *configs, const struct erofs_method *method, uint32_t blksz)
{
	bool extents = method->unit == 1;
	size_t most = extents ? erofs_writer_extent_most(method->encoded_max) : method->encoded_max;
	/* An extent need not begin with a block, so that it may touch one more. Linux refuses LZ4 of more than 256. */
	size_t blocks = (most + blksz - 1) / blksz + extents;
	uint8_t bits = 0;

	while (bits < 31 && 1u << bits < method->dict_size)
		bits++;
	switch (erofs_compressor_limits(method->compression.compressor)->algorithm) {
	case EROFS_ALGORITHM_LZ4:
		if (blocks > configs->lz4_max_pcluster_blocks)
			configs->lz4_max_pcluster_blocks = (uint16_t)blocks;
		break;
	case EROFS_ALGORITHM_LZMA:
		if (method->dict_size > configs->lzma_dict_size)
			configs->lzma_dict_size = method->dict_size;
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

struct erofs_compression_configs erofs_writer_methods_configs(const struct erofs_methods *methods)
{
	const struct erofs_build_options *options = methods->options;
	struct erofs_compression_configs configs = { .lz4_max_distance = UINT16_MAX };

	for (unsigned int i = 0; i < options->compression_count; i++) {
		struct erofs_compress_hint hint = { .pcluster_size = options->pcluster_size, .compression = i };
		struct erofs_method method = make_method(options, &hint);

		configs.algorithms |=
			(uint16_t)(1u << erofs_compressor_limits(options->compression[i].compressor)->algorithm);
		add_config(&configs, &method, 1u << options->blkszbits);
	}
	for (unsigned int i = 0; i < methods->count; i++)
		if (methods->items[i].encoded_max)
			add_config(&configs, &methods->items[i], 1u << options->blkszbits);
	if (options->fragments && methods->packed.encoded_max)
		add_config(&configs, &methods->packed, 1u << options->blkszbits);
	return configs;
}

/* An extent must shrink by this part of it to be worth decoding every time that it is read. */
#define GAIN_SHIFT 6

size_t erofs_writer_extent_most(size_t size)
{
	return size - (size >> GAIN_SHIFT) - 1;
}
