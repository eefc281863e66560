/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <erofs/share.h>

#include "tests/unit/unit.h"

#define HEAD                                                                                                           \
	"{\"version\":1,\"image\":{\"uuid\":\"u\",\"block_size\":4096,\"fingerprint_xattr\":\"trusted.x\"},\"files\":["
#define TAIL		     "],\"hard_links\":[{\"path\":\"/h\",\"nid\":5}]}"
#define DIGITS		     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define VALUE		     "\"7368613235363a" DIGITS "\""
#define OTHER		     "\"7368613235363aff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\""
#define FILE_OF(path, value) "{\"path\":\"" path "\",\"nid\":1,\"size\":5000,\"kind\":\"plain\",\"value\":" value "}"

/* The last message. */
static void note_message(void *ctx, enum erofs_severity severity, const char *text)
{
	(void)severity;
	snprintf(ctx, 256, "%s", text);
}

/* Adds a document of `size` bytes; what erofs_share_add() says about it. */
static int add_bytes(struct erofs_share *share, const char *text, size_t size, char message[256])
{
	struct erofs_diag diag = { .message = note_message, .ctx = message };
	int fd = memfd_create("manifest", MFD_CLOEXEC), err;
	char path[32];
	const char *const paths[] = { path };

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*message = 0;
	err = erofs_share_add(share, paths, 1, &diag);
	close(fd);
	return err;
}

static int add(const char *text, struct erofs_share_total *total, struct erofs_share_image *image, char message[256])
{
	struct erofs_share *share;
	int err;

	assert_int_equal(
		erofs_share_new(&share, &(struct erofs_share_options){ .size = sizeof(struct erofs_share_options) }),
		0);
	err = add_bytes(share, text, strlen(text), message);
	if (!err) {
		erofs_share_get_total(share, total);
		assert_int_equal(erofs_share_get_image(share, image, 0), 0);
		image->name = NULL;
	}
	erofs_share_free(share);
	return err;
}

static void good_ones(void **state)
{
	static const char *const texts[] = {
		HEAD FILE_OF("/a", VALUE) "," FILE_OF("/b", VALUE) "," FILE_OF("/c", "null") TAIL,
		/* Other order, other white space, members that nobody knows. */
		" \n\t{ \"files\" : [ {\"value\":" VALUE
		", \"more\":{\"path\":[1,{\"size\":[]}]}, \"kind\":\"plain\",\"size\":5000,"
		"\"path\":\"/a\"}," FILE_OF("/b", VALUE) "," FILE_OF(
			"/c",
			"null") "],"
				"\"image\":{\"fingerprint_xattr\":\"x\",\"new\":[[{}]],\"block_size\":4096,\"x\":null},\"version\":1, \"y\":true}",
		/* Names that are not UTF-8, an escaped one, an empty file, which does not count. */
		HEAD "{\"path_hex\":\"2fff\",\"size\":5000,\"kind\":\"plain\",\"value\":" VALUE "},"
		     "{\"path\":\"/\\u00e9\\n\",\"size\":5000,\"kind\":\"plain\",\"value\":" VALUE "},"
		     "{\"path\":\"/empty\",\"size\":0,\"kind\":\"plain\",\"value\":null}," FILE_OF("/c", "null") TAIL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct erofs_share_total total;
		struct erofs_share_image image;
		char message[256];

		assert_int_equal(add(texts[i], &total, &image, message), 0);
		assert_int_equal(total.all.files, 3);
		assert_int_equal(total.all.bytes, 15000);
		assert_int_equal(total.all.page_bytes, 3 * 8192);
		assert_int_equal(total.all.shared_page_bytes, 2 * 8192);
		assert_int_equal(image.unshareable_files, 1);
		assert_true(image.manifest);
		assert_true(image.fingerprinted);
		assert_int_equal(image.block_size, 4096);
	}
}

/* An image without the bit shares nothing, whatever its files say. */
static void without_the_bit(void **state)
{
	struct erofs_share_total total;
	struct erofs_share_image image;
	char message[256];

	(void)state;
	assert_int_equal(add("{\"files\":[" FILE_OF("/a", VALUE) "," FILE_OF(
				     "/b", VALUE) "],\"version\":1,"
						  "\"image\":{\"block_size\":512,\"fingerprint_xattr\":null}}",
			     &total, &image, message),
			 0);
	assert_false(image.fingerprinted);
	assert_int_equal(total.all.shared_page_bytes, 2 * 8192);
	assert_int_equal(image.marginal_page_bytes, 2 * 8192);
}

/* The kernel takes no value longer than a block. */
static void a_value_longer_than_a_block(void **state)
{
	char digits[2 * 513 + 1], text[4096], message[256];
	struct erofs_share_total total;
	struct erofs_share_image image;

	(void)state;
	memset(digits, '7', sizeof(digits) - 1);
	for (unsigned int longer = 0; longer < 2; longer++) {
		digits[2 * (512 + longer)] = 0;
		snprintf(text, sizeof(text),
			 "{\"files\":[{\"path\":\"/a\",\"size\":1,\"kind\":\"plain\",\"value\":\"%s\"}],\"version\":1,"
			 "\"image\":{\"block_size\":512,\"fingerprint_xattr\":\"x\"}}",
			 digits);
		assert_int_equal(add(text, &total, &image, message), 0);
		assert_int_equal(image.unshareable_files, longer);
		digits[2 * 512] = '7';
	}
}

