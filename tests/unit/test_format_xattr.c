/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_xattr.h"

#include <string.h>

#include <erofs/image.h>

#include "tests/unit/unit.h"

static void assert_split(const char *name, bool known, uint8_t index, const char *rest)
{
	uint8_t found = 99;
	size_t at = 99;

	assert_int_equal(erofs_xattr_split_name(&found, &at, name, strlen(name)), known);
	assert_int_equal(found, index);
	assert_string_equal(name + at, rest);
}

static void names_are_split_at_their_namespace(void **state)
{
	(void)state;
	assert_split("user.a", true, 1, "a");
	assert_split("user.trusted.a", true, 1, "trusted.a");
	assert_split("system.posix_acl_access", true, 2, "");
	assert_split("system.posix_acl_default", true, 3, "");
	assert_split("trusted.erofs.fingerprint", true, 4, "erofs.fingerprint");
	assert_split("security.capability", true, 6, "capability");
	assert_split("system.posix_acl_accessx", false, 0, "system.posix_acl_accessx");
	assert_split("system.nfs4_acl", false, 0, "system.nfs4_acl");
	assert_split("lustre.lov", false, 0, "lustre.lov");
	assert_split("user", false, 0, "user");
	assert_split("user.", false, 0, "user.");
	assert_split("erofs.fingerprint.v1", false, 0, "erofs.fingerprint.v1");
	assert_split("", false, 0, "");
}

static void base_prefixes_have_texts(void **state)
{
	(void)state;
	assert_string_equal(erofs_xattr_base_prefix(0), "");
	assert_string_equal(erofs_xattr_base_prefix(1), "user.");
	assert_string_equal(erofs_xattr_base_prefix(2), "system.posix_acl_access");
	assert_string_equal(erofs_xattr_base_prefix(3), "system.posix_acl_default");
	assert_string_equal(erofs_xattr_base_prefix(4), "trusted.");
	assert_string_equal(erofs_xattr_base_prefix(6), "security.");
	assert_null(erofs_xattr_base_prefix(7));
	assert_null(erofs_xattr_base_prefix(255));
}

