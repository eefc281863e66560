/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "lib/share/share_batch.h"
#include "lib/share/share_places.h"

#include "tests/unit/unit.h"

/* Paths go through a batch, which shortens them, and come out of the places as they were. */
static uint32_t add(struct erofs_share_places *places, struct erofs_share_batch *batch, const char *path, size_t size)
{
	const struct erofs_share_file file = { .size = 1 };
	const struct erofs_share_file *last;
	uint32_t number;

	assert_int_equal(erofs_share_batch_add(batch, &file, path, size), 0);
	last = (const struct erofs_share_file *)(void *)(batch->files.data + batch->files.size) - 1;
	assert_int_equal(last->kept + last->added, size);
	assert_int_equal(erofs_share_places_add(places, &number, last->kept,
						batch->text.data + batch->text.size - last->added, last->added),
			 0);
	return number;
}

static void paths_come_back(void **state)
{
	static const char *const paths[] = {
		"/a",	    "/a/b",	 "/a/b/c",  "/a/b/cd",	 "/a/bc",    "/a/bc/d", "/ab",	  "/a/b",
		"/x/y/z",   "/x/y",	 "/x/yy/z", "/x/y/zz/1", "/x/y/z",   "/",	"//",	  "/x//y",
		"/x/",	    "/x",	 "/a",	    "/a/b/c",	 "/a/b/c/d", "",	"/a/b/c", "nothing",
		"not/hing", "not/hi/ng", "/last",   "/last/",	 "/last",
	};
	struct erofs_share_places places = { 0 };
	struct erofs_share_batch batch = { 0 };

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		erofs_share_batch_reset(&batch, "round", 1);
		for (size_t i = 0; i < 21; i++) {
			uint32_t number = add(&places, &batch, paths[i], strlen(paths[i]));
			size_t size;
			char *back = erofs_share_place_path(&places, number, &size);

			assert_string_equal(back, paths[i]);
			assert_int_equal(size, strlen(paths[i]));
			free(back);
		}
		/* What no image has must do no harm, whatever it becomes. */
		for (size_t i = 21; i < sizeof(paths) / sizeof(paths[0]); i++)
			add(&places, &batch, paths[i], strlen(paths[i]));
	}
	erofs_share_batch_release(&batch);
	erofs_share_places_release(&places);
}

static void equal_paths_are_one_place(void **state)
{
	struct erofs_share_places places = { 0 };
	struct erofs_share_batch batch = { 0 };
	uint32_t first, second;

	(void)state;
	first = add(&places, &batch, "/a/b", 4);
	assert_int_not_equal(add(&places, &batch, "/a\0b", 4), first);
	assert_int_not_equal(add(&places, &batch, "/b/b", 4), first);
	erofs_share_batch_reset(&batch, "other", 1);
	second = add(&places, &batch, "/a/b", 4);
	assert_int_equal(first, second);
	assert_int_equal(places.folder_count, 3);
	assert_int_equal(places.place_count, 3);
	erofs_share_batch_release(&batch);
	erofs_share_places_release(&places);
}

static void values_are_listed_once_in_a_row(void **state)
{
	struct erofs_share_places places = { 0 };
	struct erofs_share_batch batch = { 0 };
	uint32_t place;

	(void)state;
	place = add(&places, &batch, "/a", 2);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(erofs_share_places_note(&places, place, i % 3), 0);
	assert_int_equal(places.version_count, 3);
	assert_int_equal(erofs_share_place(&places, place)->files, 100);
	erofs_share_batch_release(&batch);
	erofs_share_places_release(&places);
}

/* A chain of directories with a file in each must not cost the sum of all its paths. */
static void deep_trees_stay_small(void **state)
{
	struct erofs_share_places places = { 0 };
	struct erofs_share_batch batch = { 0 };
	char *path = test_malloc(65536);
	size_t size = 0;

	(void)state;
	for (; size + 4 < 65536; size += 2) {
		memcpy(path + size, "/f", 2);
		add(&places, &batch, path, size + 2);
		memcpy(path + size, "/d", 2);
	}
	for (; size; size -= 2) {
		memcpy(path + size, "/g", 2);
		add(&places, &batch, path, size + 2);
	}
	assert_in_range(batch.text.size, 1, 4 * 65536);
	test_free(path);
	erofs_share_batch_release(&batch);
	erofs_share_places_release(&places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_come_back),
		cmocka_unit_test(equal_paths_are_one_place),
		cmocka_unit_test(values_are_listed_once_in_a_row),
		cmocka_unit_test(deep_trees_stay_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
