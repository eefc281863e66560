/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <erofs/check.h>

#include <string.h>

#include "lib/format/format_dirent.h"
#include "tests/unit/small_image.h"
#include "tests/unit/unit.h"

#define DOTS                                                                                                           \
	{ ".", NID_ROOT, EROFS_FT_DIR },                                                                               \
	{                                                                                                              \
		"..", NID_ROOT, EROFS_FT_DIR                                                                           \
	}
#define REST                                                                                                           \
	{ "e", NID_E, EROFS_FT_REG }, { "f", NID_F, EROFS_FT_FIFO }, { "l", NID_L, EROFS_FT_SYMLINK },                 \
	{                                                                                                              \
		"s", NID_S, EROFS_FT_REG                                                                               \
	}
#define END                                                                                                            \
	{                                                                                                              \
		NULL, 0, 0                                                                                             \
	}

static struct small_image image;
static struct erofs_inode inode;

static int build(void **state)
{
	(void)state;
	small_build(&image);
	return 0;
}

static void names_out_of_order_are_found(void **state)
{
	static const struct small_entry entries[] = {
		DOTS, { "b", NID_A, EROFS_FT_REG }, { "a", NID_A, EROFS_FT_REG }, { "d", NID_D, EROFS_FT_DIR }, REST,
		END
	};

	(void)state;
	small_root(&image, entries);
	small_expect(&image, "/a: out of order in its directory\n");
}

/* Each block is in order, the directory is not. */
static void order_goes_across_blocks(void **state)
{
	static const struct small_entry first[] = {
		DOTS, { "b", NID_A, EROFS_FT_REG }, { "d", NID_D, EROFS_FT_DIR }, REST
	};
	static const struct small_entry second[] = { { "a", NID_A, EROFS_FT_REG } };
	uint8_t *blocks = image.bytes + SMALL_DATA_S + SMALL_BLOCK;

	(void)state;
	/* Two blocks are needed: the one of s, which becomes a hole, and the one behind it. */
	memset(small_behind(&image, NID_S) + 56, 0xff, 12);
	memset(image.bytes + SMALL_DATA_S, 0, 2 * SMALL_BLOCK);
	small_directory(blocks - SMALL_BLOCK, first, 8);
	inode = small_get(&image, NID_ROOT);
	inode.u = SMALL_DATA_S / SMALL_BLOCK;
	inode.size = SMALL_BLOCK + small_directory(blocks, second, 1);
	small_put(&image, &inode);
	small_expect(&image, "/a: out of order in its directory\n/s: the content does not match its fingerprint\n");
}

static void names_that_are_there_twice_are_found(void **state)
{
	static const struct small_entry entries[] = {
		DOTS, { "a", NID_A, EROFS_FT_REG }, { "a", NID_A, EROFS_FT_REG }, { "d", NID_D, EROFS_FT_DIR }, REST,
		END
	};

	(void)state;
	small_root(&image, entries);
	small_expect(&image, "/a: there more than once in its directory\n");
}

static void wrong_dots_are_found(void **state)
{
	static const struct small_entry entries[] = { { ".", NID_D, EROFS_FT_DIR },
						      { "..", NID_A, EROFS_FT_REG },
						      { "a", NID_A, EROFS_FT_REG },
						      { "b", NID_A, EROFS_FT_REG },
						      { "d", NID_D, EROFS_FT_DIR },
						      REST,
						      END };

	(void)state;
	small_root(&image, entries);
	small_expect(&image, "/.: points to nid 16 instead of 0\n"
			     "/..: points to nid 8 instead of 0\n"
			     "/..: entry of type 1 instead of a directory's\n");
}

static void missing_dots_are_found(void **state)
{
	static const struct small_entry entries[] = {
		{ "a", NID_A, EROFS_FT_REG }, { "b", NID_A, EROFS_FT_REG }, { "d", NID_D, EROFS_FT_DIR }, REST, END
	};

	(void)state;
	small_root(&image, entries);
	small_expect(&image, "/: the directory has no entry \".\"\n/: the directory has no entry \"..\"\n");
}

static void dots_that_are_left_out_are_no_finding(void **state)
{
	static const struct small_entry without[] = { { "..", NID_ROOT, EROFS_FT_DIR },
						      { "a", NID_A, EROFS_FT_REG },
						      { "b", NID_A, EROFS_FT_REG },
						      { "d", NID_D, EROFS_FT_DIR },
						      REST,
						      END };
	static const struct small_entry with[] = {
		DOTS, { "a", NID_A, EROFS_FT_REG }, { "b", NID_A, EROFS_FT_REG }, { "d", NID_D, EROFS_FT_DIR }, REST,
		END
	};
	struct erofs_inode root;

	(void)state;
	small_root(&image, without);
	root = small_get(&image, NID_ROOT);
	root.dot_omitted = true;
	small_put(&image, &root);
	small_expect(&image, "");
	small_root(&image, with);
	root = small_get(&image, NID_ROOT);
	root.dot_omitted = true;
	small_put(&image, &root);
	small_expect(&image, "/: the directory has an entry \".\", which it says to do without\n");
}

static void wrong_parents_are_found(void **state)
{
	static const struct small_entry d[] = { { ".", NID_D, EROFS_FT_DIR },
						{ "..", NID_D, EROFS_FT_DIR },
						{ "c", NID_C, EROFS_FT_REG } };

	(void)state;
	small_directory(small_behind(&image, NID_D), d, 3);
	small_expect(&image, "/d/..: points to nid 16 instead of 0\n");
}

