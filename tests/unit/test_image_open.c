/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/format/format_chunk.h"
#include "tests/unit/raw_image.h"
#include "tests/unit/unit.h"

static struct raw_image raw;

static void a_sound_image_opens(void **state)
{
	struct erofs_image *image;

	(void)state;
	raw_init(&raw);
	memcpy(raw.sb.volume_name, "label", 6);
	image = raw_open(&raw);
	assert_string_equal(erofs_image_superblock(image)->volume_name, "label");
	assert_true(erofs_image_checksum_ok(image));
	assert_int_equal(erofs_image_device_size(image), RAW_SIZE);
	assert_int_equal(erofs_image_inode_offset(image, 3), RAW_ZONE * RAW_BLOCK + 96);
	assert_int_equal(erofs_image_inode_offset(image, UINT64_MAX / 2), UINT64_MAX);
	erofs_image_close(image);
}

static int reopen(const struct erofs_image_options *options)
{
	struct erofs_image *image;
	int err = erofs_image_open_memory(&image, raw.bytes, raw.size, options, NULL);

	erofs_image_close(image);
	return err;
}

static void a_wrong_checksum_is_refused_unless_tolerated(void **state)
{
	const struct erofs_image_options tolerant = { .size = sizeof(tolerant), .tolerate_bad_checksum = true };
	struct erofs_image *image;

	(void)state;
	raw_init(&raw);
	erofs_image_close(raw_open(&raw));
	raw.bytes[EROFS_SUPERBLOCK_OFFSET + 200]++;
	assert_int_equal(reopen(NULL), -EUCLEAN);
	assert_int_equal(erofs_image_open_memory(&image, raw.bytes, raw.size, &tolerant, NULL), 0);
	assert_false(erofs_image_checksum_ok(image));
	erofs_image_close(image);
}

static void what_is_no_image_is_refused(void **state)
{
	(void)state;
	raw_init(&raw);
	erofs_image_close(raw_open(&raw));
	raw.size = EROFS_SUPERBLOCK_OFFSET + EROFS_SUPERBLOCK_SIZE - 1;
	assert_int_equal(reopen(NULL), -EUCLEAN);
	raw.size = 0;
	assert_int_equal(reopen(NULL), -EUCLEAN);
	raw.size = RAW_SIZE;
	raw.bytes[EROFS_SUPERBLOCK_OFFSET] ^= 1;
	assert_int_equal(reopen(NULL), -EUCLEAN);
	assert_int_equal(reopen(&(struct erofs_image_options){ .size = sizeof(struct erofs_image_options),
							       .offset = RAW_SIZE + 1 }),
			 -ERANGE);
}

static void an_image_may_start_behind_an_offset(void **state)
{
	struct erofs_image *image;
	static uint8_t bytes[4096 + RAW_SIZE];

	(void)state;
	raw_init(&raw);
	erofs_image_close(raw_open(&raw));
	memcpy(bytes + 4096, raw.bytes, RAW_SIZE);
	assert_int_equal(erofs_image_open_memory(&image, bytes, sizeof(bytes),
						 &(struct erofs_image_options){
							 .size = sizeof(struct erofs_image_options), .offset = 4096 },
						 NULL),
			 0);
	assert_int_equal(erofs_image_device_size(image), RAW_SIZE);
	erofs_image_close(image);
}

static void use_devices(unsigned int count, const struct erofs_device_slot *slots)
{
	raw_init(&raw);
	raw.sb.feature_incompat = EROFS_FEATURE_INCOMPAT_DEVICE_TABLE;
	raw.sb.extra_devices = (uint16_t)count;
	raw.sb.devt_slotoff = 9;
	for (unsigned int i = 0; i < count; i++)
		erofs_device_slot_encode(&slots[i], raw.bytes + 9 * 128 + i * 128);
}

static void device_slots_are_read(void **state)
{
	const struct erofs_device_slot slots[] = { { .tag = "one", .blocks = 10, .uniaddr = 1000 },
						   { .tag = "two", .blocks = 5, .uniaddr = 900 } };
	struct erofs_device_slot slot;
	struct erofs_image *image;

	(void)state;
	use_devices(2, slots);
	image = raw_open(&raw);
	assert_int_equal(erofs_image_device_slot(image, &slot, 1), 0);
	assert_string_equal(slot.tag, "two");
	assert_int_equal(slot.uniaddr, 900);
	assert_false(slot.present);
	assert_int_equal(erofs_image_device_slot(image, &slot, 2), -ERANGE);
	erofs_image_close(image);
}

static void bad_device_tables_are_refused(void **state)
{
	const struct erofs_device_slot overlap[] = { { .blocks = 10, .uniaddr = 1000 },
						     { .blocks = 5, .uniaddr = 1009 } };
	struct erofs_image *image;

	(void)state;
	use_devices(2, overlap);
	assert_int_equal(raw_try_open(&image, &raw, NULL), -EUCLEAN);
	use_devices(1, overlap);
	raw.sb.devt_slotoff = UINT16_MAX;
	assert_int_equal(raw_try_open(&image, &raw, NULL), -EUCLEAN);
	use_devices(1, overlap);
	raw.sb.extra_devices = UINT16_MAX;
	assert_int_equal(raw_try_open(&image, &raw, NULL), -EUCLEAN);
}

static void more_devices_than_slots_are_a_misuse(void **state)
{
	const char *const devices[] = { "/dev/null" };
	const struct erofs_image_options options = { .size = sizeof(options), .devices = devices, .device_count = 1 };
	struct erofs_image *image;

	(void)state;
	raw_init(&raw);
	assert_int_equal(raw_try_open(&image, &raw, &options), -EINVAL);
}

static void inodes_are_checked(void **state)
{
	const struct erofs_inode link = {
		.nid = 0, .mode = S_IFLNK | 0777, .size = EROFS_SYMLINK_MAX + 1, .extended = true
	};
	const struct erofs_inode huge = { .nid = 2, .mode = S_IFREG, .size = UINT64_C(1) << 63, .extended = true };
	const struct erofs_inode far = { .nid = (RAW_SIZE - RAW_ZONE * RAW_BLOCK) / 32 - 1,
					 .mode = S_IFREG,
					 .xattr_icount = 1 };
	struct erofs_inode inode;
	struct erofs_image *image;

	(void)state;
	raw_init(&raw);
	raw_inode(&raw, &link);
	raw_inode(&raw, &huge);
	raw_inode(&raw, &far);
	image = raw_open(&raw);
	assert_int_equal(erofs_image_inode(image, &inode, 0), -EUCLEAN);
	assert_int_equal(erofs_image_inode(image, &inode, 2), -EUCLEAN);
	/* Its xattr area would lie behind the image. */
	assert_int_equal(erofs_image_inode(image, &inode, far.nid), -EUCLEAN);
	assert_int_equal(erofs_image_inode(image, &inode, far.nid + 1), -EUCLEAN);
	assert_int_equal(erofs_image_inode(image, &inode, UINT64_MAX), -EUCLEAN);
	/* No file type. */
	assert_int_equal(erofs_image_inode(image, &inode, 40), -EUCLEAN);
	erofs_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_image_opens),
		cmocka_unit_test(a_wrong_checksum_is_refused_unless_tolerated),
		cmocka_unit_test(what_is_no_image_is_refused),
		cmocka_unit_test(an_image_may_start_behind_an_offset),
		cmocka_unit_test(device_slots_are_read),
		cmocka_unit_test(bad_device_tables_are_refused),
		cmocka_unit_test(more_devices_than_slots_are_a_misuse),
		cmocka_unit_test(inodes_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
