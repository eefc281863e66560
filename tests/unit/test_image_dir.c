/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/format/format_dirent.h"
#include "tests/unit/raw_image.h"
#include "tests/unit/unit.h"

#define DATA 40u /* first block of the directory */

static struct raw_image raw;
static const struct erofs_inode root = { .mode = S_IFDIR | 0755, .u = DATA, .size = RAW_BLOCK, .nlink = 2 };

/* A directory of one block with these names. */
static struct erofs_image *open_names(const char *const names[], size_t count)
{
	struct erofs_inode inode = root;

	raw_init(&raw);
	inode.size = raw_names(raw_block(&raw, DATA), names, count);
	raw_inode(&raw, &inode);
	return raw_open(&raw);
}

static void entries_come_in_order(void **state)
{
	static const char *const names[] = { ".", "..", "a", "bc" };
	struct erofs_image *image = open_names(names, 4);
	struct erofs_dirent entry;
	struct erofs_inode inode;
	struct erofs_dir *dir;

	(void)state;
	assert_int_equal(erofs_image_inode(image, &inode, 0), 0);
	assert_int_equal(erofs_dir_open(&dir, image, &inode), 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(erofs_dir_next(dir, &entry), 1);
		assert_string_equal(entry.name, names[i]);
		assert_int_equal(entry.name_len, strlen(names[i]));
		assert_int_equal(entry.nid, 100 + i);
		assert_int_equal(entry.type, EROFS_FT_REG);
	}
	assert_int_equal(erofs_dir_next(dir, &entry), 0);
	assert_int_equal(erofs_dir_next(dir, &entry), 0);
	erofs_dir_close(dir);
	erofs_image_close(image);
}

/* From each position in turn, in two blocks, the rest comes as it did before. */
static void walks_go_on_from_positions(void **state)
{
	static const char *const names[][3] = { { ".", "..", "a" }, { "b", "c", "d" } };
	struct erofs_inode inode = root;
	struct erofs_dirent entry;
	struct erofs_image *image;
	uint64_t positions[7];
	struct erofs_dir *dir;

	(void)state;
	raw_init(&raw);
	raw_names(raw_block(&raw, DATA), names[0], 3);
	inode.size = RAW_BLOCK + raw_names(raw_block(&raw, DATA + 1), names[1], 3);
	raw_inode(&raw, &inode);
	image = raw_open(&raw);
	assert_int_equal(erofs_image_inode(image, &inode, 0), 0);
	assert_int_equal(erofs_dir_open(&dir, image, &inode), 0);
	for (unsigned int i = 0; i < 6; i++) {
		positions[i] = erofs_dir_position(dir);
		assert_int_equal(erofs_dir_next(dir, &entry), 1);
	}
	positions[6] = erofs_dir_position(dir);
	assert_int_equal(positions[0], 0);
	assert_int_equal(positions[4], RAW_BLOCK + EROFS_DIRENT_SIZE);
	for (unsigned int i = 7; i-- > 0;) {
		assert_int_equal(erofs_dir_seek(dir, positions[i]), 0);
		assert_int_equal(erofs_dir_position(dir), positions[i]);
		for (unsigned int j = i; j < 6; j++) {
			assert_int_equal(erofs_dir_next(dir, &entry), 1);
			assert_string_equal(entry.name, names[j / 3][j % 3]);
		}
		assert_int_equal(erofs_dir_next(dir, &entry), 0);
	}
	/* Not a place of entries; one that none has; far behind the end. */
	assert_int_equal(erofs_dir_seek(dir, 1), -EINVAL);
	assert_int_equal(erofs_dir_seek(dir, EROFS_DIRENT_SIZE * 20), 0);
	assert_int_equal(erofs_dir_next(dir, &entry), -EUCLEAN);
	assert_int_equal(erofs_dir_seek(dir, UINT64_MAX & ~(uint64_t)(RAW_BLOCK - 1)), 0);
	assert_int_equal(erofs_dir_next(dir, &entry), 0);
	erofs_dir_close(dir);
	erofs_image_close(image);
}

/* Three blocks of names n000, n002, ... in their own order. */
static void names_are_found_in_any_block(void **state)
{
	struct erofs_inode inode = root;
	struct erofs_image *image;
	unsigned int number = 0;
	uint64_t nid;
	char text[30][8];
	const char *names[30];

	(void)state;
	raw_init(&raw);
	for (unsigned int block = 0; block < 3; block++) {
		for (unsigned int i = 0; i < 30; i++, number += 2) {
			snprintf(text[i], sizeof(text[i]), "n%03u", number);
			names[i] = text[i];
		}
		inode.size = block * RAW_BLOCK + raw_names(raw_block(&raw, DATA + block), names, 30);
	}
	raw_inode(&raw, &inode);
	image = raw_open(&raw);
	assert_int_equal(erofs_image_inode(image, &inode, 0), 0);
	for (unsigned int i = 0; i < number; i++) {
		char name[8];
		int expected = i % 2 ? -ENOENT : 0;

		snprintf(name, sizeof(name), "n%03u", i % 1000);
		assert_int_equal(erofs_image_lookup_at(image, &nid, &inode, name, 4), expected);
		if (!expected)
			assert_int_equal(nid, 100 + i / 2 % 30);
	}
	assert_int_equal(erofs_image_lookup_at(image, &nid, &inode, "a", 1), -ENOENT);
	assert_int_equal(erofs_image_lookup_at(image, &nid, &inode, "z", 1), -ENOENT);
	assert_int_equal(erofs_image_lookup_at(image, &nid, &inode, "n0000", 5), -ENOENT);
	assert_int_equal(erofs_image_lookup_at(image, &nid, &inode, "", 0), -ENOENT);
	erofs_image_close(image);
}

