/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "lib/format/format_inode.h"
#include "lib/format/format_superblock.h"
#include "lib/writer/index/zindex.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* What the writer's index of clusters says of random extents is what the reader maps. */

#define EXTENTS_MOST 400u
#define START	     1000u /* block of the first extent */

struct made {
	struct erofs_build_options options;
	struct erofs_method method;
	struct erofs_methods methods;
	struct erofs_buffer extents, lists, index;
	struct erofs_extent_list list;
	struct erofs_zindex zindex;
	struct erofs_list_extent items[EXTENTS_MOST];
};

static void begin(struct made *made, unsigned int bits, bool full, unsigned int blocks)
{
	*made = (struct made){ .list = { .start = START } };
	made->options = (struct erofs_build_options){ .blkszbits = bits, .full_index = full, .compression_count = 1 };
	made->options.compression[0].compressor = EROFS_COMPRESSOR_LZ4;
	made->options.pcluster_size = blocks << bits;
	made->method = (struct erofs_method){ .compression = { .compressor = EROFS_COMPRESSOR_LZ4 },
					      .unit = 1u << bits,
					      .encoded_max = blocks << bits,
					      .extent_bytes = EROFS_PCLUSTER_DECODED_MAX };
	made->methods = (struct erofs_methods){ .options = &made->options, .items = &made->method, .count = 1 };
	made->zindex.methods = &made->methods;
	made->zindex.lists = &made->lists;
}

static void add(struct made *made, uint64_t length, uint32_t blocks, enum erofs_extent_form form)
{
	struct erofs_list_extent extent = { .length = length, .plen = blocks, .form = form };

	made->items[made->list.count++] = extent;
	assert_int_equal(erofs_writer_extents_append(&made->extents, &extent), 0);
	made->list.plen += blocks;
	made->zindex.file_size += length;
}

/*
 * Every extent but the last covers at least a block's bytes, what is encoded more than it takes: no two begin in one block of
 * the file. What is stored takes one block.
 */
static void add_random(struct made *made, uint64_t *random, uint32_t most)
{
	uint64_t blksz = made->method.unit;
	unsigned int count = 1 + random_next(random) % EXTENTS_MOST;

	for (unsigned int i = 0; i < count; i++) {
		uint32_t blocks = 1 + (uint32_t)(random_next(random) % most);
		uint64_t more = 1 + random_next(random) % (random_next(random) % 4 ? blksz : 9 * blksz);

		if (i + 1 == count && random_next(random) % 2)
			add(made, 1 + random_next(random) % blksz, 1, EROFS_FORM_ENCODED);
		else if (random_next(random) % 4 == 0)
			add(made, blksz, 1, EROFS_FORM_STORED);
		else
			add(made, blocks * blksz + more, blocks, EROFS_FORM_ENCODED);
	}
}

/* ---- an image of one file ------------------------------------------------------------------------------------------------ */

struct image {
	struct erofs_superblock sb;
	uint8_t *bytes;
	size_t size;
	struct erofs_inode inode;
	struct erofs_image *opened;
};

static void put_superblock(struct image *image, const struct made *made)
{
	struct erofs_compression_configs configs = erofs_writer_methods_configs(&made->methods);
	unsigned int bits = made->options.blkszbits;
	uint8_t *at = image->bytes + EROFS_SUPERBLOCK_OFFSET, raw[EROFS_CONFIGS_MAX_SIZE];

	memcpy(at + EROFS_SUPERBLOCK_SIZE, raw, erofs_configs_encode(&configs, raw));
	image->sb = (struct erofs_superblock){ .feature_compat = EROFS_FEATURE_COMPAT_SB_CHKSUM,
					       .feature_incompat = EROFS_FEATURE_INCOMPAT_ZERO_PADDING |
								   EROFS_FEATURE_INCOMPAT_COMPR_CFGS,
					       .blkszbits = (uint8_t)bits,
					       .blocks = image->size >> bits,
					       .meta_blkaddr = (uint32_t)(8192 >> bits),
					       .available_compr_algs = configs.algorithms };
	erofs_superblock_encode(&image->sb, at);
	image->sb.checksum = erofs_superblock_checksum(at, erofs_superblock_checksum_span(bits));
	erofs_superblock_encode(&image->sb, at);
}

