/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/compress.h>

#include "lib/format/format_zmap.h"
#include "lib/format/le.h"

/* The records of the compression configurations: a length, and then what that algorithm has to say. */

struct disk_lz4 {
	erofs_le16 max_distance;
	erofs_le16 max_pclusterblks;
	uint8_t reserved[10];
};
_Static_assert(sizeof(struct disk_lz4) == 14, "on-disk size");

struct disk_lzma {
	erofs_le32 dict_size;
	erofs_le16 format;
	uint8_t reserved[8];
};
_Static_assert(sizeof(struct disk_lzma) == 14, "on-disk size");

struct disk_deflate {
	uint8_t windowbits;
	uint8_t reserved[5];
};
_Static_assert(sizeof(struct disk_deflate) == 6, "on-disk size");

struct disk_zstd {
	uint8_t format;
	uint8_t windowlog; /* less ZSTD_WINDOW_LOG_BASE */
	uint8_t reserved[4];
};
_Static_assert(sizeof(struct disk_zstd) == 6, "on-disk size");

#define ZSTD_WINDOW_LOG_BASE	10u
#define ZSTD_WINDOW_LOG_MAX	20u
#define DEFLATE_WINDOW_BITS_MAX 15u
#define LZMA_DICT_MIN		4096u
#define LZMA_DICT_MAX		(8u * 1024 * 1024)

union disk_config {
	struct disk_lz4 lz4;
	struct disk_lzma lzma;
	struct disk_deflate deflate;
	struct disk_zstd zstd;
};

static const uint16_t record_size[EROFS_ALGORITHM_COUNT] = {
	[EROFS_ALGORITHM_LZ4] = sizeof(struct disk_lz4),
	[EROFS_ALGORITHM_LZMA] = sizeof(struct disk_lzma),
	[EROFS_ALGORITHM_DEFLATE] = sizeof(struct disk_deflate),
	[EROFS_ALGORITHM_ZSTD] = sizeof(struct disk_zstd),
};

static void encode_one(const struct erofs_compression_configs *configs, enum erofs_algorithm algorithm,
		       union disk_config *out)
{
	memset(out, 0, sizeof(*out));
	switch (algorithm) {
	case EROFS_ALGORITHM_LZ4:
		out->lz4.max_distance = erofs_put16(configs->lz4_max_distance);
		out->lz4.max_pclusterblks = erofs_put16(configs->lz4_max_pcluster_blocks);
		break;
	case EROFS_ALGORITHM_LZMA:
		out->lzma.dict_size = erofs_put32(configs->lzma_dict_size);
		break;
	case EROFS_ALGORITHM_DEFLATE:
		out->deflate.windowbits = configs->deflate_window_bits;
		break;
	case EROFS_ALGORITHM_ZSTD:
		out->zstd.windowlog = (uint8_t)(configs->zstd_window_log - ZSTD_WINDOW_LOG_BASE);
		break;
	}
}

size_t erofs_configs_encode(const struct erofs_compression_configs *configs, uint8_t out[EROFS_CONFIGS_MAX_SIZE])
{
	size_t at = 0;

	for (int i = 0; i < EROFS_ALGORITHM_COUNT; i++) {
		erofs_le16 size = erofs_put16(record_size[i]);
		union disk_config record;

		if (!(configs->algorithms & 1u << i))
			continue;
		encode_one(configs, (enum erofs_algorithm)i, &record);
		memcpy(out + at, &size, sizeof(size));
		memcpy(out + at + sizeof(size), &record, record_size[i]);
		/* Each size is two short of a multiple of four. */
		at += sizeof(size) + record_size[i];
	}
	return at;
}

static int decode_one(struct erofs_compression_configs *out, enum erofs_algorithm algorithm,
		      const union disk_config *record, const char **reason)
{
	switch (algorithm) {
	case EROFS_ALGORITHM_LZ4:
		out->lz4_max_distance = erofs_get16(record->lz4.max_distance);
		out->lz4_max_pcluster_blocks = erofs_get16(record->lz4.max_pclusterblks);
		return 0;
	case EROFS_ALGORITHM_LZMA:
		out->lzma_dict_size = erofs_get32(record->lzma.dict_size);
		*reason = "the LZMA configuration has an unknown format";
		if (erofs_get16(record->lzma.format))
			return -EOPNOTSUPP;
		*reason = "the LZMA dictionary size is out of range";
		return out->lzma_dict_size < LZMA_DICT_MIN || out->lzma_dict_size > LZMA_DICT_MAX ? -EUCLEAN : 0;
	case EROFS_ALGORITHM_DEFLATE:
		out->deflate_window_bits = record->deflate.windowbits;
		*reason = "the DEFLATE window is out of range";
		return out->deflate_window_bits > DEFLATE_WINDOW_BITS_MAX ? -EUCLEAN : 0;
	default:
		*reason = "the Zstandard configuration has an unknown format";
		if (record->zstd.format)
			return -EOPNOTSUPP;
		*reason = "the Zstandard window is out of range";
		if (record->zstd.windowlog > ZSTD_WINDOW_LOG_MAX - ZSTD_WINDOW_LOG_BASE)
			return -EUCLEAN;
		out->zstd_window_log = (uint8_t)(record->zstd.windowlog + ZSTD_WINDOW_LOG_BASE);
		return 0;
	}
}

int erofs_configs_decode(struct erofs_compression_configs *out, uint16_t algorithms, const uint8_t *in, size_t avail,
			 size_t *used, const char **reason)
{
	size_t at = 0;

	*out = (struct erofs_compression_configs){ .algorithms = algorithms };
	*used = 0;
	*reason = "unknown compression algorithms";
	if (algorithms >> EROFS_ALGORITHM_COUNT)
		return -EOPNOTSUPP;
	for (int i = 0; i < EROFS_ALGORITHM_COUNT; i++) {
		union disk_config record;
		erofs_le16 raw;
		size_t size;
		int err;

		if (!(algorithms & 1u << i))
			continue;
		*reason = "the compression configurations are cut off";
		if (avail < sizeof(raw) || at > avail - sizeof(raw))
			return -EUCLEAN;
		memcpy(&raw, in + at, sizeof(raw));
		size = erofs_get16(raw);
		at += sizeof(raw);
		if (size > avail - at)
			return -EUCLEAN;
		*reason = "a compression configuration is too short";
		if (size < record_size[i])
			return -EUCLEAN;
		memcpy(&record, in + at, record_size[i]);
		err = decode_one(out, (enum erofs_algorithm)i, &record, reason);
		if (err)
			return err;
		at = (at + size + 3) & ~(size_t)3;
	}
	*used = at < avail ? at : avail;
	*reason = NULL;
	return 0;
}

static uint16_t larger_distance(uint16_t a, uint16_t b)
{
	if (!a || !b)
		return 0;
	return a > b ? a : b;
}

#define RAISE(field) (to->field = to->field > from->field ? to->field : from->field)

void erofs_configs_merge(struct erofs_compression_configs *to, const struct erofs_compression_configs *from)
{
	const uint16_t lz4 = 1u << EROFS_ALGORITHM_LZ4;

	if (to->algorithms & from->algorithms & lz4)
		to->lz4_max_distance = larger_distance(to->lz4_max_distance, from->lz4_max_distance);
	else if (from->algorithms & lz4)
		to->lz4_max_distance = from->lz4_max_distance;
	RAISE(lz4_max_pcluster_blocks);
	RAISE(lzma_dict_size);
	RAISE(deflate_window_bits);
	RAISE(zstd_window_log);
	to->algorithms |= from->algorithms;
}
