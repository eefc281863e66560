/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/format/format_chunk.h"
#include "tests/unit/raw_image.h"
#include "tests/unit/unit.h"

#define DATA 40u

static struct raw_image raw;

/* The inode as the image gives it back; the image stays open. */
static struct erofs_image *open_inode(struct erofs_inode *inode, const struct erofs_image_options *options)
{
	struct erofs_image *image;

	assert_int_equal(raw_try_open(&image, &raw, options), 0);
	assert_int_equal(erofs_image_inode(image, inode, inode->nid), 0);
	return image;
}

static void fill(uint32_t block, uint8_t value)
{
	memset(raw_block(&raw, block), value, RAW_BLOCK);
}

static void assert_extent(const struct erofs_image *image, const struct erofs_inode *inode, uint64_t at,
			  struct erofs_extent expected)
{
	struct erofs_extent extent;

	assert_int_equal(erofs_image_map(image, &extent, inode, at), 1);
	assert_int_equal(extent.kind, expected.kind);
	assert_int_equal(extent.logical, expected.logical);
	assert_int_equal(extent.length, expected.length);
	assert_int_equal(extent.physical, expected.physical);
	assert_int_equal(extent.plen, expected.kind == EROFS_EXTENT_HOLE ? 0 : expected.length);
	assert_int_equal(extent.device, expected.device);
	assert_int_equal(extent.algorithm, -1);
}

static void flat_data_and_an_inline_tail(void **state)
{
	struct erofs_inode inode = { .mode = S_IFREG, .layout = EROFS_LAYOUT_FLAT_INLINE, .size = 1024 + 5, .u = DATA };
	struct erofs_image *image;
	struct erofs_extent extent;
	char buf[2000];

	(void)state;
	raw_init(&raw);
	memcpy(raw_inode(&raw, &inode), "tail!", 5);
	fill(DATA, 1);
	fill(DATA + 1, 2);
	image = open_inode(&inode, NULL);
	assert_extent(image, &inode, 700,
		      (struct erofs_extent){ EROFS_EXTENT_PLAIN, 0, 1024, DATA * RAW_BLOCK, 0, 0, 0, false, false });
	assert_extent(image, &inode, 1026,
		      (struct erofs_extent){ EROFS_EXTENT_INLINE, 1024, 5, RAW_ZONE * RAW_BLOCK + 32, 0, 0, 0, false,
					     false });
	assert_int_equal(erofs_image_map(image, &extent, &inode, 1029), 0);
	assert_int_equal(erofs_image_read(image, &inode, buf, sizeof(buf), 0), 1029);
	assert_int_equal(buf[511], 1);
	assert_int_equal(buf[512], 2);
	assert_memory_equal(buf + 1024, "tail!", 5);
	assert_int_equal(erofs_image_read(image, &inode, buf, 3, 1023), 3);
	assert_memory_equal(buf, "\x02ta", 3);
	assert_int_equal(erofs_image_read(image, &inode, buf, 1, 1029), 0);
	erofs_image_close(image);
}

static void an_inline_tail_stays_in_its_block(void **state)
{
	struct erofs_inode inode = { .nid = 15, .mode = S_IFLNK, .layout = EROFS_LAYOUT_FLAT_INLINE, .size = 1 };
	struct erofs_image *image;
	char byte;

	(void)state;
	raw_init(&raw);
	/* The body ends with the block, so the tail is in the next one. */
	raw_inode(&raw, &inode);
	image = open_inode(&inode, NULL);
	assert_int_equal(erofs_image_read(image, &inode, &byte, 1, 0), 1);
	erofs_image_close(image);
	inode.nid = 14;
	inode.size = 33;
	raw_inode(&raw, &inode);
	image = open_inode(&inode, NULL);
	assert_int_equal(erofs_image_read(image, &inode, &byte, 1, 0), -EUCLEAN);
	erofs_image_close(image);
}

static int read_whole(struct erofs_inode inode)
{
	static char buf[RAW_SIZE];
	struct erofs_image *image;
	int64_t count;

	raw_inode(&raw, &inode);
	image = open_inode(&inode, NULL);
	count = erofs_image_read(image, &inode, buf, sizeof(buf), 0);
	erofs_image_close(image);
	return (int)count;
}