static void open_image(struct image *image, struct made *made, uint64_t nid)
{
	unsigned int bits = made->options.blkszbits;
	uint64_t inode_at = 8192 + nid * EROFS_NID_SLOT, at = inode_at + 64;
	uint64_t index_most = made->zindex.file_size / made->method.unit * 8 + 4096;

	assert_int_equal(erofs_writer_extent_lists_add(&made->lists, &made->zindex.list, &made->list, &made->extents),
			 0);
	assert_int_equal(erofs_writer_zindex_encode(&made->zindex, &made->index, at), 0);
	assert_int_equal(made->index.size, erofs_writer_zindex_size(&made->zindex, at));
	assert_true(made->index.size <= erofs_writer_zindex_bound(&made->options, made->zindex.file_size));
	assert_true(made->index.size <= index_most);
	image->size = (START + made->list.plen) << bits;
	if (image->size < at + index_most)
		image->size = (at + index_most + 4095) & ~UINT64_C(4095);
	image->bytes = calloc(image->size, 1);
	put_superblock(image, made);
	image->inode = (struct erofs_inode){ .nid = nid,
					     .layout = erofs_writer_zindex_layout(&made->zindex),
					     .mode = S_IFREG | 0644,
					     .nlink = 1,
					     .extended = true,
					     .size = made->zindex.file_size };
	assert_int_equal(erofs_inode_encode(&image->inode, image->bytes + inode_at), 64);
	memcpy(image->bytes + at, made->index.data, made->index.size);
	assert_int_equal(erofs_image_open_memory(&image->opened, image->bytes, image->size, NULL, NULL), 0);
	assert_int_equal(erofs_image_inode(image->opened, &image->inode, nid), 0);
}

static void finish(struct image *image, struct made *made)
{
	erofs_image_close(image->opened);
	free(image->bytes);
	erofs_buffer_release(&made->extents);
	erofs_buffer_release(&made->lists);
	erofs_buffer_release(&made->index);
}

/* ---- what the reader makes of it ----------------------------------------------------------------------------------------- */

static void assert_extent(const struct image *image, const struct made *made, uint64_t offset, uint64_t start,
			  uint64_t block, const struct erofs_list_extent *item)
{
	struct erofs_extent found;

	assert_int_equal(erofs_image_map(image->opened, &found, &image->inode, offset), 1);
	assert_int_equal(found.kind, item->form == EROFS_FORM_STORED ? EROFS_EXTENT_PLAIN : EROFS_EXTENT_ENCODED);
	assert_int_equal(found.logical, start);
	assert_int_equal(found.length, item->length);
	assert_int_equal(found.physical, block * made->method.unit);
	if (item->form == EROFS_FORM_STORED)
		return;
	assert_int_equal(found.plen, (uint64_t)item->plen * made->method.unit);
	assert_int_equal(found.algorithm, EROFS_ALGORITHM_LZ4);
	assert_false(found.partial);
}

/* Each extent, from its first byte, its last one and one between. */
static void assert_maps(const struct image *image, const struct made *made, uint64_t *random)
{
	uint64_t start = 0, block = START;
	struct erofs_extent found;

	for (uint64_t i = 0; i < made->list.count; i++) {
		const struct erofs_list_extent *item = &made->items[i];

		assert_extent(image, made, start, start, block, item);
		assert_extent(image, made, start + item->length - 1, start, block, item);
		assert_extent(image, made, start + random_next(random) % item->length, start, block, item);
		start += item->length;
		block += item->plen;
	}
	assert_int_equal(erofs_image_map(image->opened, &found, &image->inode, start), 0);
}

static void try_random(unsigned int rounds, bool full, unsigned int blocks)
{
	static struct made made;
	uint64_t random = blocks + full;

	for (unsigned int bits = 9; bits <= 12; bits++)
		for (unsigned int round = 0; round < rounds; round++) {
			struct image image;

			begin(&made, bits, full, blocks);
			add_random(&made, &random, blocks);
			/* Packs are aligned: inodes begin in each slot of a block. */
			open_image(&image, &made, round % 16);
			assert_maps(&image, &made, &random);
			finish(&image, &made);
		}
}

static void compact_index_of_single_blocks(void **state)
{
	(void)state;
	try_random(40, false, 1);
}

static void full_index_of_single_blocks(void **state)
{
	(void)state;
	try_random(40, true, 1);
}

static void compact_index_of_big_clusters(void **state)
{
	(void)state;
	try_random(20, false, 2);
	try_random(20, false, 16);
}

static void full_index_of_big_clusters(void **state)
{
	(void)state;
	try_random(20, true, 2);
	try_random(20, true, 16);
}

/* Longer than a distance can say; and a cluster of as many blocks as there may be. */
static void extents_may_be_very_long(void **state)
{
	static struct made made;
	uint64_t random = 1;

	(void)state;
	for (unsigned int full = 0; full < 2; full++)
		for (unsigned int big = 0; big < 2; big++) {
			struct image image;
			uint32_t blocks = big ? 256 : 1;

			begin(&made, 9, full, blocks);
			add(&made, 5000, 1, EROFS_FORM_ENCODED);
			add(&made, 9000 * 512 + 77, blocks, EROFS_FORM_ENCODED);
			add(&made, 512, 1, EROFS_FORM_STORED);
			add(&made, 2050 * 512, blocks, EROFS_FORM_ENCODED);
			add(&made, 3, 1, EROFS_FORM_ENCODED);
			open_image(&image, &made, 3);
			assert_maps(&image, &made, &random);
			finish(&image, &made);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compact_index_of_single_blocks), cmocka_unit_test(full_index_of_single_blocks),
		cmocka_unit_test(compact_index_of_big_clusters),  cmocka_unit_test(full_index_of_big_clusters),
		cmocka_unit_test(extents_may_be_very_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
