/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/writer/data/encode.h"

/* What a format without room for anything else asks of the extents of a file, for data of all kinds. */

#define SIZE ((size_t)700 * 1000 + 77)

struct fixture {
	struct erofs_build_options options;
	struct erofs_methods methods;
	struct erofs_encode_tools tools;
	uint8_t method;
	struct erofs_buffer extents;
	struct erofs_encoded result;
};

static void set_up(struct fixture *f, enum erofs_compressor compressor, enum erofs_compressed_form form)
{
	*f = (struct fixture){ .result = { .room = SIZE + 4096 } };
	erofs_build_defaults(&f->options);
	f->options.compression[0] =
		(struct erofs_compression){ .compressor = compressor, .lc = -1, .lp = -1, .pb = -1 };
	f->options.compression[0].level = erofs_compressor_limits(compressor)->level_default;
	f->options.compression_count = 1;
	f->options.compressed_form = form;
	f->options.pcluster_size = 16384;
	f->options.extent_size = 65536;
	f->methods.options = &f->options;
	assert_int_equal(erofs_writer_methods_find(&f->methods, &f->method, NULL), 0);
	assert_int_equal(erofs_writer_encode_tools_init(&f->tools, &f->methods), 0);
	f->result.out = malloc(f->result.room);
	f->result.extents = &f->extents;
	assert_non_null(f->result.out);
}

static void tear_down(struct fixture *f)
{
	free(f->result.out);
	erofs_buffer_release(&f->extents);
	erofs_writer_encode_tools_release(&f->tools);
	erofs_writer_methods_release(&f->methods);
}

static void encode(struct fixture *f, const uint8_t *data, size_t size)
{
	erofs_writer_encoded_reset(&f->result);
	assert_int_equal(erofs_writer_encode(&f->tools, f->method, data, size, 0, &f->result), 0);
}

/* Stretches of noise, of text, of zeros, with odd lengths. */
static uint8_t *mixture(uint32_t seed)
{
	uint8_t *data = malloc(SIZE);
	size_t at = 0;

	assert_non_null(data);
	while (at < SIZE) {
		size_t length = 1000 + (seed = seed * 1103515245 + 12345) / 65536 % 30000;
		unsigned int kind = seed / 7 % 3;

		for (size_t end = at + length < SIZE ? at + length : SIZE; at < end; at++) {
			seed = seed * 1103515245 + 12345;
			data[at] = kind == 0   ? (uint8_t)(seed >> 16)
				   : kind == 1 ? (uint8_t)("abcdefgh"[seed >> 29])
					       : 0;
		}
	}
	return data;
}

/* Goes through the extents as an index would. */
static void assert_extents(const struct fixture *f, size_t size)
{
	struct erofs_buffer lists = { 0 };
	struct erofs_extent_list list = { .count = f->result.count };
	uint32_t unit = f->methods.items[f->method].unit;
	struct erofs_extent_cursor cursor;
	struct erofs_list_extent extent;
	uint64_t at = 0, offset = 0, last_block = UINT64_MAX;

	assert_int_equal(erofs_writer_extent_lists_add(&lists, &at, &list, &f->extents), 0);
	erofs_writer_extent_lists_open(&lists, at, &list, &cursor);
	at = 0;
	while (erofs_writer_extents_next(&cursor, &extent)) {
		bool is_last = offset + extent.length == size;

		assert_true(extent.length > 0 && extent.length <= EROFS_PCLUSTER_DECODED_MAX);
		if (unit > 1) {
			/* One extent at most begins in a block of the file. */
			assert_true(offset / unit != last_block);
			last_block = offset / unit;
			assert_true(extent.form != EROFS_FORM_ZEROS);
			if (extent.form == EROFS_FORM_STORED)
				assert_true(extent.plen == 1 && extent.length <= unit);
			else
				assert_true(is_last || (uint64_t)extent.plen * unit < extent.length);
			/* Linux 5.10 gets nothing out of what is encoded and decodes to so little. */
			if (extent.form == EROFS_FORM_ENCODED)
				assert_true(extent.length > unit);
		} else {
			assert_int_equal(offset % f->options.extent_size, 0);
			assert_true(is_last || extent.length == f->options.extent_size);
			assert_true(extent.plen <= extent.length);
			assert_true((extent.plen == 0) == (extent.form == EROFS_FORM_ZEROS));
		}
		if (extent.form == EROFS_FORM_ENCODED && unit == 1)
			assert_true(f->result.out[at] != 0);
		offset += extent.length;
		at += (uint64_t)extent.plen * unit;
	}
	assert_int_equal(offset, size);
	assert_int_equal(at, f->result.size);
	erofs_buffer_release(&lists);
}

static void check(enum erofs_compressor compressor, enum erofs_compressed_form form)
{
	uint8_t *data = mixture(compressor + 1), *first = malloc(SIZE + 4096);
	struct fixture f;

	assert_non_null(first);
	set_up(&f, compressor, form);
	for (size_t size = SIZE; size > 5000; size = size / 3 * 2 - 1) {
		size_t first_size;

		f.extents.size = 0;
		encode(&f, data, size);
		assert_false(f.result.full);
		assert_extents(&f, size);
		first_size = f.result.size;
		memcpy(first, f.result.out, first_size);
		/* Nothing is left over from what was compressed before. */
		f.extents.size = 0;
		encode(&f, data + SIZE / 2, SIZE / 4);
		f.extents.size = 0;
		encode(&f, data, size);
		assert_int_equal(f.result.size, first_size);
		assert_memory_equal(f.result.out, first, first_size);
	}
	tear_down(&f);
	free(first);
	free(data);
}