static void paths_are_followed(void **state)
{
	static const char *const names[] = { "dir", "file" };
	static const char *const inner[] = { "x" };
	struct erofs_inode dir = root, file = { .nid = 101, .mode = S_IFREG | 0644 };
	struct erofs_image *image;
	struct erofs_inode found;

	(void)state;
	raw_init(&raw);
	dir.size = raw_names(raw_block(&raw, DATA), names, 2);
	raw_inode(&raw, &dir);
	dir.nid = 100;
	dir.u = DATA + 1;
	/* Its only entry is nid 100: itself. */
	dir.size = raw_names(raw_block(&raw, DATA + 1), inner, 1);
	raw_inode(&raw, &dir);
	raw_inode(&raw, &file);
	image = raw_open(&raw);
	assert_int_equal(erofs_image_lookup(image, &found, "/"), 0);
	assert_int_equal(found.nid, 0);
	assert_int_equal(erofs_image_lookup(image, &found, ""), 0);
	assert_int_equal(erofs_image_lookup(image, &found, "file"), 0);
	assert_int_equal(found.nid, 101);
	assert_int_equal(erofs_image_lookup(image, &found, "//dir//x/x/"), 0);
	assert_int_equal(found.nid, 100);
	assert_int_equal(erofs_image_lookup(image, &found, "/file/"), -ENOTDIR);
	assert_int_equal(erofs_image_lookup(image, &found, "/file/x"), -ENOTDIR);
	assert_int_equal(erofs_image_lookup(image, &found, "/dir/y"), -ENOENT);
	erofs_image_close(image);
}

/* What erofs_dir_next() says at the first entry it cannot give out. */
static int first_error(void)
{
	struct erofs_image *image = raw_open(&raw);
	struct erofs_dirent entry;
	struct erofs_inode inode;
	struct erofs_dir *dir;
	int found = erofs_image_inode(image, &inode, 0);

	if (!found)
		found = erofs_dir_open(&dir, image, &inode);
	if (!found) {
		while ((found = erofs_dir_next(dir, &entry)) > 0)
			assert_true(entry.name_len && strlen(entry.name) == entry.name_len);
		assert_int_equal(erofs_dir_next(dir, &entry), 0);
		erofs_dir_close(dir);
	}
	erofs_image_close(image);
	return found;
}

static void put_nameoff(unsigned int number, uint16_t nameoff)
{
	uint8_t *at = raw_block(&raw, DATA) + number * EROFS_DIRENT_SIZE + 8;

	at[0] = (uint8_t)nameoff;
	at[1] = (uint8_t)(nameoff >> 8);
}

static void bad_name_offsets_are_damage(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	static const struct {
		unsigned int number;
		uint16_t nameoff;
	} bad[] = { { 0, 0 },  { 0, 11 },   { 0, 13 }, { 0, 512 }, { 0, 60000 }, { 1, 36 },
		    { 1, 35 }, { 1, 1000 }, { 2, 37 }, { 2, 39 },  { 2, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		erofs_image_close(open_names(names, 3));
		assert_int_equal(first_error(), 0);
		put_nameoff(bad[i].number, bad[i].nameoff);
		assert_int_equal(first_error(), -EUCLEAN);
	}
}

static void bad_names_are_damage(void **state)
{
	static const char *const slash[] = { "a/b" };
	char longest[257];
	const char *names[] = { longest };

	(void)state;
	erofs_image_close(open_names(slash, 1));
	assert_int_equal(first_error(), -EUCLEAN);
	memset(longest, 'n', 256);
	longest[255] = 0;
	erofs_image_close(open_names(names, 1));
	assert_int_equal(first_error(), 0);
	longest[255] = 'n';
	longest[256] = 0;
	erofs_image_close(open_names(names, 1));
	assert_int_equal(first_error(), -EUCLEAN);
}

static void a_name_with_a_nul_is_damage(void **state)
{
	static const char *const names[] = { "abc", "d" };

	(void)state;
	erofs_image_close(open_names(names, 2));
	raw_block(&raw, DATA)[2 * EROFS_DIRENT_SIZE + 1] = 0;
	assert_int_equal(first_error(), -EUCLEAN);
}

/* Else a small image could hold a directory without end. */
static void directories_have_no_holes_and_no_chunks(void **state)
{
	struct erofs_inode inode = root;

	(void)state;
	raw_init(&raw);
	inode.u = EROFS_NULL_BLOCK;
	raw_inode(&raw, &inode);
	assert_int_equal(first_error(), -EUCLEAN);
	inode.u = 0;
	inode.layout = EROFS_LAYOUT_CHUNK_BASED;
	raw_inode(&raw, &inode);
	assert_int_equal(first_error(), -EUCLEAN);
	inode = root;
	inode.size = RAW_SIZE;
	raw_inode(&raw, &inode);
	assert_int_equal(first_error(), -EUCLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_in_order),
		cmocka_unit_test(walks_go_on_from_positions),
		cmocka_unit_test(names_are_found_in_any_block),
		cmocka_unit_test(paths_are_followed),
		cmocka_unit_test(bad_name_offsets_are_damage),
		cmocka_unit_test(bad_names_are_damage),
		cmocka_unit_test(a_name_with_a_nul_is_damage),
		cmocka_unit_test(directories_have_no_holes_and_no_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
