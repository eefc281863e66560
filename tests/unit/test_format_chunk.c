/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_chunk.h"

#include <string.h>

#include "tests/unit/unit.h"

static void block_entries(void **state)
{
	struct erofs_chunk_entry out = { 1, 2, 3 };
	uint8_t bytes[EROFS_CHUNK_BLOCK_SIZE];

	(void)state;
	erofs_chunk_block_encode(0x01020304, bytes);
	assert_memory_equal(bytes, "\x04\x03\x02\x01", 4);
	erofs_chunk_block_decode(&out, bytes);
	assert_int_equal(out.block, 0x01020304);
	assert_int_equal(out.startblk_hi, 0);
	assert_int_equal(out.device_id, 0);
	erofs_chunk_block_encode(EROFS_NULL_BLOCK, bytes);
	assert_memory_equal(bytes, "\xff\xff\xff\xff", 4);
}

static void index_entries(void **state)
{
	const struct erofs_chunk_entry entry = { .block = 0x01020304, .startblk_hi = 0x0506, .device_id = 0x0708 };
	struct erofs_chunk_entry out;
	uint8_t bytes[EROFS_CHUNK_INDEX_SIZE];

	(void)state;
	erofs_chunk_index_encode(&entry, bytes);
	assert_memory_equal(bytes, "\x06\x05\x08\x07\x04\x03\x02\x01", 8);
	erofs_chunk_index_decode(&out, bytes);
	assert_int_equal(out.block, entry.block);
	assert_int_equal(out.startblk_hi, entry.startblk_hi);
	assert_int_equal(out.device_id, entry.device_id);
}

static void device_slots(void **state)
{
	struct erofs_device_slot slot = { .blocks = 0x0a0901020304, .uniaddr = 0x0c0b05060708 },
				 out = { .present = true };
	uint8_t bytes[EROFS_DEVICE_SLOT_SIZE];

	(void)state;
	/* A tag may fill its 64 bytes. */
	memset(slot.tag, 't', 64);
	memset(bytes, 0xaa, sizeof(bytes));
	erofs_device_slot_encode(&slot, bytes);
	assert_memory_equal(bytes, slot.tag, 64);
	assert_memory_equal(bytes + 64,
			    "\x04\x03\x02\x01"
			    "\x08\x07\x06\x05"
			    "\x09\x0a"
			    "\x0b\x0c",
			    12);
	for (size_t i = 76; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
	erofs_device_slot_decode(&out, bytes);
	assert_int_equal(out.blocks, slot.blocks);
	assert_int_equal(out.uniaddr, slot.uniaddr);
	assert_int_equal(strlen(out.tag), 64);
	assert_true(out.present);
}

static void counts_at_the_edges(void **state)
{
	(void)state;
	assert_int_equal(erofs_chunk_count(0, 12), 0);
	assert_int_equal(erofs_chunk_count(1, 12), 1);
	assert_int_equal(erofs_chunk_count(4096, 12), 1);
	assert_int_equal(erofs_chunk_count(4097, 12), 2);
	assert_int_equal(erofs_chunk_count(UINT64_C(1) << 62, 43), UINT64_C(1) << 19);
	assert_int_equal(erofs_chunk_count(INT64_MAX, 43), UINT64_C(1) << 20);
}

static void maps_lie_aligned_behind_the_xattrs(void **state)
{
	const uint32_t indexes = EROFS_CHUNK_FORMAT_INDEXES | 3;

	(void)state;
	assert_int_equal(erofs_chunk_bits(indexes, 12), 15);
	assert_int_equal(erofs_chunk_entry_size(indexes), 8);
	assert_int_equal(erofs_chunk_entry_size(3), 4);
	assert_int_equal(erofs_chunk_map_at(100, 4), 100);
	assert_int_equal(erofs_chunk_map_at(100, 8), 104);
	assert_int_equal(erofs_chunk_map_at(104, 8), 104);
	assert_int_equal(erofs_chunk_map_at((UINT64_C(1) << 40) + 1, 8), (UINT64_C(1) << 40) + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_entries),
		cmocka_unit_test(index_entries),
		cmocka_unit_test(device_slots),
		cmocka_unit_test(counts_at_the_edges),
		cmocka_unit_test(maps_lie_aligned_behind_the_xattrs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
