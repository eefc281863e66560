/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "config.h"

#include <erofs/compress.h>

#include <errno.h>
#include <string.h>

#define LZMA_EXTREME 100

/*
 * Levels left out are those of erofs-utils. LZ4 proper has no levels. libdeflate knows no window but the largest, and
 * has levels above zlib's.
 */
static const struct erofs_compressor_info limits[EROFS_COMPRESSOR_COUNT] = {
	[EROFS_COMPRESSOR_LZ4] = { "lz4", EROFS_ALGORITHM_LZ4, 0, 0, 0, 0, 0 },
	[EROFS_COMPRESSOR_LZ4HC] = { "lz4hc", EROFS_ALGORITHM_LZ4, 0, 12, 9, 0, 0 },
	[EROFS_COMPRESSOR_LZMA] = { "lzma", EROFS_ALGORITHM_LZMA, 0, 9, 6, 4096, 8u << 20 },
	[EROFS_COMPRESSOR_DEFLATE] = { "deflate", EROFS_ALGORITHM_DEFLATE, 0, 12, 1, 32768, 32768 },
	[EROFS_COMPRESSOR_ZSTD] = { "zstd", EROFS_ALGORITHM_ZSTD, 0, 22, 3, 1024, 1u << 20 },
};

const struct erofs_compressor_info *erofs_compressor_limits(enum erofs_compressor compressor)
{
	return (unsigned int)compressor < EROFS_COMPRESSOR_COUNT ? &limits[compressor] : NULL;
}

const char *erofs_algorithm_name(int algorithm)
{
	static const char *const names[EROFS_ALGORITHM_COUNT] = { "lz4", "lzma", "deflate", "zstd" };

	return algorithm >= 0 && algorithm < EROFS_ALGORITHM_COUNT ? names[algorithm] : NULL;
}

static const bool is_built[EROFS_ALGORITHM_COUNT] = {
#ifdef HAVE_LZ4
	[EROFS_ALGORITHM_LZ4] = true,
#endif
#ifdef HAVE_LZMA
	[EROFS_ALGORITHM_LZMA] = true,
#endif
#ifdef HAVE_DEFLATE
	[EROFS_ALGORITHM_DEFLATE] = true,
#endif
#ifdef HAVE_ZSTD
	[EROFS_ALGORITHM_ZSTD] = true,
#endif
};

bool erofs_algorithm_is_built(int algorithm)
{
	return algorithm >= 0 && algorithm < EROFS_ALGORITHM_COUNT && is_built[algorithm];
}

/* A piece of the text: up to the next ',' or ':' or the end. */
struct word {
	const char *text;
	size_t size;
};

static struct word word_at(const char *text)
{
	return (struct word){ text, strcspn(text, ",:") };
}

static bool word_is(const struct word *word, const char *name)
{
	return strlen(name) == word->size && !memcmp(name, word->text, word->size);
}

/* Takes "KEY=" off the front. */
static bool take_key(struct word *word, const char *key)
{
	size_t size = strlen(key);

	if (word->size <= size || memcmp(word->text, key, size) != 0 || word->text[size] != '=')
		return false;
	word->text += size + 1;
	word->size -= size + 1;
	return true;
}