static void names_with_a_slash_or_nul_are_found(void **state)
{
	uint8_t *name = memchr(image.bytes + SMALL_ROOTDIR + 12, 'a', 200);

	(void)state;
	assert_non_null(name);
	*name = '/';
	small_expect(&image, "/: entry 2 in block 0 has a name that is empty, too long, outside the block, or contains "
			     "'/' or NUL\n/b: link count 2, but 1 references were found\n");
	*name = 0;
	small_expect(&image, "/: entry 2 in block 0 has a name that is empty, too long, outside the block, or contains "
			     "'/' or NUL\n/b: link count 2, but 1 references were found\n");
}

static void wrong_types_are_found(void **state)
{
	static const struct small_entry entries[] = {
		DOTS, { "a", NID_A, EROFS_FT_CHR }, { "b", NID_A, EROFS_FT_REG }, { "d", NID_D, EROFS_FT_DIR }, REST,
		END
	};

	(void)state;
	small_root(&image, entries);
	small_expect(&image, "/a: entry of type 3 for an inode of type 1\n");
}

static void reserved_bytes_are_found(void **state)
{
	(void)state;
	image.bytes[SMALL_ROOTDIR + 2 * EROFS_DIRENT_SIZE + 11] = 9;
	small_expect(&image, "/: the reserved byte of entry 2 in block 0 is 0x09, not zero\n");
}

static void cycles_are_found(void **state)
{
	static const struct small_entry d[] = { { ".", NID_D, EROFS_FT_DIR },
						{ "..", NID_ROOT, EROFS_FT_DIR },
						{ "c", NID_ROOT, EROFS_FT_DIR } };

	(void)state;
	image.sb.inos--;
	small_directory(small_behind(&image, NID_D), d, 3);
	small_expect(&image, "/d/c: a directory that has another name already (nid 0)\n");
}

static void directories_with_two_names_are_found(void **state)
{
	static const struct small_entry entries[] = { DOTS,
						      { "a", NID_A, EROFS_FT_REG },
						      { "b", NID_A, EROFS_FT_REG },
						      { "d", NID_D, EROFS_FT_DIR },
						      { "dd", NID_D, EROFS_FT_DIR },
						      REST,
						      END };

	(void)state;
	small_root(&image, entries);
	small_expect(&image, "/dd: a directory that has another name already (nid 16)\n");
}

static void invalid_inodes_are_found(void **state)
{
	static const struct small_entry entries[] = { DOTS,
						      { "a", NID_A, EROFS_FT_REG },
						      { "b", NID_A, EROFS_FT_REG },
						      { "d", NID_D, EROFS_FT_DIR },
						      REST,
						      { "x", UINT64_MAX / 2, EROFS_FT_REG },
						      { "y", NID_FREE, EROFS_FT_REG },
						      END };

	(void)state;
	small_root(&image, entries);
	image.sb.inos += 2;
	small_expect(&image, "/x: nid 9223372036854775807 is not a valid inode\n/y: nid 64 is not a valid inode\n");
}

static void a_root_that_is_no_directory_is_found(void **state)
{
	(void)state;
	image.sb.root_nid = NID_C;
	image.sb.inos = 1;
	inode = small_get(&image, NID_C);
	small_expect(&image, "/: the root is not a directory\n/: link count 1, but 2 references were found\n");
}

static void blocks_without_entries_are_found(void **state)
{
	(void)state;
	memset(image.bytes + SMALL_ROOTDIR, 0, SMALL_BLOCK);
	image.sb.inos = 1;
	inode = small_get(&image, NID_ROOT);
	inode.nlink = 2;
	small_put(&image, &inode);
	small_expect(&image, "/: a block of the directory holds no entries\n"
			     "/: the directory has no entry \".\"\n/: the directory has no entry \"..\"\n");
}

/* Eight exabytes of directory in a few bytes. */
static void directories_of_holes_or_chunks_are_found(void **state)
{
	(void)state;
	image.sb.inos = 1;
	inode = small_get(&image, NID_ROOT);
	inode.nlink = 2;
	inode.u = EROFS_NULL_BLOCK;
	inode.size = INT64_MAX;
	small_put(&image, &inode);
	small_expect(&image, "/: the directory's data have an impossible layout or place\n");
	inode.layout = EROFS_LAYOUT_CHUNK_BASED;
	inode.u = 31;
	inode.size = 4096;
	small_put(&image, &inode);
	small_expect(&image, "/: the directory's data have an impossible layout or place\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_out_of_order_are_found, build),
		cmocka_unit_test_setup(order_goes_across_blocks, build),
		cmocka_unit_test_setup(names_that_are_there_twice_are_found, build),
		cmocka_unit_test_setup(wrong_dots_are_found, build),
		cmocka_unit_test_setup(missing_dots_are_found, build),
		cmocka_unit_test_setup(dots_that_are_left_out_are_no_finding, build),
		cmocka_unit_test_setup(wrong_parents_are_found, build),
		cmocka_unit_test_setup(names_with_a_slash_or_nul_are_found, build),
		cmocka_unit_test_setup(wrong_types_are_found, build),
		cmocka_unit_test_setup(reserved_bytes_are_found, build),
		cmocka_unit_test_setup(cycles_are_found, build),
		cmocka_unit_test_setup(directories_with_two_names_are_found, build),
		cmocka_unit_test_setup(invalid_inodes_are_found, build),
		cmocka_unit_test_setup(a_root_that_is_no_directory_is_found, build),
		cmocka_unit_test_setup(blocks_without_entries_are_found, build),
		cmocka_unit_test_setup(directories_of_holes_or_chunks_are_found, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
