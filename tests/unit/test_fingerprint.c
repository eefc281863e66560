/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include <erofs/fingerprint.h>

#include "lib/codec/hasher.h"
#include "tests/unit/unit.h"

/* FIPS 180-4: the digest of "abc". */
static const uint8_t abc_256[32] = "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
				   "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad";

static void names_and_sizes(void **state)
{
	(void)state;
	assert_int_equal(erofs_digest_by_name("sha256"), EROFS_DIGEST_SHA256);
	assert_int_equal(erofs_digest_by_name("sha512"), EROFS_DIGEST_SHA512);
	assert_int_equal(erofs_digest_by_name("none"), EROFS_DIGEST_NONE);
	assert_int_equal(erofs_digest_by_name("SHA256"), EROFS_DIGEST_NONE);
	assert_int_equal(erofs_digest_by_name(""), EROFS_DIGEST_NONE);
	assert_int_equal(erofs_digest_size(EROFS_DIGEST_NONE), 0);
	assert_int_equal(erofs_digest_size(EROFS_DIGEST_SHA256), 32);
	assert_int_equal(erofs_digest_size(EROFS_DIGEST_SHA512), 64);
	assert_int_equal(erofs_fingerprint_value_size(EROFS_DIGEST_SHA256), 39);
	assert_int_equal(erofs_fingerprint_value_size(EROFS_DIGEST_SHA512), 71);
	assert_int_equal(EROFS_FINGERPRINT_VALUE_MAX, 71);
	assert_string_equal(erofs_digest_name(EROFS_DIGEST_SHA512), "sha512");
}

static void values_hold_the_raw_digest(void **state)
{
	uint8_t value[EROFS_FINGERPRINT_VALUE_MAX];
	const uint8_t *raw = NULL;

	(void)state;
	assert_int_equal(erofs_fingerprint_compose(value, EROFS_DIGEST_SHA256, abc_256), 39);
	assert_memory_equal(value, "sha256:", 7);
	assert_memory_equal(value + 7, abc_256, 32);
	assert_int_equal(erofs_fingerprint_parse(&raw, value, 39), EROFS_DIGEST_SHA256);
	assert_ptr_equal(raw, value + 7);
}

static void malformed_values_are_none(void **state)
{
	char value[72] = "sha256:";
	const uint8_t *raw;

	(void)state;
	for (size_t size = 0; size < sizeof(value); size++)
		assert_int_equal(erofs_fingerprint_parse(&raw, value, size),
				 size == 39 ? EROFS_DIGEST_SHA256 : EROFS_DIGEST_NONE);
	value[6] = '-';
	assert_int_equal(erofs_fingerprint_parse(&raw, value, 39), EROFS_DIGEST_NONE);
	memcpy(value, "SHA256:", 7);
	assert_int_equal(erofs_fingerprint_parse(&raw, value, 39), EROFS_DIGEST_NONE);
	memcpy(value, "sha512:", 7);
	assert_int_equal(erofs_fingerprint_parse(&raw, value, 71), EROFS_DIGEST_SHA512);
	assert_int_equal(erofs_fingerprint_parse(&raw, value, 39), EROFS_DIGEST_NONE);
}

static void hashers_can_be_used_again(void **state)
{
	struct erofs_hasher *hasher = erofs_hasher_new(EROFS_DIGEST_SHA256);
	uint8_t raw[EROFS_DIGEST_MAX];

	(void)state;
	assert_non_null(hasher);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(erofs_hasher_begin(hasher), 0);
		assert_int_equal(erofs_hasher_append(hasher, "a", 1), 0);
		assert_int_equal(erofs_hasher_append(hasher, "", 0), 0);
		assert_int_equal(erofs_hasher_append(hasher, "bc", 2), 0);
		assert_int_equal(erofs_hasher_end(hasher, raw), 0);
		assert_memory_equal(raw, abc_256, 32);
	}
	/* What was begun and not ended does not count. */
	assert_int_equal(erofs_hasher_begin(hasher), 0);
	assert_int_equal(erofs_hasher_append(hasher, "junk", 4), 0);
	assert_int_equal(erofs_hasher_begin(hasher), 0);
	assert_int_equal(erofs_hasher_append(hasher, "abc", 3), 0);
	assert_int_equal(erofs_hasher_end(hasher, raw), 0);
	assert_memory_equal(raw, abc_256, 32);
	erofs_hasher_free(hasher);
	erofs_hasher_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_sizes),
		cmocka_unit_test(values_hold_the_raw_digest),
		cmocka_unit_test(malformed_values_are_none),
		cmocka_unit_test(hashers_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
