/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/compress.h>

#include "lib/format/format_zmap.h"
#include "lib/format/le.h"
#include "lib/reader/reader.h"
#include "tests/unit/raw_image.h"
#include "tests/unit/unit.h"

/* Compressed inodes laid out by hand; most hold stored extents, so that no compressor is needed. */

#define NID   8u
#define COUNT 8u /* logical clusters */

struct fixture {
	struct raw_image image;
	struct erofs_inode inode;
	uint8_t *header; /* behind the inode */
	struct erofs_image *opened;
};

static void begin(struct fixture *f, enum erofs_data_layout layout, uint64_t size)
{
	raw_init(&f->image);
	f->image.sb.available_compr_algs = UINT16_MAX;
	f->image.sb.feature_incompat = EROFS_FEATURE_INCOMPAT_ZERO_PADDING;
	f->inode =
		(struct erofs_inode){ .nid = NID, .layout = layout, .mode = S_IFREG | 0644, .nlink = 1, .size = size };
	f->header = raw_inode(&f->image, &f->inode);
	/* A byte of the block's number in each data block. */
	for (uint32_t block = 32; block < 64; block++)
		memset(raw_block(&f->image, block), (int)block, RAW_BLOCK);
}

static void put_header(struct fixture *f, struct erofs_zmap_header header, bool extents)
{
	header.lclusterbits = header.lclusterbits ? header.lclusterbits : RAW_BITS;
	erofs_zmap_header_encode(&header, RAW_BITS, extents, f->header);
}

static void put_lcluster(struct fixture *f, unsigned int number, struct erofs_lcluster lcluster)
{
	erofs_lcluster_full_encode(&lcluster, f->header + 16 + 8 * (size_t)number);
}

static int map(struct fixture *f, struct erofs_extent *out, uint64_t offset)
{
	int ret;

	f->opened = raw_open(&f->image);
	ret = erofs_image_map(f->opened, out, &f->inode, offset);
	erofs_image_close(f->opened);
	return ret;
}

/* Stored extents of a block each, cut at byte 100 of their clusters but for the first. */
static void build_full(struct fixture *f)
{
	begin(f, EROFS_LAYOUT_COMPRESSED_FULL, (uint64_t)COUNT * RAW_BLOCK);
	put_header(f, (struct erofs_zmap_header){ .advise = 0 }, false);
	for (unsigned int i = 0; i < COUNT; i++)
		put_lcluster(f, i, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = 32 + i });
}

static void full_index_of_stored_extents(void **state)
{
	static struct fixture f;
	struct erofs_extent extent;
	uint8_t bytes[2 * RAW_BLOCK];

	(void)state;
	build_full(&f);
	assert_int_equal(map(&f, &extent, 3 * RAW_BLOCK + 7), 1);
	assert_int_equal(extent.kind, EROFS_EXTENT_PLAIN);
	assert_int_equal(extent.logical, 3 * RAW_BLOCK);
	assert_int_equal(extent.length, RAW_BLOCK);
	assert_int_equal(extent.physical, 35 * RAW_BLOCK);
	f.opened = raw_open(&f.image);
	assert_int_equal(erofs_image_read(f.opened, &f.inode, bytes, sizeof(bytes), RAW_BLOCK - 1), sizeof(bytes));
	assert_int_equal(bytes[0], 32);
	assert_int_equal(bytes[1], 33);
	assert_int_equal(bytes[RAW_BLOCK], 33);
	assert_int_equal(bytes[RAW_BLOCK + 1], 34);
	assert_int_equal(erofs_image_map(f.opened, &extent, &f.inode, f.inode.size), 0);
	erofs_image_close(f.opened);
}

