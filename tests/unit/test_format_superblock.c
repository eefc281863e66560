/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_superblock.h"

#include <errno.h>
#include <string.h>

#include "lib/format/crc32c.h"
#include "tests/unit/unit.h"

/* Each field has a value that is found nowhere else; the bytes are the format document's table, written out by hand. */
static const struct erofs_superblock sample = {
	.magic = EROFS_SUPER_MAGIC,
	.checksum = 0x04030201,
	.feature_compat = 0x37,
	.feature_incompat = 0x44,
	.blkszbits = 12,
	.root_nid = 0x0a09,
	.inos = 0x1112131415161718,
	.epoch = -2,
	.fixed_nsec = 0x20212223,
	.build_time = 0x24252627,
	.blocks = 0x28292a2b,
	.meta_blkaddr = 0x2c2d2e2f,
	.xattr_blkaddr = 0x30313233,
	.uuid = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f },
	.volume_name = "fifteen letters",
	.available_compr_algs = 0x5150,
	.extra_devices = 0x5352,
	.devt_slotoff = 0x5554,
	.xattr_prefix_count = 0x56,
	.xattr_prefix_start = 0x5a595857,
	.packed_nid = 0x626160595857565f,
	.ishare_xattr_prefix_id = 0x63,
};

static const uint8_t golden[EROFS_SUPERBLOCK_SIZE] = "\xe2\xe1\xf5\xe0"
						     "\x01\x02\x03\x04"
						     "\x37\0\0\0"
						     "\x0c"
						     "\0"
						     "\x09\x0a"
						     "\x18\x17\x16\x15\x14\x13\x12\x11"
						     "\xfe\xff\xff\xff\xff\xff\xff\xff"
						     "\x23\x22\x21\x20"
						     "\x2b\x2a\x29\x28"
						     "\x2f\x2e\x2d\x2c"
						     "\x33\x32\x31\x30"
						     "\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f"
						     "fifteen letters\0"
						     "\x44\0\0\0"
						     "\x50\x51"
						     "\x52\x53"
						     "\x54\x55"
						     "\0"
						     "\x56"
						     "\x57\x58\x59\x5a"
						     "\x5f\x56\x57\x58\x59\x60\x61\x62"
						     "\0"
						     "\x63"
						     "\0\0"
						     "\x27\x26\x25\x24"
						     "\0\0\0\0\0\0\0\0"
						     "\0\0\0\0\0\0\0";

/* A decoded copy of the sample's bytes with one change. */
static int decode_changed(struct erofs_superblock *out, size_t at, uint8_t value, const char **reason)
{
	uint8_t bytes[EROFS_SUPERBLOCK_DECODE_SIZE] = { 0 };

	memcpy(bytes, golden, sizeof(golden));
	bytes[at] = value;
	return erofs_superblock_decode(out, bytes, reason);
}

static void encodes_as_the_format_says(void **state)
{
	uint8_t bytes[EROFS_SUPERBLOCK_SIZE];

	(void)state;
	memset(bytes, 0xaa, sizeof(bytes));
	erofs_superblock_encode(&sample, bytes);
	assert_memory_equal(bytes, golden, sizeof(golden));
	assert_int_equal(erofs_superblock_reserved_byte(bytes), -1);
}

static void decodes_what_it_encoded(void **state)
{
	struct erofs_superblock out;
	const char *reason = NULL;

	(void)state;
	memset(&out, 0x55, sizeof(out));
	assert_int_equal(decode_changed(&out, 0, golden[0], &reason), 0);
	assert_int_equal(out.magic, sample.magic);
	assert_int_equal(out.checksum, sample.checksum);
	assert_int_equal(out.feature_compat, sample.feature_compat);
	assert_int_equal(out.feature_incompat, sample.feature_incompat);
	assert_int_equal(out.blkszbits, sample.blkszbits);
	assert_int_equal(out.root_nid, sample.root_nid);
	assert_int_equal(out.inos, sample.inos);
	assert_int_equal(out.epoch, sample.epoch);
	assert_int_equal(out.fixed_nsec, sample.fixed_nsec);
	assert_int_equal(out.build_time, sample.build_time);
	assert_int_equal(out.blocks, sample.blocks);
	assert_int_equal(out.meta_blkaddr, sample.meta_blkaddr);
	assert_int_equal(out.xattr_blkaddr, sample.xattr_blkaddr);
	assert_memory_equal(out.uuid, sample.uuid, 16);
	assert_string_equal(out.volume_name, sample.volume_name);
	assert_int_equal(out.available_compr_algs, sample.available_compr_algs);
	assert_int_equal(out.extra_devices, sample.extra_devices);
	assert_int_equal(out.devt_slotoff, sample.devt_slotoff);
	assert_int_equal(out.xattr_prefix_count, sample.xattr_prefix_count);
	assert_int_equal(out.xattr_prefix_start, sample.xattr_prefix_start);
	assert_int_equal(out.xattr_filter_reserved, 0);
	assert_int_equal(out.ishare_xattr_prefix_id, sample.ishare_xattr_prefix_id);
	assert_int_equal(out.packed_nid, sample.packed_nid);
}