static void data_outside_the_image_are_damage(void **state)
{
	struct erofs_inode inode = { .extended = true, .mode = S_IFREG, .size = 512, .u = 127 };

	(void)state;
	raw_init(&raw);
	assert_int_equal(read_whole(inode), 512);
	inode.size = 513;
	assert_int_equal(read_whole(inode), -EUCLEAN);
	inode.size = INT64_MAX;
	inode.u = 0;
	assert_int_equal(read_whole(inode), -EUCLEAN);
	inode.size = 1;
	inode.startblk_hi = 1;
	assert_int_equal(read_whole(inode), -EUCLEAN);
	inode.mode = S_IFCHR;
	assert_int_equal(read_whole(inode), 0);
}

static void a_null_first_block_is_a_hole(void **state)
{
	struct erofs_inode inode = { .mode = S_IFREG, .size = 3000, .u = EROFS_NULL_BLOCK };
	struct erofs_image *image;
	char buf[3000];

	(void)state;
	raw_init(&raw);
	raw_inode(&raw, &inode);
	image = open_inode(&inode, NULL);
	assert_extent(image, &inode, 9, (struct erofs_extent){ .kind = EROFS_EXTENT_HOLE, .length = 3000 });
	memset(buf, 1, sizeof(buf));
	assert_int_equal(erofs_image_read(image, &inode, buf, sizeof(buf), 0), 3000);
	for (size_t i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0);
	erofs_image_close(image);
	/* 48 bits must be set in an extended inode. */
	inode.extended = true;
	assert_int_equal(read_whole(inode), -EUCLEAN);
	inode.startblk_hi = UINT16_MAX;
	assert_int_equal(read_whole(inode), 3000);
}

/* ---- chunks ------------------------------------------------------------------------------------------------------------ */

static void put_blocks(uint8_t *at, const uint32_t *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		erofs_chunk_block_encode(blocks[i], at + 4 * i);
}

static void adjacent_chunks_are_one_extent(void **state)
{
	static const uint32_t blocks[] = { 40, 41, EROFS_NULL_BLOCK, EROFS_NULL_BLOCK, 50, 40, 41 };
	struct erofs_inode inode = { .mode = S_IFREG, .layout = EROFS_LAYOUT_CHUNK_BASED, .size = 6 * 512 + 100 };
	struct erofs_image *image;
	char buf[4096];

	(void)state;
	raw_init(&raw);
	put_blocks(raw_inode(&raw, &inode), blocks, 7);
	fill(40, 'a');
	fill(41, 'b');
	fill(50, 'c');
	image = open_inode(&inode, NULL);
	assert_extent(image, &inode, 0,
		      (struct erofs_extent){ EROFS_EXTENT_PLAIN, 0, 1024, 40 * RAW_BLOCK, 0, 0, 0, false, false });
	assert_extent(image, &inode, 1024, (struct erofs_extent){ .logical = 1024, .length = 1024 });
	assert_extent(image, &inode, 2048,
		      (struct erofs_extent){ EROFS_EXTENT_PLAIN, 2048, 512, 50 * RAW_BLOCK, 0, 0, 0, false, false });
	assert_extent(image, &inode, 2560,
		      (struct erofs_extent){ EROFS_EXTENT_PLAIN, 2560, 612, 40 * RAW_BLOCK, 0, 0, 0, false, false });
	assert_int_equal(erofs_image_read(image, &inode, buf, sizeof(buf), 0), 3172);
	assert_int_equal(buf[1023], 'b');
	assert_int_equal(buf[1024], 0);
	assert_int_equal(buf[2047], 0);
	assert_int_equal(buf[2048], 'c');
	assert_int_equal(buf[3171], 'b');
	erofs_image_close(image);
}

/* A bad chunk strikes who asks for it, not who asks for its neighbours. */
static void a_chunk_outside_the_image_is_damage(void **state)
{
	static const uint32_t blocks[] = { 127, 128 };
	struct erofs_inode inode = { .mode = S_IFREG, .layout = EROFS_LAYOUT_CHUNK_BASED, .size = 1024 };
	struct erofs_image *image;
	struct erofs_extent extent;

	(void)state;
	raw_init(&raw);
	put_blocks(raw_inode(&raw, &inode), blocks, 2);
	image = open_inode(&inode, NULL);
	assert_extent(image, &inode, 0,
		      (struct erofs_extent){ EROFS_EXTENT_PLAIN, 0, 512, 127 * RAW_BLOCK, 0, 0, 0, false, false });
	assert_int_equal(erofs_image_map(image, &extent, &inode, 512), -EUCLEAN);
	erofs_image_close(image);
	inode.extended = true;
	inode.size = INT64_MAX;
	assert_int_equal(read_whole(inode), -EUCLEAN);
}

