/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/unit.h"

#include "lib/writer/index/extent_list.h"

static const struct erofs_list_extent samples[] = {
	{ .length = 1, .plen = 1, .form = EROFS_FORM_STORED },
	{ .length = 127, .plen = 128, .form = EROFS_FORM_ENCODED },
	{ .length = 131072, .plen = 0, .form = EROFS_FORM_ZEROS },
	{ .length = UINT64_C(12) << 20, .plen = 1u << 20, .form = EROFS_FORM_ENCODED },
	{ .length = UINT64_C(1) << 60, .plen = UINT32_MAX, .form = EROFS_FORM_STORED },
	{ .length = 9000, .plen = 3, .form = EROFS_FORM_ENCODED, .place = UINT64_MAX },
	{ .length = 8192, .plen = 16, .form = EROFS_FORM_ENCODED, .place = 1, .partial = true },
	{ .length = 4096, .plen = 1, .form = EROFS_FORM_STORED, .place = 7 },
	{ .length = 4095, .plen = 0, .form = EROFS_FORM_FRAGMENT },
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void add_list(struct erofs_buffer *lists, uint64_t *at, const struct erofs_extent_list *list, size_t first)
{
	struct erofs_buffer extents = { 0 };

	for (size_t i = first; i < first + list->count; i++)
		assert_int_equal(erofs_writer_extents_append(&extents, &samples[i]), 0);
	assert_int_equal(erofs_writer_extent_lists_add(lists, at, list, &extents), 0);
	erofs_buffer_release(&extents);
}

static void assert_list(const struct erofs_buffer *lists, uint64_t at, const struct erofs_extent_list *expected,
			size_t first)
{
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	struct erofs_list_extent extent;

	erofs_writer_extent_lists_open(lists, at, &list, &cursor);
	assert_int_equal(list.start, expected->start);
	assert_int_equal(list.plen, expected->plen);
	assert_int_equal(list.count, expected->count);
	assert_int_equal(list.method, expected->method);
	assert_int_equal(list.uneven, expected->uneven);
	assert_int_equal(list.tail_size, expected->tail_size);
	assert_int_equal(list.tail_at, expected->tail_at);
	assert_int_equal(list.has_fragment, expected->has_fragment);
	assert_int_equal(list.fragment, expected->fragment);
	assert_int_equal(list.has_shared, expected->has_shared);
	assert_int_equal(list.has_zeros, expected->has_zeros);
	for (size_t i = first; i < first + expected->count; i++) {
		assert_true(erofs_writer_extents_next(&cursor, &extent));
		assert_int_equal(extent.length, samples[i].length);
		assert_int_equal(extent.plen, samples[i].plen);
		assert_int_equal(extent.form, samples[i].form);
		assert_int_equal(extent.place, samples[i].place);
		assert_int_equal(extent.partial, samples[i].partial);
	}
	assert_false(erofs_writer_extents_next(&cursor, &extent));
}

static void lists_come_back(void **state)
{
	const struct erofs_extent_list first = {
		.start = UINT64_MAX, .plen = 300, .count = SAMPLES - 1, .method = 254, .has_shared = true
	};
	const struct erofs_extent_list second = {
		.start = 0, .plen = 0, .count = 1, .method = 0, .uneven = true, .has_zeros = true
	};
	const struct erofs_extent_list third = { .count = 2, .method = 3, .tail_size = 3800, .tail_at = UINT64_MAX };
	struct erofs_buffer lists = { 0 };
	const struct erofs_extent_list fourth = { .count = 1, .has_fragment = true, .fragment = UINT32_MAX - 1 };
	uint64_t first_at, second_at, third_at, fourth_at;

	(void)state;
	add_list(&lists, &first_at, &first, 0);
	add_list(&lists, &second_at, &second, 2);
	add_list(&lists, &third_at, &third, 1);
	add_list(&lists, &fourth_at, &fourth, SAMPLES - 1);
	assert_list(&lists, second_at, &second, 2);
	assert_list(&lists, third_at, &third, 1);
	assert_list(&lists, fourth_at, &fourth, SAMPLES - 1);
	assert_list(&lists, first_at, &first, 0);
	erofs_buffer_release(&lists);
}

/* What makes it worth while: an extent of a usual size takes a few bytes. */
static void lists_are_short(void **state)
{
	const struct erofs_list_extent usual = { .length = 9000, .plen = 1, .form = EROFS_FORM_ENCODED };
	struct erofs_buffer extents = { 0 };

	(void)state;
	assert_int_equal(erofs_writer_extents_append(&extents, &usual), 0);
	assert_true(extents.size <= 4);
	erofs_buffer_release(&extents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_come_back),
		cmocka_unit_test(lists_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