static void interlaced_extents_come_in_two(void **state)
{
	static struct fixture f;
	struct erofs_extent extent;

	(void)state;
	build_full(&f);
	put_header(&f, (struct erofs_zmap_header){ .advise = EROFS_ZADVISE_INTERLACED_PCLUSTER }, false);
	put_lcluster(&f, 0, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .hole = true });
	put_lcluster(&f, 1, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = 40, .clusterofs = 100 });
	put_lcluster(&f, 2, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = 41, .clusterofs = 100 });
	assert_int_equal(map(&f, &extent, RAW_BLOCK + 99), 1);
	assert_int_equal(extent.kind, EROFS_EXTENT_HOLE);
	assert_int_equal(extent.length, RAW_BLOCK + 100);
	assert_int_equal(map(&f, &extent, RAW_BLOCK + 100), 1);
	assert_int_equal(extent.logical, RAW_BLOCK + 100);
	assert_int_equal(extent.length, RAW_BLOCK - 100);
	assert_int_equal(extent.physical, 40 * RAW_BLOCK + 100);
	assert_int_equal(map(&f, &extent, 2 * RAW_BLOCK), 1);
	assert_int_equal(extent.logical, 2 * RAW_BLOCK);
	assert_int_equal(extent.length, 100);
	assert_int_equal(extent.physical, 40 * RAW_BLOCK);
}

static void distances_that_lead_nowhere(void **state)
{
	static const uint16_t distances[] = { 0, 3, 2047, 0x801, 0xffff };
	static struct fixture f;
	struct erofs_extent extent;

	(void)state;
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		build_full(&f);
		put_lcluster(&f, 2,
			     (struct erofs_lcluster){ .type = EROFS_LCLUSTER_NONHEAD, .delta = { distances[i], 1 } });
		assert_int_equal(map(&f, &extent, 2 * RAW_BLOCK), -EUCLEAN);
	}
	/* No head at all, and a first byte that belongs to nothing. */
	build_full(&f);
	put_lcluster(&f, 0, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_NONHEAD, .delta = { 1, 1 } });
	assert_int_equal(map(&f, &extent, 0), -EUCLEAN);
	build_full(&f);
	put_lcluster(&f, 0, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .clusterofs = 5, .blkaddr = 40 });
	assert_int_equal(map(&f, &extent, 4), -EUCLEAN);
	/* More than a block in a block; an extent behind the image; one that begins behind its cluster. */
	build_full(&f);
	put_lcluster(&f, 2, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_NONHEAD, .delta = { 1, 1 } });
	assert_int_equal(map(&f, &extent, 2 * RAW_BLOCK), -EUCLEAN);
	build_full(&f);
	put_lcluster(&f, 2, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = RAW_SIZE / RAW_BLOCK });
	assert_int_equal(map(&f, &extent, 2 * RAW_BLOCK), -EUCLEAN);
	build_full(&f);
	put_lcluster(&f, 2,
		     (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = 40, .clusterofs = RAW_BLOCK });
	assert_int_equal(map(&f, &extent, 2 * RAW_BLOCK), -EUCLEAN);
}

/* The end of a full index: a stored extent of 312 bytes that runs on into the last cluster, of which the file has 100. */
#define END_SIZE  (2u * RAW_BLOCK + 100)
#define END_START (RAW_BLOCK + 300)

static void build_end(struct fixture *f, struct erofs_lcluster last)
{
	begin(f, EROFS_LAYOUT_COMPRESSED_FULL, END_SIZE);
	put_header(f, (struct erofs_zmap_header){ .advise = 0 }, false);
	put_lcluster(f, 0, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .hole = true });
	put_lcluster(f, 1, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_PLAIN, .blkaddr = 40, .clusterofs = 300 });
	put_lcluster(f, 2, last);
}

static const char *verify(struct fixture *f)
{
	const char *reason = NULL;
	struct erofs_zmap zmap;
	int err;

	f->opened = raw_open(&f->image);
	assert_int_equal(erofs_reader_zmap_open(&zmap, f->opened, &f->inode, &reason), 0);
	err = erofs_reader_zmap_verify(&zmap, &reason);
	assert_int_equal(err, reason ? -EUCLEAN : 0);
	erofs_image_close(f->opened);
	return reason;
}