static void refuses_what_linux_would(void **state)
{
	struct erofs_superblock out;
	const char *reason;

	(void)state;
	reason = NULL;
	assert_int_equal(decode_changed(&out, 0, 0, &reason), -EUCLEAN);
	assert_non_null(reason);
	for (int bits = 0; bits < 256; bits++) {
		int expected = bits >= 9 && bits <= 12 ? 0 : -EOPNOTSUPP;

		assert_int_equal(decode_changed(&out, 0x0c, (uint8_t)bits, &reason), expected);
	}
	assert_int_equal(decode_changed(&out, 0x51, 0x02, &reason), -EOPNOTSUPP);
	assert_int_equal(decode_changed(&out, 0x53, 0x80, &reason), -EOPNOTSUPP);
	assert_int_equal(decode_changed(&out, 0x5a, 1, &reason), -EOPNOTSUPP);
	/* Unknown compatible features are nobody's business. */
	assert_int_equal(decode_changed(&out, 0x0b, 0xff, &reason), 0);
}

static void a_name_of_16_bytes_is_terminated(void **state)
{
	struct erofs_superblock out;
	const char *reason;

	(void)state;
	assert_int_equal(decode_changed(&out, 0x4f, '!', &reason), 0);
	assert_string_equal(out.volume_name, "fifteen letters!");
}

static void a_root_past_16_bits_needs_48bit(void **state)
{
	struct erofs_superblock sb = sample, out;
	uint8_t bytes[EROFS_SUPERBLOCK_DECODE_SIZE] = { 0 };
	const char *reason;

	(void)state;
	sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_48BIT;
	sb.root_nid = 0x123456789a;
	sb.blocks = 0xab1122334455 & 0xffffffffffff;
	erofs_superblock_encode(&sb, bytes);
	assert_int_equal(bytes[0x0e] | bytes[0x0f] << 8, 0xab11);
	assert_int_equal(bytes[0x70], 0x9a);
	assert_int_equal(erofs_superblock_decode(&out, bytes, &reason), 0);
	assert_int_equal(out.root_nid, sb.root_nid);
	assert_int_equal(out.blocks, sb.blocks);
	/* With the bit and rootnid_8b = 0, rootnid_2b still counts. */
	sb.root_nid = 36;
	sb.blocks = 7;
	memset(bytes, 0, sizeof(bytes));
	erofs_superblock_encode(&sb, bytes);
	assert_int_equal(bytes[0x0e], 36);
	assert_int_equal(erofs_superblock_decode(&out, bytes, &reason), 0);
	assert_int_equal(out.root_nid, 36);
	assert_int_equal(out.blocks, 7);
}

static void reserved_bytes_are_found(void **state)
{
	static const uint8_t reserved[] = { 0x6a, 0x6b, 0x78, 0x79, 0x7e, 0x7f };
	uint8_t bytes[EROFS_SUPERBLOCK_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(reserved); i++) {
		memcpy(bytes, golden, sizeof(golden));
		bytes[reserved[i]] = 1;
		assert_int_equal(erofs_superblock_reserved_byte(bytes), reserved[i]);
	}
}

static void crc32c_is_castagnolis(void **state)
{
	static const uint8_t ascending[32] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
					       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
	static const uint8_t zeros[32];

	(void)state;
	/* The published check values have a final inversion, EROFS has not. RFC 3720 B.4 has the last two. */
	assert_int_equal(~erofs_crc32c(0xFFFFFFFFu, "123456789", 9), 0xE3069283u);
	assert_int_equal(~erofs_crc32c(0xFFFFFFFFu, zeros, 32), 0x8A9136AAu);
	assert_int_equal(~erofs_crc32c(0xFFFFFFFFu, ascending, 32), 0x46DD794Eu);
	assert_int_equal(erofs_crc32c(erofs_crc32c(0xFFFFFFFFu, "1234", 4), "56789", 5), 0x1CF96D7Cu);
	assert_int_equal(erofs_crc32c(7, "", 0), 7);
	/* What magic and an empty checksum field leave behind, says the format document. */
	assert_int_equal(erofs_crc32c(0xFFFFFFFFu, "\xe2\xe1\xf5\xe0\0\0\0", 8), 0x5045B54Au);
}

static void the_checksum_covers_its_block(void **state)
{
	uint8_t block[3072];
	uint32_t sum;

	(void)state;
	assert_int_equal(erofs_superblock_checksum_span(12), 3072);
	assert_int_equal(erofs_superblock_checksum_span(11), 1024);
	assert_int_equal(erofs_superblock_checksum_span(10), 1024);
	assert_int_equal(erofs_superblock_checksum_span(9), 512);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * 31);
	memcpy(block, golden, sizeof(golden));
	sum = erofs_superblock_checksum(block, sizeof(block));
	assert_int_equal(sum, erofs_crc32c(0x5045B54Au, block + 8, sizeof(block) - 8));
	memset(block + 4, 0x77, 4);
	assert_int_equal(erofs_superblock_checksum(block, sizeof(block)), sum);
	block[3071] ^= 1;
	assert_int_not_equal(erofs_superblock_checksum(block, sizeof(block)), sum);
}

static void magic_and_span(void **state)
{
	struct erofs_superblock sb = { .sb_extslots = 255 };

	(void)state;
	assert_true(erofs_is_magic((const uint8_t *)"\xe2\xe1\xf5\xe0"));
	assert_false(erofs_is_magic((const uint8_t *)"\xe0\xf5\xe1\xe2"));
	assert_int_equal(erofs_superblock_span(&sb), 128 + 16 * 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_as_the_format_says),
		cmocka_unit_test(decodes_what_it_encoded),
		cmocka_unit_test(refuses_what_linux_would),
		cmocka_unit_test(a_name_of_16_bytes_is_terminated),
		cmocka_unit_test(a_root_past_16_bits_needs_48bit),
		cmocka_unit_test(reserved_bytes_are_found),
		cmocka_unit_test(crc32c_is_castagnolis),
		cmocka_unit_test(the_checksum_covers_its_block),
		cmocka_unit_test(magic_and_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