static void chunks_with_48_bits_and_without(void **state)
{
	struct erofs_inode inode = {
		.extended = true, .mode = S_IFREG, .layout = EROFS_LAYOUT_CHUNK_BASED, .size = 512
	};
	struct erofs_chunk_entry entry = { .block = EROFS_NULL_BLOCK };

	(void)state;
	raw_init(&raw);
	inode.u = EROFS_CHUNK_FORMAT_INDEXES;
	erofs_chunk_index_encode(&entry, raw_inode(&raw, &inode));
	assert_int_equal(read_whole(inode), 512);
	inode.u |= EROFS_CHUNK_FORMAT_48BIT;
	assert_int_equal(read_whole(inode), -EUCLEAN);
	entry.startblk_hi = UINT16_MAX;
	erofs_chunk_index_encode(&entry, raw_inode(&raw, &inode));
	assert_int_equal(read_whole(inode), 512);
	inode.u = 0x80;
	raw_inode(&raw, &inode);
	{
		struct erofs_image *image = raw_open(&raw);

		assert_int_equal(erofs_image_inode(image, &inode, 0), -EOPNOTSUPP);
		erofs_image_close(image);
	}
}

/* ---- devices ----------------------------------------------------------------------------------------------------------- */

#define SLOT_ADDRESS 1000u

static char device_path[] = "/tmp/test_image_data.XXXXXX";

