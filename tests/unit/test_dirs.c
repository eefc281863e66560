/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/dirs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/inode.h>

#include "lib/format/format_dirent.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* nids that say which inode they are, and fill all 64 bits. */
static uint64_t nid_of(const void *ctx, const struct erofs_tree_inode *inode)
{
	return *(const uint64_t *)ctx + inode->number;
}

static const uint64_t nid_base = UINT64_C(0x8877665544332200);

struct entry {
	char name[EROFS_NAME_MAX + 1];
	uint32_t number;
	uint8_t type;
};

/* Reads one block by the format's own words: the first nameoff tells the count; a name ends at the next one's start. */
static uint32_t decode_block(struct entry *out, const uint8_t *block, uint32_t length)
{
	struct erofs_dirent_record record;
	uint32_t count, end = 0;

	erofs_dirent_decode(&record, block);
	assert_int_equal(record.nameoff % EROFS_DIRENT_SIZE, 0);
	count = record.nameoff / EROFS_DIRENT_SIZE;
	assert_true(count > 0);
	for (uint32_t i = 0; i < count; i++) {
		struct erofs_dirent_record next = { .nameoff = (uint16_t)length };
		size_t name_len;

		erofs_dirent_decode(&record, block + i * EROFS_DIRENT_SIZE);
		if (i + 1 < count)
			erofs_dirent_decode(&next, block + (i + 1) * EROFS_DIRENT_SIZE);
		assert_true(record.nameoff < next.nameoff && next.nameoff <= length);
		name_len = strnlen((const char *)block + record.nameoff, next.nameoff - record.nameoff);
		assert_in_range(name_len, 1, EROFS_NAME_MAX);
		memcpy(out[i].name, block + record.nameoff, name_len);
		out[i].name[name_len] = 0;
		out[i].number = (uint32_t)(record.nid - nid_base);
		out[i].type = record.file_type;
		assert_int_equal(record.reserved, 0);
		end = record.nameoff + (uint32_t)name_len;
	}
	/* Behind the last name there are only zeros. */
	for (uint32_t at = end; at < length; at++)
		assert_int_equal(block[at], 0);
	return count;
}

/* Encodes and decodes a directory; checks its size and order, and that no block could have taken one more name. */
static uint32_t round_trip(struct entry *out, const struct erofs_tree_inode *dir, uint32_t blksz)
{
	struct erofs_buffer data = { 0 };
	uint32_t count = 0;

	/* It appends. */
	assert_int_equal(erofs_buffer_append_text(&data, "front"), 0);
	assert_int_equal(erofs_writer_dir_encode(&data, dir, blksz, false, nid_of, &nid_base), 0);
	assert_int_equal(data.size - 5, erofs_writer_dir_data_size(dir, blksz, false));
	assert_memory_equal(data.data, "front", 5);
	for (size_t at = 5; at < data.size; at += blksz) {
		uint32_t length = data.size - at < blksz ? (uint32_t)(data.size - at) : blksz;
		uint32_t in_block = decode_block(out + count, data.data + at, length);
		size_t used = 0;

		for (uint32_t i = count; i < count + in_block; i++)
			used += EROFS_DIRENT_SIZE + strlen(out[i].name);
		/* The last block ends with its last name; the one before could not hold this block's first. */
		if (at + blksz >= data.size)
			assert_int_equal(used, length);
		if (count) {
			size_t before = 0;

			for (uint32_t i = count; i-- > 0 && before + EROFS_DIRENT_SIZE + strlen(out[i].name) <= blksz;)
				before += EROFS_DIRENT_SIZE + strlen(out[i].name);
			assert_true(before + EROFS_DIRENT_SIZE + strlen(out[count].name) > blksz);
		}
		count += in_block;
	}
	for (uint32_t i = 1; i < count; i++)
		assert_true(strcmp(out[i - 1].name, out[i].name) < 0);
	assert_int_equal(count, dir->dir.count + 2);
	erofs_buffer_release(&data);
	return count;
}

