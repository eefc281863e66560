/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_inode.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

static const struct erofs_superblock sb = { .blkszbits = 12, .epoch = 1000, .fixed_nsec = 99 };

static const struct erofs_inode compact = {
	.layout = EROFS_LAYOUT_FLAT_INLINE,
	.mode = 0100644,
	.xattr_icount = 0x0102,
	.uid = 0x0304,
	.gid = 0x0506,
	.nlink = 0x0708,
	.ino = 0x090a0b0c,
	.size = 0x0d0e0f10,
	.mtime = 1000,
	.mtime_nsec = 99,
	.u = 0x11121314,
};
static const uint8_t compact_bytes[32] = "\x04\0"
					 "\x02\x01"
					 "\xa4\x81"
					 "\x08\x07"
					 "\x10\x0f\x0e\x0d"
					 "\0\0\0\0"
					 "\x14\x13\x12\x11"
					 "\x0c\x0b\x0a\x09"
					 "\x04\x03"
					 "\x06\x05"
					 "\0\0\0";

static const struct erofs_inode extended = {
	.extended = true,
	.layout = EROFS_LAYOUT_CHUNK_BASED,
	.mode = 0104755,
	.xattr_icount = 0x0102,
	.uid = 0x21222324,
	.gid = 0x25262728,
	.nlink = 0x292a2b2c,
	.ino = 0x090a0b0c,
	.size = 0x3132333435363738,
	.mtime = -3,
	.mtime_nsec = 999999999,
	.u = 0x11121314,
};
static const uint8_t extended_bytes[64] = "\x09\0"
					  "\x02\x01"
					  "\xed\x89"
					  "\0\0"
					  "\x38\x37\x36\x35\x34\x33\x32\x31"
					  "\x14\x13\x12\x11"
					  "\x0c\x0b\x0a\x09"
					  "\x24\x23\x22\x21"
					  "\x28\x27\x26\x25"
					  "\xfd\xff\xff\xff\xff\xff\xff\xff"
					  "\xff\xc9\x9a\x3b"
					  "\x2c\x2b\x2a\x29"
					  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

static void assert_same(const struct erofs_inode *a, const struct erofs_inode *b)
{
	assert_int_equal(a->extended, b->extended);
	assert_int_equal(a->layout, b->layout);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->xattr_icount, b->xattr_icount);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->nlink, b->nlink);
	assert_int_equal(a->ino, b->ino);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->mtime, b->mtime);
	assert_int_equal(a->mtime_nsec, b->mtime_nsec);
	assert_int_equal(a->u, b->u);
	assert_int_equal(a->startblk_hi, b->startblk_hi);
}

static void round_trip(const struct erofs_inode *inode, const uint8_t *golden, size_t size)
{
	struct erofs_inode out;
	const char *reason = NULL;
	uint8_t bytes[64];

	memset(bytes, 0xaa, sizeof(bytes));
	assert_int_equal(erofs_inode_encode(inode, bytes), size);
	assert_memory_equal(bytes, golden, size);
	memset(&out, 0x55, sizeof(out));
	assert_int_equal(erofs_inode_decode(&out, bytes, size, &sb, &reason), 0);
	assert_same(&out, inode);
	assert_int_equal(erofs_inode_reserved_byte(&out, bytes), -1);
}

static void both_forms_are_as_the_format_says(void **state)
{
	(void)state;
	round_trip(&compact, compact_bytes, 32);
	round_trip(&extended, extended_bytes, 64);
}

static void a_compact_inode_has_the_images_time(void **state)
{
	struct erofs_inode out;
	const char *reason;
	uint8_t bytes[32];

	(void)state;
	memcpy(bytes, compact_bytes, sizeof(bytes));
	bytes[12] = 5;
	assert_int_equal(erofs_inode_decode(&out, bytes, sizeof(bytes), &sb, &reason), 0);
	assert_int_equal(out.mtime, 1005);
	assert_int_equal(out.mtime_nsec, 99);
}