static void an_index_may_end_with_the_file(void **state)
{
	static const struct erofs_lcluster ends[] = {
		{ .type = EROFS_LCLUSTER_NONHEAD, .delta = { 1, 1 } },
		{ .type = EROFS_LCLUSTER_PLAIN, .clusterofs = 100, .blkaddr = 41 },
		/* Nobody ever goes to its address. */
		{ .type = EROFS_LCLUSTER_PLAIN, .clusterofs = 100, .blkaddr = UINT32_MAX },
	};
	static struct fixture f;
	struct erofs_extent extent;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		build_end(&f, ends[i]);
		assert_null(verify(&f));
		assert_int_equal(map(&f, &extent, END_SIZE - 1), 1);
		assert_int_equal(extent.logical, END_START);
		assert_int_equal(extent.length, END_SIZE - END_START);
		assert_int_equal(extent.physical, 40 * RAW_BLOCK);
		assert_int_equal(map(&f, &extent, END_SIZE), 0);
	}
}

static void no_extent_begins_behind_the_file(void **state)
{
	static const struct erofs_lcluster ends[] = {
		{ .type = EROFS_LCLUSTER_PLAIN, .clusterofs = 101, .blkaddr = 41 },
		{ .type = EROFS_LCLUSTER_HEAD1, .clusterofs = 100, .blkaddr = 41 },
	};
	static struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		build_end(&f, ends[i]);
		assert_string_equal(verify(&f), "an entry of its index begins an extent behind the end of the file");
	}
}

static void algorithms_must_be_announced(void **state)
{
	static struct fixture f;
	struct erofs_extent extent;

	(void)state;
	build_full(&f);
	put_lcluster(&f, 0, (struct erofs_lcluster){ .type = EROFS_LCLUSTER_HEAD1, .blkaddr = 32 });
	assert_int_equal(map(&f, &extent, 0), 1);
	assert_int_equal(extent.kind, EROFS_EXTENT_ENCODED);
	assert_int_equal(extent.algorithm, EROFS_ALGORITHM_LZ4);
	put_header(&f, (struct erofs_zmap_header){ .algorithm = { EROFS_ALGORITHM_ZSTD, 0 } }, false);
	assert_int_equal(map(&f, &extent, 0), -EUCLEAN);
	put_header(&f, (struct erofs_zmap_header){ .algorithm = { 9, 0 } }, false);
	assert_int_equal(map(&f, &extent, 0), -EOPNOTSUPP);
	put_header(&f, (struct erofs_zmap_header){ .advise = EROFS_ZADVISE_BIG_PCLUSTER_1 }, false);
	assert_int_equal(map(&f, &extent, 0), -EUCLEAN);
}

/* ---- encoded extents ------------------------------------------------------------------------------------------------------- */

static uint8_t *begin_extents(struct fixture *f, unsigned int size, uint64_t count, uint64_t length)
{
	unsigned int code = size == 4 ? 0 : size == 8 ? 1 : size == 16 ? 2 : 3;
	uint8_t *at;

	begin(f, EROFS_LAYOUT_COMPRESSED_FULL, length);
	f->image.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_48BIT;
	put_header(f,
		   (struct erofs_zmap_header){
			   .advise = (uint16_t)(EROFS_ZADVISE_EXTENTS | code << EROFS_ZADVISE_EXTENT_SIZE_SHIFT),
			   .extent_count = count,
		   },
		   true);
	at = f->header + EROFS_ZMAP_HEADER_SIZE;
	while ((size_t)(at - f->image.bytes) % size)
		at++;
	return at;
}

static void short_records_follow_each_other(void **state)
{
	static struct fixture f;
	struct erofs_extent extent;
	uint8_t *at = begin_extents(&f, 4, 0, 6 * RAW_BLOCK - 12);
	erofs_le64 first = erofs_put64(32 * RAW_BLOCK + 3);

	(void)state;
	memcpy(at, &first, 8);
	for (unsigned int i = 0; i < 6; i++) {
		struct erofs_zextent record = { .length = i == 2 ? 0 : RAW_BLOCK, .algorithm = -1 };

		erofs_zextent_encode(&record, 4, at + 8 + 4 * (size_t)i);
	}
	assert_int_equal(map(&f, &extent, 5 * RAW_BLOCK), 1);
	assert_int_equal(extent.physical, 36 * RAW_BLOCK + 3);
	assert_int_equal(extent.length, RAW_BLOCK - 12);
	assert_int_equal(map(&f, &extent, 2 * RAW_BLOCK + 1), 1);
	assert_int_equal(extent.kind, EROFS_EXTENT_HOLE);
}

