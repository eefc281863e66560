/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/codec/encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/codec_inputs.h"
#include "tests/unit/unit.h"

#define INPUT_MAX (12u << 20)

static const char *const compressors[] = { "lz4", "lz4hc", "lzma,1", "deflate,6", "zstd" };
static const char *const more_compressors[] = {
	"lz4hc,12", "lz4hc,3", "lzma,6,lc=0,lp=2,pb=0", "lzma,100", "deflate,1", "deflate,12", "zstd,1",
	"zstd,8",   "zstd,19", "zstd,3,dictsize=1024"
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct encoding {
	struct erofs_encoder *encoder;
	enum erofs_algorithm algorithm;
};

static struct encoding encoding_of(const char *text, size_t room)
{
	struct erofs_encoder_settings settings = { .encoded_max = (uint32_t)room, .input_max = INPUT_MAX };
	const char *end, *reason;
	struct encoding e;

	assert_int_equal(erofs_compression_parse(&settings.compression, text, &end, &reason), 0);
	settings.dict_size = erofs_encoder_dict_size(&settings.compression, (uint32_t)room, INPUT_MAX);
	assert_int_equal(erofs_encoder_new(&e.encoder, &settings), 0);
	erofs_encoder_begin(e.encoder);
	e.algorithm = erofs_compressor_limits(settings.compression.compressor)->algorithm;
	return e;
}

static size_t rounded(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

/* One extent; returns what it holds of the input, 0 if nothing is gained. */
static size_t check_extent(const struct encoding *e, const uint8_t *in, size_t size, size_t room, size_t unit)
{
	uint8_t *out = malloc(room), *exact = malloc(size);
	size_t taken = size;
	ssize_t encoded;

	assert_non_null(out);
	assert_non_null(exact);
	/* Its own memory: nothing behind the input may be read. */
	memcpy(exact, in, size);
	encoded = erofs_encode_fill(e->encoder, exact, &taken, out, room, unit);
	assert_true(encoded >= 0 && (size_t)encoded <= room);
	if (encoded) {
		assert_true(taken <= size);
		assert_true(taken > rounded((size_t)encoded, unit));
		assert_int_not_equal(out[0], 0);
		assert_decodes_to(e->algorithm, out, (size_t)encoded, in, taken);
	}
	free(out);
	free(exact);
	return encoded ? taken : 0;
}

/* A whole file; returns the space it takes. */
static size_t check_file(const struct encoding *e, const uint8_t *in, size_t size, size_t room, size_t unit)
{
	size_t taken, space = 0;

	erofs_encoder_begin(e->encoder);
	for (size_t at = 0; at < size; at += taken) {
		taken = check_extent(e, in + at, size - at < INPUT_MAX ? size - at : INPUT_MAX, room, unit);
		space += taken ? room : unit;
		if (!taken)
			taken = size - at < unit ? size - at : unit;
	}
	return space;
}

static void check_sizes(const struct encoding *e, size_t room, size_t unit, const size_t *sizes, size_t count)
{
	for (int kind = 0; kind < INPUT_KINDS; kind++) {
		for (size_t i = 0; i < count; i++) {
			uint8_t *in = input_make((enum input_kind)kind, sizes[i], (uint32_t)(i + room));

			check_file(e, in, sizes[i], room, unit);
			free(in);
		}
	}
}

static void check_rooms(const char *compressor)
{
	static const size_t units[] = { 512, 1024, 2048, 4096 };
	struct encoding e = encoding_of(compressor, 65536);
	const size_t large[] = { 1, 65535, 65537, 200000 };

	for (size_t i = 0; i < COUNT(units); i++) {
		const size_t sizes[] = { 1, 2, units[i] - 1, units[i], units[i] + 1, 4095, 4097, 30000 };

		check_sizes(&e, 4096, units[i], sizes, COUNT(sizes));
		check_sizes(&e, units[i], units[i], sizes, COUNT(sizes));
	}
	check_sizes(&e, 65536, 4096, large, COUNT(large));
	check_sizes(&e, 16384, 512, large, COUNT(large));
	erofs_encoder_free(e.encoder);
}

static void what_fills_a_room_decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(compressors); i++)
		check_rooms(compressors[i]);
}

