/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/archive/tar_write.h"
#include "lib/util/buffer.h"

/* What stands where is written here once more, from POSIX 1003.1, pax interchange format. */
#define EIGHT_GIB (UINT64_C(1) << 33)

static const char *written; /* what the last call wrote */
static size_t written_size;
static struct erofs_buffer out;

static int write_file(const char *path, uint64_t size)
{
	int err;

	out.size = 0;
	err = erofs_archive_tar_write_file(&out, path, size);
	written = (const char *)out.data;
	written_size = out.size;
	return err;
}

/* A name of `length` bytes. */
static const char *name_of(size_t length)
{
	static char name[1024];

	for (size_t i = 0; i < length; i++)
		name[i] = (char)('a' + i % 26);
	name[length] = 0;
	return name;
}

static void check_header(const char *header, const char *name, uint64_t size, char type)
{
	unsigned long sum = 0;

	assert_int_equal(strncmp(header, name, 100), 0);
	assert_int_equal(strtoull(header + 124, NULL, 8), size);
	assert_int_equal(header[156], type);
	assert_memory_equal(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)header[i];
	assert_int_equal(strtoul(header + 148, NULL, 8), sum);
}

/* The one record of an extended header, behind its header. */
static void check_record(const char *key, const char *value)
{
	char expected[1200];
	int length = snprintf(expected, sizeof(expected), "%s=%s\n", key, value);
	const char *record = written + 512;
	char *rest;
	unsigned long said = strtoul(record, &rest, 10);

	assert_int_equal(*rest, ' ');
	assert_int_equal(said, (size_t)(rest + 1 - record) + (size_t)length);
	assert_memory_equal(rest + 1, expected, (size_t)length);
	check_header(written, "pax", said, 'x');
	for (size_t i = said; i < 512; i++)
		assert_int_equal(record[i], 0);
}

static void short_names_and_sizes_need_a_header_only(void **state)
{
	(void)state;
	assert_int_equal(write_file("blobs/sha256/x", 0), 0);
	assert_int_equal(written_size, 512);
	check_header(written, "blobs/sha256/x", 0, '0');
	assert_int_equal(write_file(name_of(100), EIGHT_GIB - 1), 0);
	assert_int_equal(written_size, 512);
	check_header(written, name_of(100), EIGHT_GIB - 1, '0');
}

static void long_names_have_a_record(void **state)
{
	static const size_t lengths[] = { 101, 141, 300 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		assert_int_equal(write_file(name_of(lengths[i]), 7), 0);
		assert_int_equal(written_size, 3 * 512);
		check_record("path", name_of(lengths[i]));
		check_header(written + 1024, name_of(lengths[i]), 7, '0');
	}
}

static void large_sizes_have_a_record(void **state)
{
	(void)state;
	assert_int_equal(write_file("large", EIGHT_GIB), 0);
	assert_int_equal(written_size, 3 * 512);
	check_record("size", "8589934592");
	check_header(written + 1024, "large", 0, '0');
	assert_int_equal(write_file("larger", UINT64_MAX), 0);
	check_record("size", "18446744073709551615");
}

static void what_has_both_has_two_records(void **state)
{
	char expected[1200];

	(void)state;
	snprintf(expected, sizeof(expected), "111 path=%s\n19 size=8589934592\n", name_of(101));
	assert_int_equal(write_file(name_of(101), EIGHT_GIB), 0);
	assert_int_equal(written_size, 3 * 512);
	check_header(written, "pax", strlen(expected), 'x');
	assert_memory_equal(written + 512, expected, strlen(expected));
}

static void a_name_without_room_is_refused(void **state)
{
	(void)state;
	assert_int_equal(write_file(name_of(500), 1), -ENAMETOOLONG);
}

static void members_end_at_a_block(void **state)
{
	(void)state;
	assert_int_equal(erofs_archive_tar_padding(0), 0);
	assert_int_equal(erofs_archive_tar_padding(1), 511);
	assert_int_equal(erofs_archive_tar_padding(512), 0);
	assert_int_equal(erofs_archive_tar_padding(EIGHT_GIB + 513), 511);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_names_and_sizes_need_a_header_only),
		cmocka_unit_test(long_names_have_a_record),
		cmocka_unit_test(large_sizes_have_a_record),
		cmocka_unit_test(what_has_both_has_two_records),
		cmocka_unit_test(a_name_without_room_is_refused),
		cmocka_unit_test(members_end_at_a_block),
	};
	int failures = cmocka_run_group_tests(tests, NULL, NULL);

	erofs_buffer_release(&out);
	return failures;
}