static void clusters_keep_the_rules(void **state)
{
	(void)state;
	check(EROFS_COMPRESSOR_LZ4, EROFS_COMPRESSED_CLUSTERS);
	check(EROFS_COMPRESSOR_LZ4HC, EROFS_COMPRESSED_CLUSTERS);
	check(EROFS_COMPRESSOR_DEFLATE, EROFS_COMPRESSED_CLUSTERS);
	check(EROFS_COMPRESSOR_ZSTD, EROFS_COMPRESSED_CLUSTERS);
	check(EROFS_COMPRESSOR_LZMA, EROFS_COMPRESSED_CLUSTERS);
}

static void extents_keep_the_rules(void **state)
{
	(void)state;
	check(EROFS_COMPRESSOR_LZ4, EROFS_COMPRESSED_EXTENTS);
	check(EROFS_COMPRESSOR_DEFLATE, EROFS_COMPRESSED_EXTENTS);
	check(EROFS_COMPRESSOR_ZSTD, EROFS_COMPRESSED_EXTENTS);
	check(EROFS_COMPRESSOR_LZMA, EROFS_COMPRESSED_EXTENTS);
}

/* A file that would not become small enough is not compressed to its end. */
static void too_little_room_is_noticed(void **state)
{
	uint8_t *data = mixture(9);
	struct fixture f;

	(void)state;
	set_up(&f, EROFS_COMPRESSOR_ZSTD, EROFS_COMPRESSED_EXTENTS);
	f.result.room = 10000;
	encode(&f, data, SIZE);
	assert_true(f.result.full);
	assert_true(f.result.size <= 10000);
	tear_down(&f);
	free(data);
}

static void zeros_take_no_room_in_extents(void **state)
{
	uint8_t *zeros = calloc(1, SIZE);
	struct fixture f;

	(void)state;
	assert_non_null(zeros);
	set_up(&f, EROFS_COMPRESSOR_LZ4, EROFS_COMPRESSED_EXTENTS);
	encode(&f, zeros, SIZE);
	assert_int_equal(f.result.size, 0);
	assert_true(f.result.shrunk);
	assert_extents(&f, SIZE);
	tear_down(&f);
	free(zeros);
}

/* Extents of a run that begins with a page which Linux could not finish. */
static unsigned int count_lonely_marks(const struct fixture *f)
{
	struct erofs_extent_cursor cursor = { .at = f->extents.data, .left = f->result.count };
	struct erofs_list_extent extent;
	unsigned int lonely = 0;
	uint64_t end = 0;

	while (erofs_writer_extents_next(&cursor, &extent)) {
		end += extent.plen;
		lonely += extent.form == EROFS_FORM_ENCODED && end % 4096 && end % 4096 < 8 && end % 4096 < extent.plen;
	}
	return lonely;
}

/* They are so many and so small that a page has no place for the run where all are well; its beginning has to be one. */
static void small_deflate_extents_may_begin_with_a_page(void **state)
{
	uint8_t *data = malloc(SIZE);
	struct fixture f;

	(void)state;
	assert_non_null(data);
	for (uint32_t size = 512; size <= 2048; size *= 2) {
		for (uint32_t at = 0, seed = size; at < SIZE; at++) {
			if (at % size == 0)
				seed = seed * 1103515245 + 12345;
			data[at] = (uint8_t)(seed >> 16 >> at % (1 + seed / 7 % 5));
		}
		set_up(&f, EROFS_COMPRESSOR_DEFLATE, EROFS_COMPRESSED_EXTENTS);
		f.methods.items[0].extent_bytes = size;
		encode(&f, data, SIZE);
		assert_true(f.result.shrunk);
		assert_int_equal(count_lonely_marks(&f), 0);
		tear_down(&f);
	}
	free(data);
}

static int plan_clusters(enum erofs_compressor compressor, uint32_t blocks)
{
	struct erofs_build_options options;
	struct erofs_methods methods = { .count = 0 };
	int err;

	erofs_build_defaults(&options);
	options.compression[0].compressor = compressor;
	options.compression_count = 1;
	options.pcluster_size = blocks * 4096;
	err = erofs_writer_methods_init(&methods, &options, NULL);
	erofs_writer_methods_release(&methods);
	return err;
}

static void too_large_clusters_of_lz4_are_refused(void **state)
{
	(void)state;
	assert_int_equal(plan_clusters(EROFS_COMPRESSOR_LZ4, 256), 0);
	assert_int_equal(plan_clusters(EROFS_COMPRESSOR_LZ4, 257), -ERANGE);
	assert_int_equal(plan_clusters(EROFS_COMPRESSOR_ZSTD, 257), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clusters_keep_the_rules),
		cmocka_unit_test(extents_keep_the_rules),
		cmocka_unit_test(too_little_room_is_noticed),
		cmocka_unit_test(zeros_take_no_room_in_extents),
		cmocka_unit_test(small_deflate_extents_may_begin_with_a_page),
		cmocka_unit_test(too_large_clusters_of_lz4_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
