/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/contents.h"

#include <string.h>

#include "tests/unit/unit.h"

static void make_digest(uint8_t *out, size_t size, uint32_t i)
{
	memset(out, 0x5a, size);
	memcpy(out, &i, sizeof(i));
	memcpy(out + size - sizeof(i), &i, sizeof(i));
}

static void intern_many(size_t digest_size, uint32_t count)
{
	struct erofs_contents contents = { .digest_size = digest_size };
	uint8_t digest[64];
	uint32_t number;

	assert_int_equal(erofs_writer_contents_count(&contents), 0);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < count; i++) {
			make_digest(digest, digest_size, i);
			assert_int_equal(erofs_writer_contents_intern(&contents, &number, digest), 0);
			assert_int_equal(number, i);
			if (round == 0) {
				assert_int_equal(erofs_writer_contents_count(&contents), i + 1);
				assert_int_equal(erofs_writer_contents_owner(&contents, i)->inode_number,
						 EROFS_CONTENT_NONE);
				erofs_writer_contents_owner(&contents, i)->inode_number = 3 * i;
			}
		}
	}
	assert_int_equal(erofs_writer_contents_count(&contents), count);
	for (uint32_t i = 0; i < count; i++) {
		make_digest(digest, digest_size, i);
		assert_memory_equal(erofs_writer_contents_digest(&contents, i), digest, digest_size);
		assert_int_equal(erofs_writer_contents_owner(&contents, i)->inode_number, 3 * i);
	}
	erofs_writer_contents_release(&contents);
}

static void equal_digests_have_one_number(void **state)
{
	(void)state;
	intern_many(32, 100000);
	intern_many(64, 1000);
}

/* The hash looks at a part of the digest, the comparison must look at all of it. */
static void digests_may_differ_in_any_byte(void **state)
{
	(void)state;
	for (size_t size = 32; size <= 64; size += 32) {
		struct erofs_contents contents = { .digest_size = size };
		uint8_t digest[64] = { 0 };
		uint32_t number;

		assert_int_equal(erofs_writer_contents_intern(&contents, &number, digest), 0);
		for (uint32_t at = 0; at < size; at++) {
			digest[at] = 1;
			assert_int_equal(erofs_writer_contents_intern(&contents, &number, digest), 0);
			assert_int_equal(number, at + 1);
			digest[at] = 0;
		}
		assert_int_equal(erofs_writer_contents_intern(&contents, &number, digest), 0);
		assert_int_equal(number, 0);
		erofs_writer_contents_release(&contents);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_digests_have_one_number),
		cmocka_unit_test(digests_may_differ_in_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