static void what_fills_a_room_decodes_at_every_level(void **state)
{
	static const size_t sizes[] = { 5000, 120000 };

	(void)state;
	for (size_t i = 0; i < COUNT(more_compressors); i++) {
		struct encoding e = encoding_of(more_compressors[i], 4096);

		check_sizes(&e, 4096, 4096, sizes, COUNT(sizes));
		check_sizes(&e, 65536, 4096, sizes, COUNT(sizes));
		erofs_encoder_free(e.encoder);
	}
}

static void a_megabyte_is_filled(void **state)
{
	uint8_t *in = input_make(INPUT_TEXT, 5u << 20, 1), *zeros = input_make(INPUT_ZEROS, INPUT_MAX, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(compressors); i++) {
		struct encoding e = encoding_of(compressors[i], 1u << 20);

		assert_true(check_extent(&e, in, 5u << 20, 1u << 20, 4096) > 1200000);
		assert_int_equal(check_extent(&e, zeros, INPUT_MAX, 1u << 20, 4096), INPUT_MAX);
		assert_true(check_extent(&e, zeros, INPUT_MAX, 4096, 4096) > 500000);
		/* And then it goes on as if nothing had been. */
		assert_true(check_extent(&e, in, 5u << 20, 4096, 4096) > 5000);
		erofs_encoder_free(e.encoder);
	}
	free(in);
	free(zeros);
}

/* Runs for each extent, and the share of the room that is not used. */
static void assert_efficient(const char *compressor, enum input_kind kind, double runs, double waste)
{
	struct encoding e = encoding_of(compressor, 4096);
	size_t size = 1u << 20, taken, extents = 0, unused = 0;
	uint8_t *in = input_make(kind, size, 3), out[4096];
	struct erofs_encoder_counts counts;

	for (size_t at = 0; at < size; at += taken) {
		ssize_t encoded;

		taken = size - at;
		encoded = erofs_encode_fill(e.encoder, in + at, &taken, out, sizeof(out), sizeof(out));
		if (!encoded)
			taken = size - at < sizeof(out) ? size - at : sizeof(out);
		else if (at + taken < size)
			unused += sizeof(out) - (size_t)encoded;
		extents++;
	}
	counts = erofs_encoder_counts(e.encoder);
	assert_int_equal(counts.extents, extents);
	assert_true(counts.runs >= extents && (double)counts.runs <= runs * (double)extents);
	assert_true((double)unused <= waste * (double)(extents * sizeof(out)));
	free(in);
	erofs_encoder_free(e.encoder);
}

/* Zstandard fills large rooms block by block: mostly in one run, and nearly as full as by trying. */
static void large_rooms_are_filled_sooner(void **state)
{
	struct encoding e = encoding_of("zstd", 65536);
	size_t size = 6u << 20, room = 65536, taken, extents = 0, unused = 0;
	uint8_t *in = input_make(INPUT_MIXTURE, size, 3), *out = malloc(room);

	(void)state;
	for (size_t at = 0; at < size; at += taken) {
		ssize_t encoded;

		taken = size - at;
		encoded = erofs_encode_fill(e.encoder, in + at, &taken, out, room, 4096);
		if (!encoded)
			taken = size - at < 4096 ? size - at : 4096;
		else if (at + taken < size)
			unused += room - (size_t)encoded;
		extents += encoded > 0;
	}
	assert_true((double)erofs_encoder_counts(e.encoder).runs <= 1.6 * (double)extents);
	assert_true((double)unused <= 0.07 * (double)(extents * room));
	free(in);
	free(out);
	erofs_encoder_free(e.encoder);
}

/* Little more than what is reached: without predictions, or with worse ones, it would be more. */
static void rooms_are_filled_well_and_soon(void **state)
{
	(void)state;
	assert_efficient("lz4", INPUT_TEXT, 1.01, 0.001);
	assert_efficient("lz4hc", INPUT_TEXT, 1.01, 0.001);
	assert_efficient("lzma,1", INPUT_TEXT, 1.01, 0.002);
	assert_efficient("deflate,6", INPUT_TEXT, 1.1, 0.002);
	assert_efficient("zstd", INPUT_TEXT, 1.7, 0.006);
	assert_efficient("lzma,1", INPUT_MIXTURE, 1.1, 0.002);
	assert_efficient("deflate,6", INPUT_MIXTURE, 1.4, 0.003);
	assert_efficient("zstd", INPUT_MIXTURE, 2.3, 0.008);
}

