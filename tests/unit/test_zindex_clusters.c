/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/index/zindex.h"

#include <string.h>

#include <erofs/inode.h>

#include "tests/unit/unit.h"

/* Indexes of logical clusters of 4 KiB against bytes written out by hand from the format; what is encoded is never looked at. */

#define BLOCK	 4096u
#define XATTRS	 32u /* where they end: behind a compact inode */
#define ADDRESS	 5u  /* block of the first extent */
#define BYTES(x) (x), sizeof(x)

struct made {
	struct erofs_build_options options;
	struct erofs_method method;
	struct erofs_methods methods;
	struct erofs_buffer extents, lists, index;
	struct erofs_extent_list list;
	struct erofs_zindex zindex;
};

static void begin(struct made *made, bool full, uint32_t pcluster_blocks)
{
	*made = (struct made){ .list = { .start = ADDRESS } };
	made->options = (struct erofs_build_options){ .blkszbits = 12,
						      .full_index = full,
						      .compressed_form = EROFS_COMPRESSED_CLUSTERS };
	made->method = (struct erofs_method){ .compression = { .compressor = EROFS_COMPRESSOR_LZ4 },
					      .unit = BLOCK,
					      .encoded_max = pcluster_blocks * BLOCK };
	made->methods = (struct erofs_methods){ .options = &made->options, .items = &made->method, .count = 1 };
}

static void add(struct made *made, uint64_t length, uint32_t blocks, enum erofs_extent_form form)
{
	struct erofs_list_extent extent = { .length = length, .plen = blocks, .form = form };

	assert_int_equal(erofs_writer_extents_append(&made->extents, &extent), 0);
	made->list.count++;
	made->list.plen += blocks;
	made->zindex.file_size += length;
}

/* The whole index, and the end of it. */
static void expect(struct made *made, const uint8_t *header, const uint8_t *entries, size_t size)
{
	made->zindex.methods = &made->methods;
	made->zindex.lists = &made->lists;
	assert_int_equal(erofs_writer_extent_lists_add(&made->lists, &made->zindex.list, &made->list, &made->extents),
			 0);
	assert_int_equal(erofs_writer_zindex_encode(&made->zindex, &made->index, XATTRS), 0);
	assert_int_equal(made->index.size, erofs_writer_zindex_size(&made->zindex, XATTRS));
	assert_int_equal(made->index.size, size + (made->options.full_index ? 16 : 8));
	assert_memory_equal(made->index.data, header, 8);
	assert_memory_equal(made->index.data + made->index.size - size, entries, size);
	erofs_buffer_release(&made->extents);
	erofs_buffer_release(&made->lists);
	erofs_buffer_release(&made->index);
}

static const uint8_t header[8] = { 0 };
static const uint8_t header_big[8] = { 0, 0, 0, 0, 6, 0, 0, 0 };

/* 10000 bytes in one extent: 1808 of them in the last cluster, where a head of nothing ends the index. */
static void a_full_index_ends_with_the_file(void **state)
{
	static const uint8_t entries[] = {
		0x01, 0, 0x00, 0x00, 5, 0, 0, 0, /* an extent begins at block 5 */
		0x02, 0, 0x00, 0x00, 1, 0, 1, 0, /* one back to it, one on to the end */
		0x00, 0, 0x10, 0x07, 6, 0, 0, 0, /* the end, at byte 1808 */
	};
	struct made made;

	(void)state;
	begin(&made, true, 1);
	add(&made, 10000, 1, EROFS_FORM_ENCODED);
	expect(&made, header, BYTES(entries));
}

static void a_compact_index_ends_with_the_file(void **state)
{
	static const uint8_t entries[] = {
		0x00, 0x10, 0x01, 0x20, 4, 0, 0, 0, /* a head, one on to the end; the address before */
		0x10, 0x07, 0x00, 0x00, 5, 0, 0, 0, /* the end */
	};
	struct made made;

	(void)state;
	begin(&made, false, 1);
	add(&made, 10000, 1, EROFS_FORM_ENCODED);
	expect(&made, header, BYTES(entries));
}