static int make_device(void **state)
{
	char bytes[3 * RAW_BLOCK];
	int fd = mkstemp(device_path);

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		memset(bytes + (size_t)i * RAW_BLOCK, 'x' + (int)i, RAW_BLOCK);
	if (fd < 0 || write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
		return -1;
	return close(fd);
}

static int drop_device(void **state)
{
	(void)state;
	return unlink(device_path);
}

static void use_device(struct erofs_inode *inode, uint16_t device_id, uint32_t block)
{
	const struct erofs_device_slot slot = { .blocks = 3, .uniaddr = SLOT_ADDRESS };
	const struct erofs_chunk_entry entry = { .device_id = device_id, .block = block };

	raw_init(&raw);
	raw.sb.feature_incompat = EROFS_FEATURE_INCOMPAT_DEVICE_TABLE;
	raw.sb.extra_devices = 1;
	raw.sb.devt_slotoff = 12;
	erofs_device_slot_encode(&slot, raw.bytes + 12 * 128);
	*inode = (struct erofs_inode){
		.mode = S_IFREG, .layout = EROFS_LAYOUT_CHUNK_BASED, .size = 512, .u = EROFS_CHUNK_FORMAT_INDEXES
	};
	erofs_chunk_index_encode(&entry, raw_inode(&raw, inode));
}

static int read_device(uint16_t device_id, uint32_t block, bool given, char *first)
{
	const char *const devices[] = { device_path };
	const struct erofs_image_options options = { .size = sizeof(options),
						     .devices = devices,
						     .device_count = given };
	struct erofs_inode inode;
	struct erofs_image *image;
	char buf[512];
	int64_t count;

	use_device(&inode, device_id, block);
	image = open_inode(&inode, &options);
	count = erofs_image_read(image, &inode, buf, sizeof(buf), 0);
	*first = buf[0];
	erofs_image_close(image);
	return (int)count;
}

static void chunks_on_devices(void **state)
{
	char first;

	(void)state;
	assert_int_equal(read_device(1, 1, true, &first), 512);
	assert_int_equal(first, 'y');
	/* The same block by its unified address. */
	assert_int_equal(read_device(0, SLOT_ADDRESS + 2, true, &first), 512);
	assert_int_equal(first, 'z');
	/* Bits of the id above the mask do not count. */
	assert_int_equal(read_device(0x8001, 0, true, &first), 512);
	assert_int_equal(first, 'x');
	assert_int_equal(read_device(1, 3, true, &first), -EUCLEAN);
	assert_int_equal(read_device(0, SLOT_ADDRESS + 3, true, &first), -EUCLEAN);
	assert_int_equal(read_device(1, 1, false, &first), -ENXIO);
}

/* What a file of two blocks in one chunk reads, of which the device slot has `slot_blocks` at `slot_address`. */
static int read_two_blocks(uint32_t block, uint64_t slot_address, uint32_t slot_blocks, bool given)
{
	const struct erofs_device_slot slot = { .blocks = slot_blocks, .uniaddr = (uint32_t)slot_address };
	const char *const devices[] = { device_path };
	const struct erofs_image_options options = { .size = sizeof(options),
						     .devices = devices,
						     .device_count = given };
	const struct erofs_chunk_entry entry = { .block = block };
	struct erofs_inode inode;
	struct erofs_image *image;
	char buf[2 * RAW_BLOCK];
	int64_t count;

	use_device(&inode, 0, block);
	erofs_device_slot_encode(&slot, raw.bytes + 12 * 128);
	inode.size = sizeof(buf);
	inode.u |= 1;
	erofs_chunk_index_encode(&entry, raw_inode(&raw, &inode));
	image = open_inode(&inode, &options);
	count = erofs_image_read(image, &inode, buf, sizeof(buf), 0);
	erofs_image_close(image);
	return (int)count;
}

/* Slots may have addresses among those of the primary device. */
static void an_extent_lies_on_one_device(void **state)
{
	(void)state;
	for (unsigned int given = 0; given < 2; given++) {
		assert_int_equal(read_two_blocks(58, 60, 3, given), 1024);
		assert_int_equal(read_two_blocks(59, 60, 3, given), -EUCLEAN);
		assert_int_equal(read_two_blocks(60, 60, 3, given), 1024);
		assert_int_equal(read_two_blocks(62, 60, 3, given), -EUCLEAN);
		assert_int_equal(read_two_blocks(63, 60, 3, given), 1024);
	}
	/* The device is larger than its slot says. */
	assert_int_equal(read_two_blocks(SLOT_ADDRESS, SLOT_ADDRESS, 2, true), 1024);
	assert_int_equal(read_two_blocks(SLOT_ADDRESS + 1, SLOT_ADDRESS, 2, true), -EUCLEAN);
}

/* Places that follow each other are one extent on one device only. */
static void chunks_of_two_devices_are_two_extents(void **state)
{
	const char *const devices[] = { device_path };
	const struct erofs_image_options options = { .size = sizeof(options), .devices = devices, .device_count = 1 };
	const struct erofs_chunk_entry entries[] = { { .block = 1 }, { .device_id = 1, .block = 2 } };
	struct erofs_inode inode;
	struct erofs_image *image;
	char buf[2 * RAW_BLOCK];
	uint8_t *map;

	(void)state;
	use_device(&inode, 0, 1);
	inode.size = sizeof(buf);
	map = raw_inode(&raw, &inode);
	for (size_t i = 0; i < 2; i++)
		erofs_chunk_index_encode(&entries[i], map + i * EROFS_CHUNK_INDEX_SIZE);
	image = open_inode(&inode, &options);
	assert_int_equal(erofs_image_read(image, &inode, buf, sizeof(buf), 0), sizeof(buf));
	assert_int_equal(buf[0], 0);
	assert_int_equal(buf[RAW_BLOCK], 'z');
	erofs_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat_data_and_an_inline_tail),
		cmocka_unit_test(an_inline_tail_stays_in_its_block),
		cmocka_unit_test(data_outside_the_image_are_damage),
		cmocka_unit_test(a_null_first_block_is_a_hole),
		cmocka_unit_test(adjacent_chunks_are_one_extent),
		cmocka_unit_test(a_chunk_outside_the_image_is_damage),
		cmocka_unit_test(chunks_with_48_bits_and_without),
		cmocka_unit_test(chunks_on_devices),
		cmocka_unit_test(an_extent_lies_on_one_device),
		cmocka_unit_test(chunks_of_two_devices_are_two_extents),
	};

	return cmocka_run_group_tests(tests, make_device, drop_device);
}
