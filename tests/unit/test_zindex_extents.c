/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/index/zindex.h"

#include "lib/format/format_zmap.h"
#include "tests/unit/unit.h"

#define PIECE UINT64_C(65536)

/* A plan with one method: zstd in pieces. */
struct made {
	struct erofs_build_options options;
	struct erofs_method method;
	struct erofs_methods methods;
	struct erofs_buffer extents, lists, index;
	struct erofs_extent_list list;
	struct erofs_zindex zindex;
};

static void begin(struct made *made, uint64_t start)
{
	*made = (struct made){ .list = { .start = start } };
	made->options = (struct erofs_build_options){ .blkszbits = 12, .compressed_form = EROFS_COMPRESSED_EXTENTS };
	made->options.extent_size = PIECE;
	made->method = (struct erofs_method){ .compression = { .compressor = EROFS_COMPRESSOR_ZSTD },
					      .unit = 1,
					      .encoded_max = PIECE,
					      .extent_bytes = PIECE };
	made->methods = (struct erofs_methods){ .options = &made->options, .items = &made->method, .count = 1 };
}

static void add(struct made *made, uint64_t length, uint32_t plen)
{
	struct erofs_list_extent extent = {
		.length = length,
		.plen = plen,
		.form = plen ? EROFS_FORM_ENCODED : EROFS_FORM_ZEROS,
	};

	assert_int_equal(erofs_writer_extents_append(&made->extents, &extent), 0);
	made->list.count++;
	made->list.plen += plen;
	made->zindex.file_size += length;
	made->list.uneven |= length != PIECE;
}

/* Encodes the index of an inode whose xattrs end at `at`; the record size, as its header says. */
static unsigned int encode(struct made *made, uint64_t at)
{
	struct erofs_zmap_header header;

	made->zindex.methods = &made->methods;
	made->zindex.lists = &made->lists;
	assert_int_equal(erofs_writer_extent_lists_add(&made->lists, &made->zindex.list, &made->list, &made->extents),
			 0);
	assert_int_equal(erofs_writer_zindex_encode(&made->zindex, &made->index, at), 0);
	assert_int_equal(made->index.size, erofs_writer_zindex_size(&made->zindex, at));
	assert_true(made->index.size <= erofs_writer_zindex_bound(&made->options, made->zindex.file_size) + 64);
	erofs_zmap_header_decode(&header, 12, true, made->index.data + (erofs_zmap_header_at(at) - at));
	assert_int_equal(header.advise & EROFS_ZADVISE_EXTENTS, EROFS_ZADVISE_EXTENTS);
	if (header.advise >> EROFS_ZADVISE_EXTENT_SIZE_SHIFT & 2)
		assert_int_equal(header.extent_count, made->list.count);
	return 4u << (header.advise >> EROFS_ZADVISE_EXTENT_SIZE_SHIFT & 3);
}

static struct erofs_zextent record(const struct made *made, unsigned int size, uint64_t number)
{
	struct erofs_zextent found;

	erofs_zextent_decode(&found, size, made->index.data + made->index.size - (made->list.count - number) * size);
	return found;
}

static void finish(struct made *made)
{
	erofs_buffer_release(&made->extents);
	erofs_buffer_release(&made->lists);
	erofs_buffer_release(&made->index);
}

static void even_pieces_have_short_records(void **state)
{
	struct made made;

	(void)state;
	begin(&made, 5000);
	add(&made, PIECE, 100);
	add(&made, PIECE, 0);
	add(&made, PIECE, 200);
	assert_int_equal(encode(&made, 32), 4);
	assert_int_equal(record(&made, 4, 2).length, 200);
	finish(&made);
}

static void pieces_of_any_length_say_where_they_begin(void **state)
{
	struct made made;
	struct erofs_zextent found;

	(void)state;
	begin(&made, 5000);
	add(&made, 10, 7);
	add(&made, PIECE, 100);
	add(&made, 3 * PIECE, 0);
	add(&made, 1, 1);
	assert_int_equal(encode(&made, 64), 16);
	found = record(&made, 16, 1);
	assert_int_equal(found.lstart, 10);
	assert_int_equal(found.pstart, 5007);
	assert_int_equal(found.length, 100);
	assert_int_equal(found.algorithm, EROFS_ALGORITHM_ZSTD);
	found = record(&made, 16, 2);
	assert_int_equal(found.length, 0);
	assert_int_equal(found.algorithm, -1);
	found = record(&made, 16, 3);
	assert_int_equal(found.lstart, 10 + 4 * PIECE);
	assert_int_equal(found.pstart, 5107);
	finish(&made);
}

static void a_gap_moves_the_next_piece(void **state)
{
	struct erofs_list_extent gap = { .plen = 4096, .form = EROFS_FORM_GAP };
	struct made made;
	unsigned int size;

	(void)state;
	begin(&made, 5000);
	add(&made, PIECE, 100);
	assert_int_equal(erofs_writer_extents_append(&made.extents, &gap), 0);
	made.list.gaps++;
	add(&made, PIECE, 200);
	add(&made, PIECE, 300);
	size = encode(&made, 64);
	assert_true(size > 4);
	assert_int_equal(record(&made, size, 0).pstart, 5000);
	assert_int_equal(record(&made, size, 1).pstart, 5100 + 4096);
	assert_int_equal(record(&made, size, 2).pstart, 5300 + 4096);
	finish(&made);
}

static void far_pieces_of_a_long_file_have_the_longest_records(void **state)
{
	const uint64_t count = UINT64_C(5) << 16; /* 20 GiB */
	struct made made;
	struct erofs_zextent found;

	(void)state;
	begin(&made, UINT64_C(1) << 33);
	for (uint64_t i = 0; i < count; i++)
		add(&made, PIECE, 9);
	assert_int_equal(encode(&made, 96), 32);
	found = record(&made, 32, count - 1);
	assert_int_equal(found.lstart, (count - 1) * PIECE);
	assert_int_equal(found.pstart, (UINT64_C(1) << 33) + (count - 1) * 9);
	finish(&made);
}

static void records_lie_aligned_behind_the_header(void **state)
{
	(void)state;
	assert_int_equal(erofs_zextents_at(8, 4), 16);
	assert_int_equal(erofs_zextents_at(8, 16), 16);
	assert_int_equal(erofs_zextents_at(8, 32), 32);
	assert_int_equal(erofs_zextents_at(16, 16), 32);
	assert_int_equal(erofs_zextents_span(4, 3), 20);
	assert_int_equal(erofs_zextents_span(8, 3), 24);
	assert_int_equal(erofs_zextents_span(32, UINT64_C(1) << 32), UINT64_C(1) << 37);
	assert_int_equal(erofs_lcluster_full_at(8), 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_lie_aligned_behind_the_header),
		cmocka_unit_test(even_pieces_have_short_records),
		cmocka_unit_test(pieces_of_any_length_say_where_they_begin),
		cmocka_unit_test(a_gap_moves_the_next_piece),
		cmocka_unit_test(far_pieces_of_a_long_file_have_the_longest_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