/* The last of two extents, which begins in the middle of a cluster. */
static void the_end_follows_the_last_extent(void **state)
{
	static const uint8_t entries[] = {
		0x01, 0, 0x00, 0x00, 5, 0, 0, 0, 0x02, 0, 0x00, 0x00, 1, 0, 1, 0,
		0x01, 0, 0x08, 0x00, 6, 0, 0, 0, 0x00, 0, 0x01, 0x00, 7, 0, 0, 0,
	};
	struct made made;

	(void)state;
	begin(&made, true, 1);
	add(&made, 2 * BLOCK + 8, 1, EROFS_FORM_ENCODED);
	add(&made, BLOCK - 7, 1, EROFS_FORM_ENCODED);
	expect(&made, header, BYTES(entries));
}

static void big_clusters_end_with_the_file(void **state)
{
	static const uint8_t full[] = {
		0x01, 0, 0x00, 0, 5, 0, 0, 0, 0x02, 0, 0x00, 0, 0x02, 0x08, 4, 0, 0x02, 0, 0x00, 0, 2, 0, 3, 0,
		0x02, 0, 0x00, 0, 3, 0, 2, 0, 0x02, 0, 0x00, 0, 4,    0,    1, 0, 0x00, 0, 0x64, 0, 7, 0, 0, 0,
	};
	static const uint8_t compact[] = {
		0x00, 0x10, 0x02, 0x28, 5, 0, 0, 0, /* the head, its two blocks */
		0x02, 0x20, 0x02, 0x20, 7, 0, 0, 0, /* two back; two on */
		0x04, 0x20, 0x64, 0x00, 7, 0, 0, 0, /* four back; the end */
	};
	struct made made;

	(void)state;
	begin(&made, true, 4);
	add(&made, 5 * BLOCK + 100, 2, EROFS_FORM_ENCODED);
	expect(&made, header_big, BYTES(full));
	begin(&made, false, 4);
	add(&made, 5 * BLOCK + 100, 2, EROFS_FORM_ENCODED);
	expect(&made, header_big, BYTES(compact));
}

/* A count of blocks comes before the end: without it, nobody knew how long the cluster is. */
static void a_count_of_blocks_keeps_its_place(void **state)
{
	static const uint8_t entries[] = {
		0x01, 0, 0, 0, 5, 0, 0, 0, 0x02, 0, 0, 0, 0x02, 0x08, 1, 0,
	};
	struct made made;

	(void)state;
	begin(&made, true, 4);
	add(&made, 2 * BLOCK - 1, 2, EROFS_FORM_ENCODED);
	expect(&made, header_big, BYTES(entries));
}

/* The last extent is a packed tail of 700 bytes: it lies in no block, and counts as one where a count has to stand. */
static void a_packed_tail_has_no_block(void **state)
{
	static const uint8_t tail_header[8] = { 0, 0, 0xbc, 0x02, 0x08, 0, 0, 0 };
	static const uint8_t tail_header_big[8] = { 0, 0, 0xbc, 0x02, 0x0e, 0, 0, 0 };
	static const uint8_t full[] = {
		0x01, 0, 0x00, 0, 5, 0, 0, 0, 0x01, 0, 0x08, 0, 6, 0, 0, 0, 0x00, 0, 0x90, 0x03, 6, 0, 0, 0,
	};
	static const uint8_t compact[] = {
		0x00, 0x10, 0x08, 0x10, 5, 0, 0, 0, 0x01, 0x28, 0x30, 0x03, 6, 0, 0, 0,
	};
	struct made made;

	(void)state;
	begin(&made, true, 1);
	made.list.tail_size = 700;
	add(&made, BLOCK + 8, 1, EROFS_FORM_ENCODED);
	add(&made, 5000, 0, EROFS_FORM_ENCODED);
	expect(&made, tail_header, BYTES(full));
	begin(&made, false, 4);
	made.list.tail_size = 700;
	add(&made, BLOCK + 8, 1, EROFS_FORM_ENCODED);
	add(&made, 9000, 0, EROFS_FORM_ENCODED);
	expect(&made, tail_header_big, BYTES(compact));
}

