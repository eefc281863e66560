/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <erofs/fingerprint.h>

#include "lib/codec/hasher.h"
#include "tests/unit/unit.h"

#define BLOCK 4096u

static void digest_in_pieces(uint8_t raw[32], const uint8_t *data, size_t size, size_t piece)
{
	static struct erofs_hasher *hasher;

	if (!hasher)
		hasher = erofs_hasher_new(EROFS_DIGEST_FSVERITY);
	assert_non_null(hasher);
	assert_int_equal(erofs_hasher_begin(hasher), 0);
	for (size_t at = 0; at < size; at += piece)
		assert_int_equal(erofs_hasher_append(hasher, data + at, size - at < piece ? size - at : piece), 0);
	assert_int_equal(erofs_hasher_end(hasher, raw), 0);
}

/* By the definition: a level after the other, each padded to whole blocks, in memory. */
static void defined_digest(uint8_t raw[32], const uint8_t *data, size_t size)
{
	uint8_t descriptor[256] = { 1, 1, 12 };
	size_t blocks = (size + BLOCK - 1) / BLOCK;
	uint8_t *level = calloc(blocks + 1, BLOCK);

	assert_non_null(level);
	memcpy(level, data, size);
	while (size) {
		size_t above = (blocks * 32 + BLOCK - 1) / BLOCK;
		uint8_t *next = calloc(above, BLOCK);

		assert_non_null(next);
		for (size_t i = 0; i < blocks; i++)
			SHA256(level + i * BLOCK, BLOCK, next + i * 32);
		free(level);
		level = next;
		if (blocks == 1)
			break;
		blocks = above;
	}
	memcpy(descriptor + 16, level, size ? 32 : 0);
	free(level);
	for (unsigned int i = 0; i < 8; i++)
		descriptor[8 + i] = (uint8_t)((uint64_t)size >> 8 * i);
	SHA256(descriptor, sizeof(descriptor), raw);
}

/* What fsverity(1) 1.5 prints for such files. */
static void known_digests(void **state)
{
	static const struct {
		size_t size;
		const char *of, *digest;
	} known[] = {
		{ 0, "", "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95" },
		{ 3, "abc", "700b6bd8510f0b4f9bac8b9cf0459151a1c4a99f467892bb4bd289a67df8e19c" },
		{ 4096, NULL, "a2a808ddaced77f0b6b3068f47b14b5a1fb3fc43674993ab11b8e7e6f2d089e2" },
		{ 528385, NULL, "d1d4fe6cdd3217273008e791e112de02894b96639e25ca74070262aa5f83bf03" },
		{ 4097, "", "093756e4ea9683329106d4a16982682ed182c14bf076463a9e7f97305cbac743" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t *data = calloc(1, known[i].size + 1), raw[32];
		char text[65];

		assert_non_null(data);
		if (known[i].of)
			memcpy(data, known[i].of, strlen(known[i].of));
		else
			memset(data, 'a', known[i].size);
		digest_in_pieces(raw, data, known[i].size, 1000);
		for (unsigned int at = 0; at < 32; at++)
			snprintf(text + 2 * (size_t)at, 3, "%02x", raw[at]);
		assert_string_equal(text, known[i].digest);
		free(data);
	}
}

/* Around each size at which the tree gets a block or a level more, with zeros in it, in pieces that fit and do not. */
static void trees_of_all_heights(void **state)
{
	static const size_t blocks[] = { 1, 2, 127, 128, 129, 255, 256, 257, 128 * 128 - 1, 128 * 128, 128 * 128 + 1 };
	size_t most = (128 * 128 + 2) * (size_t)BLOCK;
	uint8_t *data = malloc(most), raw[32], expected[32];

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < most; i++)
		data[i] = i / BLOCK % 5 == 3 ? 0 : (uint8_t)(i * 2654435761u >> 13);
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		for (int more = -1; more <= 1; more++) {
			size_t size = blocks[i] * BLOCK + (size_t)more;

			defined_digest(expected, data, size);
			digest_in_pieces(raw, data, size, 1 << 20);
			assert_memory_equal(raw, expected, 32);
			digest_in_pieces(raw, data, size, 5003);
			assert_memory_equal(raw, expected, 32);
		}
	free(data);
}

static void names_and_values(void **state)
{
	uint8_t value[EROFS_FINGERPRINT_VALUE_MAX], raw[32] = { 7 };
	const uint8_t *found;

	(void)state;
	assert_int_equal(erofs_digest_by_name("fsverity"), EROFS_DIGEST_FSVERITY);
	assert_int_equal(erofs_digest_by_name("fsverity-sha256-4096"), EROFS_DIGEST_FSVERITY);
	assert_int_equal(erofs_digest_by_name("fsverity-sha256"), EROFS_DIGEST_NONE);
	assert_int_equal(erofs_fingerprint_compose(value, EROFS_DIGEST_FSVERITY, raw), 53);
	assert_memory_equal(value, "fsverity-sha256-4096:\7", 22);
	assert_int_equal(erofs_fingerprint_parse(&found, value, 53), EROFS_DIGEST_FSVERITY);
	assert_ptr_equal(found, value + 21);
	assert_int_equal(erofs_fingerprint_parse(&found, value, 52), EROFS_DIGEST_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(trees_of_all_heights),
		cmocka_unit_test(names_and_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