static void long_records_are_searched(void **state)
{
	static const unsigned int sizes[] = { 16, 32 };
	static struct fixture f;
	struct erofs_extent extent;

	(void)state;
	for (size_t s = 0; s < 2; s++) {
		uint8_t *at = begin_extents(&f, sizes[s], 3, 1000);
		const struct erofs_zextent records[] = {
			{ .lstart = 0, .pstart = 32 * RAW_BLOCK, .length = 10, .algorithm = -1 },
			{ .lstart = 10, .length = 0, .algorithm = -1 },
			{ .lstart = 600, .pstart = 40 * RAW_BLOCK + 1, .length = 399, .algorithm = -1 },
		};

		for (size_t i = 0; i < 3; i++)
			erofs_zextent_encode(&records[i], sizes[s], at + i * sizes[s]);
		assert_int_equal(map(&f, &extent, 9), 1);
		assert_int_equal(extent.length, 10);
		assert_int_equal(map(&f, &extent, 10), 1);
		assert_int_equal(extent.kind, EROFS_EXTENT_HOLE);
		assert_int_equal(extent.length, 590);
		/* A byte short. */
		assert_int_equal(map(&f, &extent, 600), -EUCLEAN);
		/* None. */
		begin_extents(&f, sizes[s], 0, 1000);
		assert_int_equal(map(&f, &extent, 0), -EUCLEAN);
		/* More than the image holds. */
		begin_extents(&f, sizes[s], UINT64_C(0xffffffffff), 1000);
		assert_int_equal(map(&f, &extent, 0), -EUCLEAN);
	}
}

static uint8_t byte_at(const struct fixture *f, uint64_t offset)
{
	uint8_t byte = 0;

	assert_int_equal(erofs_image_read(f->opened, &f->inode, &byte, 1, offset), 1);
	return byte;
}

/* What Linux 6.18 makes of them: the bytes up to the end of a block of the file come from the cluster's end. */
static void interlaced_clusters_of_several_blocks(void **state)
{
	static const struct {
		uint64_t lstart, pstart, length;
		int bytes[3]; /* the block that the first byte comes from, and those 512 and 1024 bytes further on */
	} cases[] = {
		{ 0, 32 * RAW_BLOCK, RAW_BLOCK, { 32, -1, -1 } },
		{ 0, 32 * RAW_BLOCK, 3 * RAW_BLOCK, { 34, 32, 33 } },
		{ 100, 32 * RAW_BLOCK, 3 * RAW_BLOCK, { 34, 32, 33 } },
		{ RAW_BLOCK, 32 * RAW_BLOCK, 2 * RAW_BLOCK, { 33, 32, -1 } },
		/* Without alignment they are not rotated. */
		{ 0, 32 * RAW_BLOCK, 2 * RAW_BLOCK + 1, { 32, 33, 34 } },
		{ 0, 32 * RAW_BLOCK + 1, 3 * RAW_BLOCK, { 32, 33, 34 } },
	};
	static uint8_t whole[4 * RAW_BLOCK];
	static struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t start = cases[i].lstart, end = start + cases[i].length;
		const struct erofs_zextent records[] = {
			{ .lstart = 0, .algorithm = -1 },
			{ .lstart = start,
			  .pstart = cases[i].pstart,
			  .length = (uint32_t)cases[i].length,
			  .algorithm = -1 },
		};
		uint8_t *at = begin_extents(&f, 16, start ? 2 : 1, end);

		f.header[4] |= EROFS_ZADVISE_INTERLACED_PCLUSTER;
		for (size_t r = !start; r < 2; r++)
			erofs_zextent_encode(&records[r], 16, at + 16 * (start ? r : 0));
		f.opened = raw_open(&f.image);
		assert_int_equal(erofs_image_read(f.opened, &f.inode, whole, end, 0), end);
		for (size_t b = 0; b < 3 && cases[i].bytes[b] >= 0; b++)
			assert_int_equal(whole[start + b * RAW_BLOCK], cases[i].bytes[b]);
		for (uint64_t offset = 0; offset < end; offset++)
			assert_int_equal(byte_at(&f, offset), whole[offset]);
		erofs_image_close(f.opened);
	}
}