static bool parse_number(const struct word *word, uint32_t *value)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < word->size; i++) {
		if (word->text[i] < '0' || word->text[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(word->text[i] - '0');
		if (sum > UINT32_MAX)
			return false;
	}
	*value = (uint32_t)sum;
	return word->size != 0;
}

static const char *set_level(struct erofs_compression *out, const struct word *word)
{
	const struct erofs_compressor_info *limit = &limits[out->compressor];
	uint32_t level, within;

	if (out->compressor == EROFS_COMPRESSOR_LZ4)
		return "lz4 has no levels (lz4hc has)";
	if (!parse_number(word, &level))
		return "the level is not a number";
	within = level;
	if (out->compressor == EROFS_COMPRESSOR_LZMA && level >= LZMA_EXTREME)
		within -= LZMA_EXTREME;
	if (within > (uint32_t)limit->level_max)
		return "the compressor has no such level";
	out->level = (int)level;
	return NULL;
}

static const char *set_dict_size(struct erofs_compression *out, const struct word *word)
{
	const struct erofs_compressor_info *limit = &limits[out->compressor];
	uint32_t size;

	if (!limit->dict_max)
		return "the compressor has no dictionary size to choose";
	if (!parse_number(word, &size))
		return "the dictionary size is not a number of bytes";
	if (out->compressor == EROFS_COMPRESSOR_DEFLATE && size != limit->dict_max)
		return "the dictionary size of deflate is always 32768";
	if (size < limit->dict_min || size > limit->dict_max)
		return "the dictionary size is outside of what the format has for the compressor";
	if (out->compressor == EROFS_COMPRESSOR_ZSTD && (size & (size - 1)))
		return "the dictionary size of zstd is a power of two";
	out->dict_size = size;
	return NULL;
}

static const char *set_lzma(struct erofs_compression *out, int8_t *field, const struct word *word)
{
	uint32_t value;

	if (out->compressor != EROFS_COMPRESSOR_LZMA)
		return "lc, lp and pb are settings of lzma only";
	if (!parse_number(word, &value) || value > 4)
		return "lc, lp and pb are numbers from 0 to 4";
	*field = (int8_t)value;
	return NULL;
}

static const char *set_name(struct erofs_compression *out, const struct word *word)
{
	for (int i = 0; i < EROFS_COMPRESSOR_COUNT; i++) {
		if (!word_is(word, limits[i].name) && !(i == EROFS_COMPRESSOR_DEFLATE && word_is(word, "libdeflate")))
			continue;
		*out = (struct erofs_compression){ .compressor = (enum erofs_compressor)i,
						   .level = limits[i].level_default,
						   .lc = -1,
						   .lp = -1,
						   .pb = -1 };
		return NULL;
	}
	return "no such compressor (there are lz4, lz4hc, lzma, deflate and zstd)";
}

static const char *name_left_out(const struct erofs_compression *compression)
{
	static const char *const reasons[EROFS_ALGORITHM_COUNT] = {
		"this program was built without LZ4",
		"this program was built without LZMA",
		"this program was built without DEFLATE",
		"this program was built without Zstandard",
	};

	return reasons[limits[compression->compressor].algorithm];
}

static const char *set_option(struct erofs_compression *out, struct word word)
{
	if (take_key(&word, "level"))
		return set_level(out, &word);
	if (take_key(&word, "dictsize"))
		return set_dict_size(out, &word);
	if (take_key(&word, "lc"))
		return set_lzma(out, &out->lc, &word);
	if (take_key(&word, "lp"))
		return set_lzma(out, &out->lp, &word);
	if (take_key(&word, "pb"))
		return set_lzma(out, &out->pb, &word);
	if (word.size && word.text[0] >= '0' && word.text[0] <= '9')
		return set_level(out, &word);
	return "not one of LEVEL, level=, dictsize=, lc=, lp= and pb=";
}

/* lc is 3 in every preset, lp 0. */
static bool literal_bits_fit(const struct erofs_compression *c)
{
	return (c->lc < 0 ? 3 : c->lc) + (c->lp < 0 ? 0 : c->lp) <= 4;
}

int erofs_compression_parse(struct erofs_compression *out, const char *text, const char **end, const char **reason)
{
	struct erofs_compression parsed;
	struct word word;
	const char *wrong;

	if (!out || !text || !end || !reason)
		return -EINVAL;
	word = word_at(text);
	wrong = set_name(&parsed, &word);
	while (!wrong && word.text[word.size] == ',') {
		word = word_at(word.text + word.size + 1);
		wrong = set_option(&parsed, word);
	}
	if (!wrong && !literal_bits_fit(&parsed))
		wrong = "lc and lp are 4 together at most";
	if (wrong) {
		*reason = wrong;
		return -EINVAL;
	}
	if (!erofs_algorithm_is_built((int)limits[parsed.compressor].algorithm)) {
		*reason = name_left_out(&parsed);
		return -EOPNOTSUPP;
	}
	*out = parsed;
	*end = word.text + word.size;
	return 0;
}