static void dots_stand_where_bytes_put_them(void **state)
{
	static const char *const names[] = { "!x", "-x",   "-",	  "...", "..a", ".\x01", ".a",
					     ".-", "\x01", "/no", "0",	 "a",	"\xff" };
	static const char *const expected[] = { "\x01", "!x",  "-",  "-x",  ".", ".\x01", ".-",	 "..",
						"...",	"..a", ".a", "/no", "0", "a",	  "\xff" };
	struct erofs_tree *tree = tree_make();
	struct erofs_tree_inode *dir = tree_add(tree, tree->root, "dir", S_IFDIR);
	struct entry found[32];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		tree_add(tree, dir, names[i], S_IFREG);
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	assert_int_equal(round_trip(found, dir, 4096), sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_string_equal(found[i].name, expected[i]);
	assert_int_equal(found[4].number, dir->number);
	assert_int_equal(found[7].number, tree->root->number);
	erofs_tree_free(tree);
}

static void an_empty_directory_has_two_entries(void **state)
{
	static const uint8_t golden[] = "\x00\x22\x33\x44\x55\x66\x77\x88\x18\0\x02\0"
					"\x00\x22\x33\x44\x55\x66\x77\x88\x19\0\x02\0"
					"...";
	struct erofs_tree *tree = tree_make();
	struct erofs_buffer data = { 0 };

	(void)state;
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	/* The root is its own parent. */
	assert_int_equal(erofs_writer_dir_encode(&data, tree->root, 512, false, nid_of, &nid_base), 0);
	assert_int_equal(data.size, sizeof(golden) - 1);
	assert_memory_equal(data.data, golden, data.size);
	erofs_buffer_release(&data);
	erofs_tree_free(tree);
}

static void a_directory_may_do_without_its_own_entry(void **state)
{
	struct erofs_tree *tree = tree_make();
	struct erofs_buffer data = { 0 };
	struct entry found[8];

	(void)state;
	tree_add(tree, tree->root, "-a", S_IFREG);
	tree_add(tree, tree->root, "!", S_IFREG);
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	assert_int_equal(erofs_writer_dir_encode(&data, tree->root, 512, true, nid_of, &nid_base), 0);
	assert_int_equal(data.size, erofs_writer_dir_data_size(tree->root, 512, true));
	assert_int_equal(data.size, erofs_writer_dir_data_size(tree->root, 512, false) - EROFS_DIRENT_SIZE - 1);
	assert_int_equal(decode_block(found, data.data, (uint32_t)data.size), 3);
	assert_string_equal(found[0].name, "!");
	assert_string_equal(found[1].name, "-a");
	assert_string_equal(found[2].name, "..");
	assert_int_equal(found[2].number, tree->root->number);
	assert_int_equal(data.size, 3 * EROFS_DIRENT_SIZE + strlen("!-a.."));
	erofs_buffer_release(&data);
	erofs_tree_free(tree);
}

/* Data that are made some blocks at a time are those that are made at once. */
static void expect_parts(const struct erofs_tree_inode *dir, uint32_t blksz, uint64_t most, bool dot_omitted)
{
	struct erofs_dir_cursor cursor = erofs_writer_dir_begin(dir, dot_omitted), measured = cursor;
	struct erofs_buffer whole = { 0 }, parts = { 0 };
	uint64_t bytes;

	assert_int_equal(erofs_writer_dir_encode(&whole, dir, blksz, dot_omitted, nid_of, &nid_base), 0);
	do {
		size_t before = parts.size;

		bytes = erofs_writer_dir_skip(&measured, blksz, most);
		assert_int_equal(erofs_writer_dir_encode_blocks(&parts, &cursor, blksz, most, nid_of, &nid_base), 0);
		assert_int_equal(parts.size - before, bytes);
		assert_memory_equal(&measured, &cursor, sizeof(cursor));
		assert_true(!bytes || parts.size == whole.size || bytes == most);
	} while (bytes);
	assert_int_equal(parts.size, whole.size);
	assert_memory_equal(parts.data, whole.data, whole.size);
	erofs_buffer_release(&whole);
	erofs_buffer_release(&parts);
}

static void a_directory_comes_in_parts(void **state)
{
	(void)state;
	for (uint32_t count = 0; count < 400; count += 19) {
		struct erofs_tree *tree = tree_make();
		char name[32];

		/* Half of them in front of the dots. */
		for (uint32_t i = 0; i < count; i++) {
			snprintf(name, sizeof(name), "%cname-%0*u", i % 2 ? '-' : 'a', (int)(i % 17) + 1, i);
			tree_add(tree, tree->root, name, S_IFREG);
		}
		assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
		for (uint64_t blocks = 1; blocks < 8; blocks += 2)
			expect_parts(tree->root, 512, 512 * blocks, count % 2);
		erofs_tree_free(tree);
	}
}

static void entries_know_their_types(void **state)
{
	static const struct {
		const char *name;
		uint16_t mode;
		uint8_t type;
	} kinds[] = {
		{ "b", S_IFBLK, 4 }, { "c", S_IFCHR, 3 }, { "d", S_IFDIR, 2 },	{ "f", S_IFIFO, 5 },
		{ "l", S_IFLNK, 7 }, { "r", S_IFREG, 1 }, { "s", S_IFSOCK, 6 },
	};
	struct erofs_tree *tree = tree_make();
	struct entry found[16];

	(void)state;
	for (size_t i = 0; i < 7; i++)
		tree_add(tree, tree->root, kinds[i].name, (uint16_t)(kinds[i].mode | 07777));
	assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
	assert_int_equal(round_trip(found, tree->root, 1024), 9);
	for (uint32_t i = 0; i < 7; i++) {
		assert_int_equal(found[i + 2].type, kinds[i].type);
		assert_int_equal(found[i + 2].number, i + 1);
	}
	erofs_tree_free(tree);
}

/* `.` and `..` take 27 bytes; a name of `length` bytes and one of 1 byte follow. */
static void blocks_are_filled_to_the_byte(void **state)
{
	(void)state;
	for (uint32_t blksz = 512; blksz <= 4096; blksz *= 2) {
		for (int over = -2; over <= 2; over++) {
			struct erofs_tree *tree = tree_make();
			uint32_t left = blksz - 27;
			struct entry found[64];
			char name[EROFS_NAME_MAX + 1];

			/* Long names, then one that ends `over` bytes behind the block's end. */
			for (uint32_t i = 0; left; i++) {
				uint32_t length = left > 2 * 267 ? 255 : left > 267 ? 100 : left - 12 + (uint32_t)over;

				assert_in_range(length, 1, 255);
				memset(name, 'n', length);
				name[0] = (char)('a' + i);
				name[length] = 0;
				tree_add(tree, tree->root, name, S_IFREG);
				left -= left > 267 ? 12 + length : left;
			}
			assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
			round_trip(found, tree->root, blksz);
			if (over <= 0)
				assert_int_equal(erofs_writer_dir_data_size(tree->root, blksz, false),
						 blksz - (uint32_t)-over);
			else
				assert_in_range(erofs_writer_dir_data_size(tree->root, blksz, false), blksz + 13,
						blksz + 267);
			erofs_tree_free(tree);
		}
	}
}

static void random_directories(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct erofs_tree *tree = tree_make();
		uint32_t blksz = 512u << random_next(&random) % 4;
		uint32_t count = (uint32_t)(random_next(&random) % 400);
		uint32_t longest = round % 3 ? 30 : 230;
		struct entry *found = test_malloc((count + 2) * sizeof(*found));

		for (uint32_t i = 0; i < count; i++) {
			char name[EROFS_NAME_MAX + 1];
			uint32_t length = (uint32_t)(random_next(&random) % longest);

			memset(name, (int)('!' + random_next(&random) % 200), length);
			snprintf(name + length, sizeof(name) - length, "%u", i);
			tree_add(tree, tree->root, name, S_IFREG);
		}
		assert_int_equal(erofs_tree_freeze(tree, NULL), 0);
		round_trip(found, tree->root, blksz);
		test_free(found);
		erofs_tree_free(tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dots_stand_where_bytes_put_them),
		cmocka_unit_test(an_empty_directory_has_two_entries),
		cmocka_unit_test(a_directory_may_do_without_its_own_entry),
		cmocka_unit_test(a_directory_comes_in_parts),
		cmocka_unit_test(entries_know_their_types),
		cmocka_unit_test(blocks_are_filled_to_the_byte),
		cmocka_unit_test(random_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
