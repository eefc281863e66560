/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_COMPRESS_H
#define EROFS_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>

/*
 * Compression of file data: the format's algorithms, and the compressors that produce them.
 */

/* Numbers of the format (Linux, fs/erofs/erofs_fs.h, Z_EROFS_COMPRESSION_*). */
enum erofs_algorithm {
	EROFS_ALGORITHM_LZ4 = 0,     /* raw LZ4 block */
	EROFS_ALGORITHM_LZMA = 1,    /* MicroLZMA */
	EROFS_ALGORITHM_DEFLATE = 2, /* raw DEFLATE, no zlib header */
	EROFS_ALGORITHM_ZSTD = 3,    /* one Zstandard frame */
};
#define EROFS_ALGORITHM_COUNT 4

/* Limits of Linux for one physical cluster. */
#define EROFS_PCLUSTER_ENCODED_MAX (1024u * 1024)
#define EROFS_PCLUSTER_DECODED_MAX (12u * 1024 * 1024)

/* Ways to make them; two may make the same algorithm. */
enum erofs_compressor {
	EROFS_COMPRESSOR_LZ4,
	EROFS_COMPRESSOR_LZ4HC,
	EROFS_COMPRESSOR_LZMA,
	EROFS_COMPRESSOR_DEFLATE,
	EROFS_COMPRESSOR_ZSTD,
};
#define EROFS_COMPRESSOR_COUNT 5

/* One compressor as it is to be used. */
struct erofs_compression {
	enum erofs_compressor compressor;
	int level;	    /* within the compressor's limits */
	uint32_t dict_size; /* bytes of history (LZMA, DEFLATE, Zstandard), 0: what suits the size of the clusters */
	int8_t lc, lp, pb;  /* LZMA only; -1: the preset's */
};

struct erofs_compressor_info {
	const char *name;
	enum erofs_algorithm algorithm;
	int level_min, level_max, level_default; /* LZMA: also 100 + level, the extreme presets */
	uint32_t dict_min, dict_max;		 /* bytes; 0: has no such choice */
};

/* Static storage. */
EROFS_API const struct erofs_compressor_info *erofs_compressor_limits(enum erofs_compressor compressor);

/* "lz4", "lzma", "deflate", "zstd"; NULL for a number that is none of them. */
EROFS_API const char *erofs_algorithm_name(int algorithm);

/* Whether this build of the library reads and makes it; a library can be built without some. */
EROFS_API bool erofs_algorithm_is_built(int algorithm);

/*
 * Reads "NAME[,LEVEL | ,level=N][,dictsize=N][,lc=N][,lp=N][,pb=N]", such as "zstd,15", up to its end or a ':'; `*end` is what
 * stands there. 0; -EINVAL, or -EOPNOTSUPP for what this build lacks, with `*reason` (static storage) saying why not.
 */
EROFS_API int erofs_compression_parse(struct erofs_compression *out, const char *text, const char **end,
				      const char **reason);

#endif