/* Bytes 4 and 5: no content size, no checksum, no dictionary; the window that the image announces. */
static void zstd_frames_hold_nothing_needless(void **state)
{
	struct encoding e = encoding_of("zstd,9,dictsize=4096", 65536);
	uint8_t *in = input_make(INPUT_TEXT, 300000, 1), *out = malloc(300000);
	size_t taken = 300000;

	(void)state;
	assert_true(erofs_encode_all(e.encoder, in, 300000, out, 300000) > 6);
	assert_int_equal(out[4], 0);
	assert_int_equal(out[5], (12 - 10) << 3);
	assert_true(erofs_encode_fill(e.encoder, in, &taken, out, 65536, 4096) > 6);
	assert_int_equal(out[4], 0);
	assert_int_equal(out[5], (12 - 10) << 3);
	free(in);
	free(out);
	erofs_encoder_free(e.encoder);
}

static void check_all(const char *compressor, enum input_kind kind, size_t size)
{
	struct encoding e = encoding_of(compressor, 65536);
	uint8_t *in = input_make(kind, size, (uint32_t)size), *out = malloc(2 * size + 1000);
	uint8_t *tight;
	ssize_t encoded = erofs_encode_all(e.encoder, in, size, out, 2 * size + 1000);

	assert_true(encoded > 0);
	assert_int_not_equal(out[0], 0);
	assert_decodes_to(e.algorithm, out, (size_t)encoded, in, size);
	/* Half of that is never enough, and nothing is written behind it. */
	tight = malloc((size_t)encoded / 2 + 1);
	assert_non_null(tight);
	assert_int_equal(erofs_encode_all(e.encoder, in, size, tight, (size_t)encoded / 2), 0);
	free(tight);
	free(in);
	free(out);
	erofs_encoder_free(e.encoder);
}

static void all_of_an_input_decodes(void **state)
{
	static const size_t sizes[] = { 1, 4095, 4097, 65536, 131072, 300000 };

	(void)state;
	for (size_t i = 0; i < COUNT(compressors) * COUNT(sizes) * INPUT_KINDS; i++)
		check_all(compressors[i % COUNT(compressors)], (enum input_kind)(i / COUNT(compressors) % INPUT_KINDS),
			  sizes[i / COUNT(compressors) / INPUT_KINDS]);
	for (size_t i = 0; i < COUNT(more_compressors); i++)
		check_all(more_compressors[i], INPUT_MIXTURE, 65536);
}

/*
 * Zeros in front of encoded bytes are padding, so no stream may begin with one. DEFLATE's would: noise in front of what shrinks
 * well becomes a first block that is stored, at these levels of libdeflate. LZ4 begins with a literal, LZMA with its inverted
 * properties, zstd with a magic number.
 */
static void noise_in_front_makes_no_zero(void **state)
{
	static const struct {
		const char *compressor;
		size_t noise;
	} cases[] = { { "deflate,1", 65536 }, { "deflate,10", 6144 }, { "deflate,12", 6144 }, { "deflate,12", 32768 },
		      { "lz4", 6144 },	      { "lzma,1", 6144 },     { "zstd", 6144 } };
	const size_t size = 262144;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encoding e = encoding_of(cases[i].compressor, 131072);
		uint8_t *in = input_make(INPUT_RANDOM, size, 1), *out = malloc(size);
		ssize_t encoded;

		assert_non_null(out);
		memset(in + cases[i].noise, 'a', size - cases[i].noise);
		encoded = erofs_encode_all(e.encoder, in, size, out, size);
		assert_true(encoded > 0);
		assert_int_not_equal(out[0], 0);
		assert_decodes_to(e.algorithm, out, (size_t)encoded, in, size);
		check_extent(&e, in, size, 131072, 4096);
		free(in);
		free(out);
		erofs_encoder_free(e.encoder);
	}
}

/* The bytes of a file's extents, one behind the other, each with what it holds. */
static size_t record(const struct encoding *e, const uint8_t *in, size_t size, size_t room, uint8_t *out)
{
	size_t used = 0, taken;

	erofs_encoder_begin(e->encoder);
	for (size_t at = 0; at < size; at += taken) {
		ssize_t encoded;

		taken = size - at;
		encoded = erofs_encode_fill(e->encoder, in + at, &taken, out + used, room, room);
		assert_true(encoded >= 0);
		used += (size_t)encoded;
		if (!encoded)
			taken = size - at < room ? size - at : room;
		memcpy(out + used, &taken, sizeof(taken));
		used += sizeof(taken);
		encoded = erofs_encode_all(e->encoder, in + at, taken, out + used, 2 * taken + 100);
		assert_true(encoded > 0);
		used += (size_t)encoded;
	}
	return used;
}