/* Values of another form are values like any other; equality is that of all their bytes. */
static void other_values(void **state)
{
	struct erofs_share_total total;
	struct erofs_share_image image;
	char message[256];

	(void)state;
	assert_int_equal(add(HEAD FILE_OF("/a", "\"00\"") "," FILE_OF("/b", "\"00\"") "," FILE_OF("/c", "\"0000\"") ","
			     /* These 32 bytes alone are not the value "sha256:" and them. */
			     FILE_OF("/d", "\"" DIGITS "\"") "," FILE_OF("/e", VALUE) "," FILE_OF("/f", "\"\"") TAIL,
			     &total, &image, message),
			 0);
	assert_int_equal(total.distinct, 4);
	assert_int_equal(image.unshareable_files, 1);
}

#define PACKED_HEAD                                                                                                    \
	"{\"version\":1,\"image\":{\"block_size\":4096,\"packed_size\":100000,\"fingerprint_xattr\":\"f\"},\"files\":["
#define PACKED(path, value, range)                                                                                     \
	"{\"path\":\"" path "\",\"size\":5000,\"kind\":\"compressed\",\"value\":" value ",\"fragment\":" range "}"

/* Pages of the packed inode: of all 102400 bytes without sharing; with it, of what is read. */
static void fragments_take_pages(void **state)
{
	static const struct {
		const char *text;
		uint64_t shared, first, unshareable;
	} cases[] = {
		/* Without places: all of it. */
		{ PACKED_HEAD FILE_OF("/a", VALUE) TAIL, 102400, 102400, 102400 },
		{ PACKED_HEAD PACKED("/a", VALUE, "[0,1]") TAIL, 4096, 4096, 0 },
		/* Pages that two ranges touch count once, and files that are there already need none. */
		{ PACKED_HEAD PACKED("/a", VALUE, "[0,5000]") "," PACKED("/b", OTHER, "[8191,9000]") "," PACKED(
			  "/c", VALUE, "[50000,60000]") TAIL,
		  12288, 12288, 0 },
		{ PACKED_HEAD PACKED("/a", "null", "[4096,8192]") TAIL, 4096, 4096, 4096 + 8192 },
		{ PACKED_HEAD PACKED("/a", VALUE, "[0,100000]") TAIL, 102400, 102400, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct erofs_share_total total;
		struct erofs_share_image image;
		char message[256];
		uint64_t files;

		assert_int_equal(add(cases[i].text, &total, &image, message), 0);
		files = total.distinct * 8192 + (image.unshareable_files ? 8192 : 0);
		assert_int_equal(image.packed_page_bytes, 102400);
		assert_int_equal(total.all.page_bytes, total.all.files * 8192 + 102400);
		assert_int_equal(total.all.shared_page_bytes, files + cases[i].shared);
		assert_int_equal(image.packed_shared_page_bytes, cases[i].first);
		assert_int_equal(image.unshareable_page_bytes, cases[i].unshareable);
	}
}

static void bad_ones(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} bad[] = {
		{ "{", "JSON" },
		{ "{}", "missing" },
		{ "{}x", "JSON" },
		{ HEAD, "JSON" },
		{ HEAD TAIL TAIL, "JSON" },
		{ HEAD "1" TAIL, "something else" },
		{ HEAD "\"x\"" TAIL, "not objects" },
		{ HEAD "null" TAIL, "something else" },
		{ HEAD "true" TAIL, "something else" },
		{ HEAD "[]" TAIL, "array" },
		{ HEAD "{}" TAIL, "without path" },
		{ HEAD FILE_OF("", VALUE) TAIL, "path" },
		{ HEAD FILE_OF("a", VALUE) TAIL, "path" },
		{ HEAD FILE_OF("/", VALUE) TAIL, "path" },
		{ HEAD FILE_OF("/a/", VALUE) TAIL, "path" },
		{ HEAD FILE_OF("/a//b", VALUE) TAIL, "path" },
		{ HEAD FILE_OF("/a\\u0000", VALUE) TAIL, "path" },
		{ HEAD FILE_OF("/\xff", VALUE) TAIL, "JSON" },
		{ HEAD FILE_OF("/a", "\"0\"") TAIL, "hexadecimal" },
		{ HEAD FILE_OF("/a", "\"0g\"") TAIL, "hexadecimal" },
		{ HEAD FILE_OF("/a", "5") TAIL, "number" },
		{ HEAD FILE_OF("/a", "{}") TAIL, "object" },
		{ HEAD FILE_OF("/a", "[\"00\"]") TAIL, "array" },
		{ HEAD FILE_OF("/a", "true") TAIL, "true or false" },
		{ HEAD "{\"path_hex\":\"2\",\"size\":1,\"kind\":\"plain\",\"value\":null}" TAIL, "hexadecimal" },
		{ HEAD "{\"path\":\"/a\",\"size\":-1,\"kind\":\"plain\",\"value\":null}" TAIL, "size" },
		{ HEAD "{\"path\":\"/a\",\"size\":1e3,\"kind\":\"plain\",\"value\":null}" TAIL, "size" },
		{ HEAD "{\"path\":\"/a\",\"size\":9223372036854775808,\"kind\":\"plain\",\"value\":null}" TAIL,
		  "size" },
		{ HEAD "{\"path\":\"/a\",\"size\":1,\"kind\":\"odd\",\"value\":null}" TAIL, "kind" },
		{ HEAD "{\"path\":\"/a\",\"size\":1,\"kind\":\"plain\"}" TAIL, "without path" },
		{ PACKED_HEAD PACKED("/a", VALUE, "[2,1]") TAIL, "fragment" },
		{ PACKED_HEAD PACKED("/a", VALUE, "[0,100001]") TAIL, "fragment" },
		{ PACKED_HEAD PACKED("/a", VALUE, "[-1,1]") TAIL, "fragment" },
		{ PACKED_HEAD PACKED("/a", VALUE, "[1]") TAIL, "fragment" },
		{ PACKED_HEAD PACKED("/a", VALUE, "7") TAIL, "fragment" },
		{ PACKED_HEAD PACKED("/a", VALUE, "[\"x\",1]") TAIL, "fragment" },
		{ "{\"version\":2}", "version" },
		{ "{\"version\":\"1\"}", "string" },
		{ "{\"version\":1,\"files\":[]}", "missing" },
		{ "{\"version\":1,\"image\":{\"block_size\":512,\"fingerprint_xattr\":null},\"files\":{}}", "object" },
		{ "{\"version\":1,\"image\":[]}", "array" },
		{ "{\"version\":1,\"image\":5}", "number" },
		{ "{\"version\":1,\"image\":{\"block_size\":1000}}", "block size" },
		{ "{\"version\":1,\"image\":{\"uuid\":\"0123456789012345678901234567890123456789\"}}", "uuid" },
		{ "{\"version\":1,\"image\":{\"block_size\":4096},\"files\":[]}", "missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct erofs_share_total total;
		struct erofs_share_image image;
		char message[256];
		int err = add(bad[i].text, &total, &image, message);

		if ((err != -EBADMSG && err != -EOPNOTSUPP) || !strstr(message, bad[i].message))
			fail_msg("%s: %d, \"%s\", not about \"%s\"", bad[i].text, err, message, bad[i].message);
	}
}

static void brackets_without_end(void **state)
{
	static const char begin[] = "{\"x\":";
	size_t size = 1 << 20;
	char *text = test_malloc(size), message[256];
	struct erofs_share *share;

	(void)state;
	memset(text, '[', size);
	memcpy(text, begin, sizeof(begin) - 1);
	assert_int_equal(
		erofs_share_new(&share, &(struct erofs_share_options){ .size = sizeof(struct erofs_share_options) }),
		0);
	assert_int_equal(add_bytes(share, text, size, message), -EBADMSG);
	erofs_share_free(share);
	test_free(text);
}

/* A document cut at any place, and one with any byte changed: refused or read, never more. */
static void damaged_ones(void **state)
{
	static const char whole[] =
		HEAD FILE_OF("/a/b", VALUE) "," FILE_OF("/a/c\\u00e9", "\"00\"") "," FILE_OF("/a/d", "null") TAIL;
	char text[sizeof(whole)], message[256];
	struct erofs_share *share;
	unsigned int refused = 0;

	(void)state;
	for (size_t i = 1; i < sizeof(whole) - 1; i++) {
		assert_int_equal(
			erofs_share_new(&share,
					&(struct erofs_share_options){ .size = sizeof(struct erofs_share_options) }),
			0);
		assert_int_equal(add_bytes(share, whole, i, message), -EBADMSG);
		erofs_share_free(share);
	}
	for (size_t i = 1; i < sizeof(whole) - 1; i++) {
		static const char bytes[] = "\0\"\\{}[]:,0-xn\xff\x80 ";

		for (size_t k = 0; k < sizeof(bytes); k++) {
			memcpy(text, whole, sizeof(text));
			text[i] = bytes[k];
			assert_int_equal(erofs_share_new(&share,
							 &(struct erofs_share_options){
								 .size = sizeof(struct erofs_share_options) }),
					 0);
			refused += add_bytes(share, text, sizeof(whole) - 1, message) != 0;
			erofs_share_free(share);
		}
	}
	assert_true(refused > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(without_the_bit),
		cmocka_unit_test(a_value_longer_than_a_block),
		cmocka_unit_test(other_values),
		cmocka_unit_test(fragments_take_pages),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(brackets_without_end),
		cmocka_unit_test(damaged_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