/* Bits worked out with an XXH32 of another origin; the first one is also what images of other builders have. */
static void filter_bits_are_linuxs(void **state)
{
	static const struct {
		uint8_t index;
		const char *rest;
		unsigned int bit;
	} known[] = {
		{ 4, "erofs.fingerprint", 30 },
		{ 1, "one", 18 },
		{ 2, "", 30 },
		{ 3, "", 21 },
		{ 6, "capability", 29 },
		{ 6, "selinux", 11 },
		{ 4, "overlay.opaque", 20 },
		{ 1, "", 16 },
		{ 0, "erofs.fingerprint.v1", 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(erofs_xattr_filter_bit(known[i].index, known[i].rest, strlen(known[i].rest)),
				 1u << known[i].bit);
}

static void headers(void **state)
{
	static const uint8_t golden[EROFS_XATTR_HEADER_SIZE] = "\x01\x02\x03\x84\x05";
	const struct erofs_xattr_header header = { .name_filter = 0x84030201, .shared_count = 5 };
	struct erofs_xattr_header out;
	uint8_t bytes[EROFS_XATTR_HEADER_SIZE];

	(void)state;
	memset(bytes, 0xaa, sizeof(bytes));
	erofs_xattr_header_encode(&header, bytes);
	assert_memory_equal(bytes, golden, sizeof(golden));
	assert_int_equal(erofs_xattr_header_reserved_byte(bytes), -1);
	erofs_xattr_header_decode(&out, bytes);
	assert_int_equal(out.name_filter, header.name_filter);
	assert_int_equal(out.shared_count, 5);
	for (int at = 5; at < 12; at++) {
		memcpy(bytes, golden, sizeof(golden));
		bytes[at] = 1;
		assert_int_equal(erofs_xattr_header_reserved_byte(bytes), at);
	}
}

static void entries(void **state)
{
	const struct erofs_xattr_entry entry = { .name_len = 3, .name_index = 0x84, .value_size = 0x0102 };
	struct erofs_xattr_entry out;
	uint8_t bytes[EROFS_XATTR_ENTRY_SIZE];

	(void)state;
	erofs_xattr_entry_encode(&entry, bytes);
	assert_memory_equal(bytes, "\x03\x84\x02\x01", 4);
	erofs_xattr_entry_decode(&out, bytes);
	assert_int_equal(out.name_len, 3);
	assert_int_equal(out.name_index, 0x84);
	assert_int_equal(out.value_size, 0x0102);
	assert_int_equal(erofs_xattr_entry_span(0, 0), 4);
	assert_int_equal(erofs_xattr_entry_span(1, 0), 8);
	assert_int_equal(erofs_xattr_entry_span(2, 2), 8);
	assert_int_equal(erofs_xattr_entry_span(2, 3), 12);
	assert_int_equal(erofs_xattr_entry_span(255, 65535), 65796);
}

static void areas(void **state)
{
	(void)state;
	assert_int_equal(erofs_xattr_area_size(0), 0);
	assert_int_equal(erofs_xattr_area_size(1), 12);
	assert_int_equal(erofs_xattr_area_size(2), 16);
	assert_int_equal(erofs_xattr_area_size(65535), 262148);
	assert_int_equal(EROFS_XATTR_AREA_MAX, 262148);
	for (uint32_t icount = 0; icount < 65536; icount++)
		assert_int_equal(erofs_xattr_icount(erofs_xattr_area_size((uint16_t)icount)), icount);
}

static void prefix_records(void **state)
{
	static const uint8_t golden[20] = "\x12\0"
					  "\x04"
					  "erofs.fingerprint";
	uint8_t bytes[264], base;
	const uint8_t *infix;
	size_t infix_len;

	(void)state;
	memset(bytes, 0xaa, sizeof(bytes));
	assert_int_equal(erofs_xattr_prefix_encode(NULL, 4, "erofs.fingerprint", 17), 20);
	assert_int_equal(erofs_xattr_prefix_encode(bytes, 4, "erofs.fingerprint", 17), 20);
	assert_memory_equal(bytes, golden, 20);
	assert_int_equal(erofs_xattr_prefix_decode(&base, &infix, &infix_len, bytes, 20), 20);
	assert_int_equal(base, 4);
	assert_int_equal(infix_len, 17);
	assert_memory_equal(infix, "erofs.fingerprint", 17);
	for (size_t avail = 0; avail < 20; avail++)
		assert_int_equal(erofs_xattr_prefix_decode(&base, &infix, &infix_len, bytes, avail), 0);
	/* All lengths there are; padding is zero. */
	for (size_t length = 0; length <= EROFS_XATTR_INFIX_MAX; length++) {
		char text[EROFS_XATTR_INFIX_MAX];
		size_t span;

		memset(text, 'i', sizeof(text));
		memset(bytes, 0xaa, sizeof(bytes));
		span = erofs_xattr_prefix_encode(bytes, 1, text, length);
		assert_int_equal(span % 4, 0);
		for (size_t at = 3 + length; at < span; at++)
			assert_int_equal(bytes[at], 0);
		assert_int_equal(erofs_xattr_prefix_decode(&base, &infix, &infix_len, bytes, sizeof(bytes)), span);
		assert_int_equal(infix_len, length);
	}
	/* A size of 0 holds not even the base index. */
	assert_int_equal(erofs_xattr_prefix_decode(&base, &infix, &infix_len, (const uint8_t *)"\0\0\4\0", 4), 0);
	assert_int_equal(erofs_xattr_prefix_decode(&base, &infix, &infix_len, (const uint8_t *)"\xff\xff\4\0", 4), 0);
}

static void ids_lie_behind_the_header(void **state)
{
	(void)state;
	assert_int_equal(erofs_xattr_shared_id_at(0), 12);
	assert_int_equal(erofs_xattr_shared_id_at(255), 12 + 4 * 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_split_at_their_namespace),
		cmocka_unit_test(base_prefixes_have_texts),
		cmocka_unit_test(filter_bits_are_linuxs),
		cmocka_unit_test(headers),
		cmocka_unit_test(entries),
		cmocka_unit_test(areas),
		cmocka_unit_test(ids_lie_behind_the_header),
		cmocka_unit_test(prefix_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