static void check_repeats(const char *compressor)
{
	struct encoding fresh = encoding_of(compressor, 4096), used = encoding_of(compressor, 4096);
	size_t size = 150000;
	/* What is encoded lies right behind what was encoded before, as well as elsewhere. */
	uint8_t *in = input_make(INPUT_MIXTURE, 2 * size, 11), *twin = malloc(size);
	uint8_t *first = malloc(4 * size), *again = malloc(4 * size), *other = malloc(4 * size);
	size_t total;

	memcpy(twin, in + size, size);
	total = record(&fresh, twin, size, 4096, first);
	for (int round = 0; round < 3; round++) {
		record(&used, in, size - (size_t)round * 1000, round ? 65536 : 4096, other);
		assert_int_equal(record(&used, in + size, size, 4096, again), total);
		assert_memory_equal(first, again, total);
	}
	free(in);
	free(twin);
	free(first);
	free(again);
	free(other);
	erofs_encoder_free(fresh.encoder);
	erofs_encoder_free(used.encoder);
}

static void what_was_before_does_not_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(compressors); i++)
		check_repeats(compressors[i]);
	for (size_t i = 0; i < COUNT(more_compressors); i++)
		check_repeats(more_compressors[i]);
}

static void settings_out_of_range_are_refused(void **state)
{
	struct erofs_encoder_settings settings = {
		.compression = { .compressor = EROFS_COMPRESSOR_ZSTD, .level = 3, .lc = -1, .lp = -1, .pb = -1 },
		.encoded_max = 4096,
		.input_max = 65536,
		.dict_size = 2u << 20,
	};
	struct erofs_encoder *encoder;

	(void)state;
	assert_int_equal(erofs_encoder_new(&encoder, &settings), -EINVAL);
	settings.dict_size = 0;
	assert_int_equal(erofs_encoder_new(&encoder, &settings), -EINVAL);
	settings.dict_size = 65536;
	settings.compression.compressor = EROFS_COMPRESSOR_LZ4;
	assert_int_equal(erofs_encoder_new(&encoder, &settings), -EINVAL);
}

static uint32_t dict_size(const char *text, uint32_t encoded_max, uint32_t decoded_max)
{
	struct erofs_compression compression;
	const char *end, *reason;

	assert_int_equal(erofs_compression_parse(&compression, text, &end, &reason), 0);
	return erofs_encoder_dict_size(&compression, encoded_max, decoded_max);
}

static void history_suits_the_extents(void **state)
{
	(void)state;
	assert_int_equal(dict_size("lz4", 4096, INPUT_MAX), 0);
	assert_int_equal(dict_size("deflate", 4096, INPUT_MAX), 32768);
	assert_int_equal(dict_size("zstd", 4096, INPUT_MAX), 32768);
	assert_int_equal(dict_size("zstd", 1u << 20, INPUT_MAX), 1u << 20);
	assert_int_equal(dict_size("zstd", 65536, 65536), 65536);
	assert_int_equal(dict_size("zstd", 100000, 100000), 131072);
	assert_int_equal(dict_size("zstd", 512, 512), 1024);
	assert_int_equal(dict_size("zstd,dictsize=2048", 65536, INPUT_MAX), 2048);
	assert_int_equal(dict_size("lzma", 4096, INPUT_MAX), 32768);
	assert_int_equal(dict_size("lzma", 65536, INPUT_MAX), 262144);
	assert_int_equal(dict_size("lzma", 1u << 20, INPUT_MAX), 4u << 20);
	assert_int_equal(dict_size("lzma,dictsize=8388608", 1u << 20, INPUT_MAX), 8u << 20);
	assert_int_equal(dict_size("lzma", 512, 512), 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fills_a_room_decodes),
		cmocka_unit_test(what_fills_a_room_decodes_at_every_level),
		cmocka_unit_test(a_megabyte_is_filled),
		cmocka_unit_test(rooms_are_filled_well_and_soon),
		cmocka_unit_test(large_rooms_are_filled_sooner),
		cmocka_unit_test(zstd_frames_hold_nothing_needless),
		cmocka_unit_test(all_of_an_input_decodes),
		cmocka_unit_test(noise_in_front_makes_no_zero),
		cmocka_unit_test(what_was_before_does_not_matter),
		cmocka_unit_test(settings_out_of_range_are_refused),
		cmocka_unit_test(history_suits_the_extents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
