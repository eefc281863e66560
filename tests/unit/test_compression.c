/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/compress.h>

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct erofs_compression parse(const char *text, const char *rest)
{
	struct erofs_compression c;
	const char *end, *reason = "none";

	if (erofs_compression_parse(&c, text, &end, &reason))
		fail_msg("%s: %s", text, reason);
	assert_string_equal(end, rest);
	return c;
}

static void assert_parses(const char *text, enum erofs_compressor compressor, int level, uint32_t dict_size)
{
	struct erofs_compression c = parse(text, "");

	assert_int_equal(c.compressor, compressor);
	assert_int_equal(c.level, level);
	assert_int_equal(c.dict_size, dict_size);
	assert_int_equal(c.lc, -1);
	assert_int_equal(c.lp, -1);
	assert_int_equal(c.pb, -1);
}

static void assert_refused(const char *text)
{
	struct erofs_compression c = { .level = 77 };
	const char *end = NULL, *reason = NULL;

	if (erofs_compression_parse(&c, text, &end, &reason) != -EINVAL)
		fail_msg("accepted: %s", text);
	assert_non_null(reason);
	assert_true(strlen(reason) > 10);
	assert_int_equal(c.level, 77);
}

static void names_and_levels_are_read(void **state)
{
	(void)state;
	assert_parses("lz4", EROFS_COMPRESSOR_LZ4, 0, 0);
	assert_parses("lz4hc", EROFS_COMPRESSOR_LZ4HC, 9, 0);
	assert_parses("lz4hc,12", EROFS_COMPRESSOR_LZ4HC, 12, 0);
	assert_parses("lz4hc,level=0", EROFS_COMPRESSOR_LZ4HC, 0, 0);
	assert_parses("lzma", EROFS_COMPRESSOR_LZMA, 6, 0);
	assert_parses("lzma,109", EROFS_COMPRESSOR_LZMA, 109, 0);
	assert_parses("lzma,level=100", EROFS_COMPRESSOR_LZMA, 100, 0);
	assert_parses("lzma,level=6,dictsize=65537", EROFS_COMPRESSOR_LZMA, 6, 65537);
	assert_parses("lzma,dictsize=8388608", EROFS_COMPRESSOR_LZMA, 6, 8388608);
	assert_parses("deflate", EROFS_COMPRESSOR_DEFLATE, 1, 0);
	assert_parses("deflate,9,dictsize=32768", EROFS_COMPRESSOR_DEFLATE, 9, 32768);
	assert_parses("libdeflate,12", EROFS_COMPRESSOR_DEFLATE, 12, 0);
	assert_parses("zstd", EROFS_COMPRESSOR_ZSTD, 3, 0);
	assert_parses("zstd,8", EROFS_COMPRESSOR_ZSTD, 8, 0);
	assert_parses("zstd,level=22,dictsize=1048576", EROFS_COMPRESSOR_ZSTD, 22, 1048576);
	assert_parses("zstd,dictsize=1024,level=1", EROFS_COMPRESSOR_ZSTD, 1, 1024);
}

static void it_ends_at_a_colon(void **state)
{
	struct erofs_compression c;

	(void)state;
	c = parse("lz4:zstd,5", ":zstd,5");
	assert_int_equal(c.compressor, EROFS_COMPRESSOR_LZ4);
	c = parse("zstd,5:lz4", ":lz4");
	assert_int_equal(c.level, 5);
}

static void lzma_has_more_settings(void **state)
{
	struct erofs_compression c;

	(void)state;
	c = parse("lzma,lc=0,lp=2,pb=1", "");
	assert_int_equal(c.lc, 0);
	assert_int_equal(c.lp, 2);
	assert_int_equal(c.pb, 1);
	parse("lzma,lp=1", "");
	assert_refused("lzma,lp=2");
	assert_refused("lzma,lc=4,lp=1");
	assert_refused("lzma,lc=5");
	assert_refused("lzma,pb=");
	assert_refused("zstd,lc=1");
	assert_refused("lz4,pb=1");
}

static void what_is_wrong_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		",3",
		"lz",
		"lz4h",
		"lz4hcc",
		"LZ4",
		"gzip",
		"lz4,1",
		"lz4,level=0",
		"lz4hc,13",
		"lz4hc,-1",
		"lzma,10",
		"lzma,99",
		"lzma,110",
		"lzma,200",
		"deflate,13",
		"zstd,23",
		"zstd,",
		"zstd,level",
		"zstd,level=",
		"zstd,3x",
		"zstd,level=x",
		"zstd,4294967299",
		"zstd,3,",
		"zstd,foo=1",
		"zstd, 3",
		"zstd,dictsize=0",
		"zstd,dictsize=70000",
		"zstd,dictsize=512",
		"zstd,dictsize=2097152",
		"lzma,dictsize=4095",
		"lzma,dictsize=8388609",
		"deflate,dictsize=4096",
		"lz4,dictsize=65536",
		"lzma,dictsize=99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(wrong[i]);
}

static void limits_and_names_agree_with_the_parser(void **state)
{
	(void)state;
	for (int i = 0; i < EROFS_COMPRESSOR_COUNT; i++) {
		const struct erofs_compressor_info *limits = erofs_compressor_limits((enum erofs_compressor)i);

		assert_parses(limits->name, (enum erofs_compressor)i, limits->level_default, 0);
		assert_non_null(erofs_algorithm_name(limits->algorithm));
	}
	assert_null(erofs_compressor_limits((enum erofs_compressor)EROFS_COMPRESSOR_COUNT));
	assert_string_equal(erofs_algorithm_name(EROFS_ALGORITHM_LZ4), "lz4");
	assert_string_equal(erofs_algorithm_name(EROFS_ALGORITHM_LZMA), "lzma");
	assert_string_equal(erofs_algorithm_name(EROFS_ALGORITHM_DEFLATE), "deflate");
	assert_string_equal(erofs_algorithm_name(EROFS_ALGORITHM_ZSTD), "zstd");
	assert_null(erofs_algorithm_name(4));
	assert_null(erofs_algorithm_name(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_levels_are_read),
		cmocka_unit_test(it_ends_at_a_colon),
		cmocka_unit_test(lzma_has_more_settings),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(limits_and_names_agree_with_the_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
