/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/arena.h"

#include <string.h>

#include "tests/unit/unit.h"

static void objects_are_zeroed_and_aligned(void **state)
{
	struct erofs_arena arena = { 0 };

	(void)state;
	for (size_t size = 1; size < 3000; size += 7) {
		char *object = erofs_arena_alloc(&arena, size);

		assert_non_null(object);
		assert_int_equal((uintptr_t)object % 8, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(object[i], 0);
		memset(object, 0xff, size);
		/* Copies have no alignment; the next object must have it all the same. */
		assert_string_equal(erofs_arena_copy(&arena, "odd", 3), "odd");
	}
	erofs_arena_release(&arena);
	assert_null(arena.blocks);
}

static void objects_do_not_overlap(void **state)
{
	enum { COUNT = 5000 };
	static unsigned char *objects[COUNT];
	struct erofs_arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		objects[i] = erofs_arena_alloc(&arena, 1 + i % 200);
		memset(objects[i], (int)(i % 251), 1 + i % 200);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < 1 + i % 200; k++)
			assert_int_equal(objects[i][k], i % 251);
	erofs_arena_release(&arena);
}

static void large_objects_leave_the_current_block_in_use(void **state)
{
	struct erofs_arena arena = { 0 };
	char *before = erofs_arena_alloc(&arena, 16);
	char *large = erofs_arena_alloc(&arena, 4u << 20);
	char *after = erofs_arena_alloc(&arena, 16);

	(void)state;
	memset(large, 1, 4u << 20);
	assert_ptr_equal(after, before + 16);
	erofs_arena_release(&arena);
}

static void a_large_object_may_come_first(void **state)
{
	struct erofs_arena arena = { 0 };
	char *large = erofs_arena_alloc(&arena, 1u << 20);
	char *small = erofs_arena_alloc(&arena, 8);

	(void)state;
	assert_non_null(large);
	assert_non_null(small);
	memset(large, 1, 1u << 20);
	memset(small, 2, 8);
	erofs_arena_release(&arena);
}

static void copies_end_with_a_nul(void **state)
{
	struct erofs_arena arena = { 0 };
	char *copy = erofs_arena_copy(&arena, "a\0b", 3);

	(void)state;
	assert_memory_equal(copy, "a\0b\0", 4);
	assert_string_equal(erofs_arena_copy(&arena, NULL, 0), "");
	erofs_arena_release(&arena);
}

static void an_adopted_arena_lives_on(void **state)
{
	struct erofs_arena into = { 0 }, from = { 0 }, empty = { 0 };
	char *first = erofs_arena_copy(&into, "into", 4);
	char *second = erofs_arena_copy(&from, "from", 4);

	(void)state;
	erofs_arena_alloc(&from, 1u << 20);
	erofs_arena_adopt(&into, &from);
	assert_null(from.blocks);
	erofs_arena_adopt(&into, &empty);
	erofs_arena_adopt(&empty, &into);
	assert_null(into.blocks);
	assert_non_null(erofs_arena_alloc(&empty, 100));
	/* The emptied one can be used again. */
	assert_non_null(erofs_arena_alloc(&from, 100));
	assert_string_equal(first, "into");
	assert_string_equal(second, "from");
	erofs_arena_release(&from);
	erofs_arena_release(&into);
	erofs_arena_release(&empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_zeroed_and_aligned),
		cmocka_unit_test(objects_do_not_overlap),
		cmocka_unit_test(large_objects_leave_the_current_block_in_use),
		cmocka_unit_test(a_large_object_may_come_first),
		cmocka_unit_test(copies_end_with_a_nul),
		cmocka_unit_test(an_adopted_arena_lives_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