/* Far out in the packed inode even a compact index becomes a full one, whose last head has the higher half of where. */
static void a_fragment_has_its_place_in_the_packed_inode(void **state)
{
	static const uint8_t near[8] = { 0x70, 0x11, 0x01, 0, 0x20, 0, 0, 0 };
	static const uint8_t far[8] = { 0xff, 0xff, 0xff, 0xff, 0x20, 0, 0, 0 };
	static const uint8_t compact[] = { 0x00, 0x10, 0x08, 0x10, 4, 0, 0, 0 };
	static const uint8_t full[] = { 0x01, 0, 0, 0, 5, 0, 0, 0, 0x01, 0, 0x08, 0, 0x02, 0, 0, 0 };
	struct made made;

	(void)state;
	begin(&made, false, 1);
	made.list.has_fragment = made.zindex.has_fragment = true;
	made.zindex.fragment_at = 70000;
	add(&made, BLOCK + 8, 1, EROFS_FORM_ENCODED);
	add(&made, BLOCK - 8, 0, EROFS_FORM_FRAGMENT);
	assert_int_equal(erofs_writer_zindex_layout(&(struct erofs_zindex){ .methods = &made.methods }),
			 EROFS_LAYOUT_COMPRESSED_COMPACT);
	expect(&made, near, BYTES(compact));
	begin(&made, true, 1);
	made.options.full_index = false;
	made.list.has_fragment = made.zindex.has_fragment = true;
	made.zindex.methods = &made.methods;
	made.zindex.fragment_at = UINT64_C(0x2ffffffff);
	assert_int_equal(erofs_writer_zindex_layout(&made.zindex), EROFS_LAYOUT_COMPRESSED_FULL);
	made.options.full_index = true;
	add(&made, BLOCK + 8, 1, EROFS_FORM_ENCODED);
	add(&made, BLOCK - 8, 0, EROFS_FORM_FRAGMENT);
	expect(&made, far, BYTES(full));
}

static void a_whole_fragment_is_a_header(void **state)
{
	static const uint8_t bytes[] = { 0, 0, 0, 0, 5, 0, 0, 0x80 };
	struct erofs_buffer out = { 0 };
	struct made made;

	(void)state;
	begin(&made, false, 4);
	made.zindex.methods = &made.methods;
	made.zindex.has_fragment = made.zindex.is_fragment = true;
	made.zindex.fragment_at = UINT64_C(5) << 32;
	assert_int_equal(erofs_writer_zindex_layout(&made.zindex), EROFS_LAYOUT_COMPRESSED_FULL);
	assert_int_equal(erofs_writer_zindex_size(&made.zindex, 36), 12);
	assert_int_equal(erofs_writer_zindex_encode(&made.zindex, &out, 36), 0);
	assert_int_equal(out.size, 12);
	assert_memory_equal(out.data + 4, bytes, sizeof(bytes));
	erofs_buffer_release(&out);
}

static void nothing_is_added_without_need(void **state)
{
	static const uint8_t whole[] = { 0x01, 0, 0, 0, 5, 0, 0, 0, 0x02, 0, 0, 0, 1, 0, 1, 0 };
	static const uint8_t begun[] = { 0x01, 0, 0, 0, 5, 0, 0, 0, 0x00, 0, 7, 0, 6, 0, 0, 0 };
	static const uint8_t single[] = { 0x01, 0, 0, 0, 5, 0, 0, 0 };
	struct made made;

	(void)state;
	/* The last cluster is full; the last extent begins in it; there is no other. */
	begin(&made, true, 1);
	add(&made, 2 * BLOCK, 1, EROFS_FORM_ENCODED);
	expect(&made, header, BYTES(whole));
	begin(&made, true, 1);
	add(&made, BLOCK + 7, 1, EROFS_FORM_ENCODED);
	add(&made, 20, 1, EROFS_FORM_STORED);
	expect(&made, header, BYTES(begun));
	begin(&made, true, 1);
	add(&made, 100, 1, EROFS_FORM_ENCODED);
	expect(&made, header, BYTES(single));
}

