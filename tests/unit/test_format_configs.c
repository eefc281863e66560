/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include <erofs/compress.h>

#include "lib/format/format_zmap.h"
#include "tests/unit/unit.h"

#define LZ4	1u << EROFS_ALGORITHM_LZ4
#define LZMA	1u << EROFS_ALGORITHM_LZMA
#define DEFLATE 1u << EROFS_ALGORITHM_DEFLATE
#define ZSTD	1u << EROFS_ALGORITHM_ZSTD

static const struct erofs_compression_configs all_of_them = {
	.algorithms = LZ4 | LZMA | DEFLATE | ZSTD,
	.lz4_max_distance = 0x0102,
	.lz4_max_pcluster_blocks = 0x0304,
	.lzma_dict_size = 0x00010203,
	.deflate_window_bits = 15,
	.zstd_window_log = 16,
};

/* Each record behind its length, in the order of the algorithms' numbers; a Zstandard window is written less ten. */
static const uint8_t all_on_disk[] = "\x0e\0\x02\x01\x04\x03\0\0\0\0\0\0\0\0\0\0"
				     "\x0e\0\x03\x02\x01\0\0\0\0\0\0\0\0\0\0\0"
				     "\x06\0\x0f\0\0\0\0\0"
				     "\x06\0\0\x06\0\0\0";

static void records_on_disk(void **state)
{
	struct erofs_compression_configs out;
	uint8_t bytes[EROFS_CONFIGS_MAX_SIZE];
	const char *reason;
	size_t used;

	(void)state;
	assert_int_equal(erofs_configs_encode(&all_of_them, bytes), sizeof(all_on_disk));
	assert_memory_equal(bytes, all_on_disk, sizeof(all_on_disk));
	assert_int_equal(
		erofs_configs_decode(&out, all_of_them.algorithms, all_on_disk, sizeof(all_on_disk), &used, &reason),
		0);
	assert_int_equal(used, sizeof(all_on_disk));
	assert_memory_equal(&out, &all_of_them, sizeof(out));
}

/* What is left when `bytes` of the records are there, and byte `at` is `value`. */
static int decode_changed(size_t bytes, size_t at, uint8_t value)
{
	uint8_t changed[sizeof(all_on_disk)];
	struct erofs_compression_configs out;
	const char *reason;
	size_t used;

	memcpy(changed, all_on_disk, sizeof(changed));
	changed[at] = value;
	return erofs_configs_decode(&out, all_of_them.algorithms, changed, bytes, &used, &reason);
}

static void records_out_of_range(void **state)
{
	const size_t all = sizeof(all_on_disk);

	(void)state;
	assert_int_equal(decode_changed(all, 0, 14), 0);
	assert_int_equal(decode_changed(all - 3, 0, 14), -EUCLEAN); /* the last record cut off */
	assert_int_equal(decode_changed(17, 0, 14), -EUCLEAN);	    /* in the middle of a length */
	assert_int_equal(decode_changed(all, 0, 13), -EUCLEAN);	    /* too short for LZ4's */
	assert_int_equal(decode_changed(all, 21, 0xff), -EUCLEAN);  /* LZMA: a dictionary of gigabytes */
	assert_int_equal(decode_changed(all, 22, 1), -EOPNOTSUPP);  /* LZMA: another format */
	assert_int_equal(decode_changed(all, 34, 15), 0);
	assert_int_equal(decode_changed(all, 34, 16), -EUCLEAN);   /* DEFLATE: a window of 64 KiB */
	assert_int_equal(decode_changed(all, 42, 1), -EOPNOTSUPP); /* Zstandard: another format */
	assert_int_equal(decode_changed(all, 43, 10), 0);
	assert_int_equal(decode_changed(all, 43, 11), -EUCLEAN); /* Zstandard: 2 MiB */
}

static void unknown_algorithm(void **state)
{
	struct erofs_compression_configs out;
	const char *reason;
	size_t used;

	(void)state;
	assert_int_equal(erofs_configs_decode(&out, 1u << EROFS_ALGORITHM_COUNT, all_on_disk, sizeof(all_on_disk),
					      &used, &reason),
			 -EOPNOTSUPP);
}

static uint16_t merged_distance(uint16_t to_distance, uint16_t from_distance, uint16_t to_algorithms,
				uint16_t from_algorithms)
{
	struct erofs_compression_configs to = { .algorithms = to_algorithms, .lz4_max_distance = to_distance },
					 from = { .algorithms = from_algorithms, .lz4_max_distance = from_distance };

	erofs_configs_merge(&to, &from);
	assert_int_equal(to.algorithms, to_algorithms | from_algorithms);
	return to.lz4_max_distance;
}

/* A reader keeps as many bytes as the distance says, and 64 KiB for 0: the smaller one would give it too few. */
static void distances_merged(void **state)
{
	(void)state;
	assert_int_equal(merged_distance(100, 200, LZ4, LZ4), 200);
	assert_int_equal(merged_distance(200, 100, LZ4, LZ4), 200);
	assert_int_equal(merged_distance(0, 100, LZ4, LZ4), 0);
	assert_int_equal(merged_distance(100, 0, LZ4, LZ4), 0);
	/* The 0 of a side without LZ4 says nothing. */
	assert_int_equal(merged_distance(0, 100, ZSTD, LZ4), 100);
	assert_int_equal(merged_distance(100, 0, LZ4, ZSTD), 100);
}

static void limits_merged(void **state)
{
	struct erofs_compression_configs to = { .algorithms = LZ4 | LZMA,
						.lz4_max_pcluster_blocks = 16,
						.lzma_dict_size = 4096 },
					 from = all_of_them;

	(void)state;
	erofs_configs_merge(&to, &from);
	assert_int_equal(to.algorithms, from.algorithms);
	assert_int_equal(to.lz4_max_pcluster_blocks, from.lz4_max_pcluster_blocks);
	assert_int_equal(to.lzma_dict_size, from.lzma_dict_size);
	assert_int_equal(to.deflate_window_bits, 15);
	assert_int_equal(to.zstd_window_log, 16);
	from = (struct erofs_compression_configs){ .algorithms = ZSTD, .zstd_window_log = 12 };
	erofs_configs_merge(&to, &from);
	assert_int_equal(to.zstd_window_log, 16);
	assert_int_equal(to.lzma_dict_size, all_of_them.lzma_dict_size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_on_disk),   cmocka_unit_test(records_out_of_range),
		cmocka_unit_test(unknown_algorithm), cmocka_unit_test(distances_merged),
		cmocka_unit_test(limits_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