/* A search may come to any record of such a row; what it came to once must not depend on where it began. */
static void rows_out_of_order_read_alike_in_pieces(void **state)
{
	static uint8_t whole[8 * RAW_BLOCK], piece[8 * RAW_BLOCK];
	static struct fixture f;
	unsigned int readable = 0;

	(void)state;
	for (unsigned int seed = 0; seed < 600; seed++) {
		unsigned int random = seed, count = 3 + seed % 6;
		uint8_t *at = begin_extents(&f, 16, count, sizeof(whole));
		int64_t got;

		for (unsigned int i = 0; i < count; i++) {
			struct erofs_zextent record = { .algorithm = -1, .length = 8 * RAW_BLOCK };

			random = random * 1103515245u + 12345u;
			record.lstart = i ? (random >> 16) % sizeof(whole) : 0;
			record.pstart = (32 + i) * (uint64_t)RAW_BLOCK;
			erofs_zextent_encode(&record, 16, at + 16 * (size_t)i);
		}
		f.opened = raw_open(&f.image);
		got = erofs_image_read(f.opened, &f.inode, whole, sizeof(whole), 0);
		readable += got > 0;
		for (uint64_t offset = 0; got > 0 && offset < sizeof(whole); offset += 100) {
			int64_t more = erofs_image_read(f.opened, &f.inode, piece, 100, offset);

			assert_true(more > 0);
			assert_memory_equal(piece, whole + offset, (size_t)more);
		}
		erofs_image_close(f.opened);
	}
	assert_in_range(readable, 20, 580);
}

/* ---- fragments --------------------------------------------------------------------------------------------------------------- */

static void fragments_lie_in_the_packed_inode(void **state)
{
	static struct fixture f;
	struct erofs_inode packed = { .nid = 16, .mode = S_IFREG | 0644, .nlink = 1, .size = 4000, .u = 32 };
	struct erofs_zmap_header header = { .whole_fragment = true, .fragment_offset = 3000 };
	struct erofs_extent extent;
	uint8_t bytes[1000];

	(void)state;
	begin(&f, EROFS_LAYOUT_COMPRESSED_FULL, sizeof(bytes));
	put_header(&f, header, false);
	assert_int_equal(map(&f, &extent, 0), -EUCLEAN);
	f.image.sb.feature_incompat |= EROFS_FEATURE_INCOMPAT_FRAGMENTS;
	f.image.sb.packed_nid = packed.nid;
	raw_inode(&f.image, &packed);
	assert_int_equal(map(&f, &extent, 5), 1);
	assert_int_equal(extent.kind, EROFS_EXTENT_FRAGMENT);
	assert_int_equal(extent.physical, 3000);
	assert_int_equal(extent.length, 1000);
	f.opened = raw_open(&f.image);
	assert_int_equal(erofs_image_read(f.opened, &f.inode, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(bytes[999], 32 + 3999 / RAW_BLOCK);
	erofs_image_close(f.opened);
	/* One byte too far; the packed inode's own fragment. */
	header.fragment_offset++;
	put_header(&f, header, false);
	assert_int_equal(map(&f, &extent, 5), -EUCLEAN);
	f.image.sb.packed_nid = NID;
	header.fragment_offset = 0;
	put_header(&f, header, false);
	assert_int_equal(map(&f, &extent, 5), -EUCLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_index_of_stored_extents),
		cmocka_unit_test(interlaced_extents_come_in_two),
		cmocka_unit_test(distances_that_lead_nowhere),
		cmocka_unit_test(algorithms_must_be_announced),
		cmocka_unit_test(short_records_follow_each_other),
		cmocka_unit_test(long_records_are_searched),
		cmocka_unit_test(fragments_lie_in_the_packed_inode),
		cmocka_unit_test(interlaced_clusters_of_several_blocks),
		cmocka_unit_test(rows_out_of_order_read_alike_in_pieces),
		cmocka_unit_test(an_index_may_end_with_the_file),
		cmocka_unit_test(no_extent_begins_behind_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