/*
 * Zeros take no block of the file's: all name that of the image, a shorter one as a part, and each counts as one block. One that begins inside
 * a cluster, or follows a single one where there are big ones, has no mark, as Linux would take what is in front of it for zeros, too.
 */
static void zeros_share_a_block(void **state)
{
	static const uint8_t plain[] = {
		0x01, 0,    0x00, 0, 5,	 0, 0, 0,
		0x02, 0,    0x00, 0, 1,	 0, 1, 0, /* two blocks of data */
		0x01, 0x40, 0x00, 0, 77, 0, 0, 0,
		0x02, 0,    0x00, 0, 1,	 0, 1, 0, /* two of zeros, all of the shared ones */
		0x01, 0xc0, 0x00, 0, 77, 0, 0, 0, /* a part of them */
		0x01, 0,    0x00, 0, 6,	 0, 0, 0,
		0x01, 0x80, 8,	  0, 77, 0, 0, 0, /* data up to byte 8, other zeros */
		0x00, 0,    0x64, 0, 7,	 0, 0, 0, /* the end */
	};
	static const uint8_t
		big[] = {
			0x01, 0,    0x00, 0,	5,  0,	  0,	0,    0x02, 0,	  0,	0,    0x02, 0x08, 2,
			0,    0x02, 0,	  0,	0,  2,	  0,	1,    0,    0x01, 0x40, 0x00, 0,    77,	  0,
			0,    0,    0x02, 0,	0,  0,	  0x01, 0x08, 1,    0,	  0x01, 0xc0, 0x00, 0,	  77,
			0,    0,    0,	  0x00, 0,  0x00, 0,	7,    0,    0,	  0, /* one cluster of data: what follows has no mark, ... */
			0x01, 0,    0x00, 0,	77, 0,	  0,	0,    0x02, 0,	  0,	0,    0x01, 0x08, 1,
			0,    0x01, 0xc0, 0x00, 0,  77,	  0,	0,    0, /* ... and what follows that has one */
		};
	struct made made;

	(void)state;
	begin(&made, true, 1);
	made.method.zeros = 2 * BLOCK;
	made.zindex.zeros_at = 77;
	add(&made, 2 * BLOCK, 1, EROFS_FORM_ENCODED);
	add(&made, 2 * BLOCK, 0, EROFS_FORM_ZEROS);
	add(&made, BLOCK, 0, EROFS_FORM_ZEROS);
	add(&made, BLOCK + 8, 1, EROFS_FORM_ENCODED);
	add(&made, BLOCK + 100 - 8, 0, EROFS_FORM_ZEROS);
	expect(&made, header, BYTES(plain));
	begin(&made, true, 4);
	made.method.zeros = 2 * BLOCK;
	made.zindex.zeros_at = 77;
	add(&made, 3 * BLOCK, 2, EROFS_FORM_ENCODED);
	add(&made, 2 * BLOCK, 0, EROFS_FORM_ZEROS);
	add(&made, BLOCK, 0, EROFS_FORM_ZEROS);
	add(&made, BLOCK, 1, EROFS_FORM_STORED);
	add(&made, 2 * BLOCK, 0, EROFS_FORM_ZEROS);
	add(&made, BLOCK, 0, EROFS_FORM_ZEROS);
	expect(&made, header_big, BYTES(big));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_index_ends_with_the_file),
		cmocka_unit_test(a_compact_index_ends_with_the_file),
		cmocka_unit_test(the_end_follows_the_last_extent),
		cmocka_unit_test(big_clusters_end_with_the_file),
		cmocka_unit_test(a_count_of_blocks_keeps_its_place),
		cmocka_unit_test(a_packed_tail_has_no_block),
		cmocka_unit_test(a_fragment_has_its_place_in_the_packed_inode),
		cmocka_unit_test(a_whole_fragment_is_a_header),
		cmocka_unit_test(nothing_is_added_without_need),
		cmocka_unit_test(zeros_share_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