static void what_is_cut_off_is_refused(void **state)
{
	struct erofs_inode out;
	const char *reason;

	(void)state;
	for (size_t avail = 0; avail < 32; avail++) {
		reason = NULL;
		assert_int_equal(erofs_inode_decode(&out, compact_bytes, avail, &sb, &reason), -EUCLEAN);
		assert_non_null(reason);
	}
	for (size_t avail = 0; avail < 64; avail++)
		assert_int_equal(erofs_inode_decode(&out, extended_bytes, avail, &sb, &reason), -EUCLEAN);
}

static void unknown_layouts_and_types_are_refused(void **state)
{
	static const mode_t types[] = { S_IFIFO, S_IFCHR, S_IFDIR, S_IFBLK, S_IFREG, S_IFLNK, S_IFSOCK };
	struct erofs_inode out;
	const char *reason;
	uint8_t bytes[32];

	(void)state;
	memcpy(bytes, compact_bytes, sizeof(bytes));
	for (int layout = 0; layout < 8; layout++) {
		bytes[0] = (uint8_t)(layout << 1);
		assert_int_equal(erofs_inode_decode(&out, bytes, sizeof(bytes), &sb, &reason),
				 layout > EROFS_LAYOUT_CHUNK_BASED ? -EUCLEAN : 0);
	}
	bytes[0] = 0;
	for (unsigned int type = 0; type < 16; type++) {
		int expected = -EUCLEAN;

		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			if (types[i] == type << 12)
				expected = 0;
		bytes[5] = (uint8_t)(type << 4);
		assert_int_equal(erofs_inode_decode(&out, bytes, sizeof(bytes), &sb, &reason), expected);
	}
}

static void reserved_bytes_are_found(void **state)
{
	uint8_t bytes[64];

	(void)state;
	for (int at = 28; at < 32; at++) {
		memcpy(bytes, compact_bytes, 32);
		bytes[at] = 1;
		assert_int_equal(erofs_inode_reserved_byte(&compact, bytes), at);
	}
	for (int at = 48; at < 64; at++) {
		memcpy(bytes, extended_bytes, 64);
		bytes[at] = 0x80;
		assert_int_equal(erofs_inode_reserved_byte(&extended, bytes), at);
	}
}

static void device_numbers_fill_32_bits(void **state)
{
	static const uint32_t majors[] = { 0, 1, 255, 256, 4095 }, minors[] = { 0, 3, 255, 256, 300, 1048575 };

	(void)state;
	assert_int_equal(erofs_encode_rdev(1, 3), 0x103);
	assert_int_equal(erofs_encode_rdev(10, 300), 0x100a2c);
	assert_int_equal(erofs_encode_rdev(4095, 1048575), 0xffffffffu);
	for (size_t i = 0; i < sizeof(majors) / sizeof(majors[0]); i++)
		for (size_t k = 0; k < sizeof(minors) / sizeof(minors[0]); k++) {
			uint32_t rdev = erofs_encode_rdev(majors[i], minors[k]);

			assert_int_equal(erofs_rdev_major(rdev), majors[i]);
			assert_int_equal(erofs_rdev_minor(rdev), minors[k]);
		}
}

static void modes_have_types(void **state)
{
	(void)state;
	assert_int_equal(erofs_file_type_of_mode(0100644), 1);
	assert_int_equal(erofs_file_type_of_mode(0040755), 2);
	assert_int_equal(erofs_file_type_of_mode(0020600), 3);
	assert_int_equal(erofs_file_type_of_mode(0060600), 4);
	assert_int_equal(erofs_file_type_of_mode(0010600), 5);
	assert_int_equal(erofs_file_type_of_mode(0140600), 6);
	assert_int_equal(erofs_file_type_of_mode(0120777), 7);
	assert_int_equal(erofs_file_type_of_mode(0000777), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_are_as_the_format_says),
		cmocka_unit_test(a_compact_inode_has_the_images_time),
		cmocka_unit_test(what_is_cut_off_is_refused),
		cmocka_unit_test(unknown_layouts_and_types_are_refused),
		cmocka_unit_test(reserved_bytes_are_found),
		cmocka_unit_test(device_numbers_fill_32_bits),
		cmocka_unit_test(modes_have_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
