/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/share/share_set.h"

#include "tests/unit/unit.h"

#define PAGE ((uint64_t)4096)

/* Two versions of a tree, with different contents in /lib/x and /etc. */
static struct erofs_share *two_versions(void)
{
	static const struct {
		const char *path;
		uint64_t pages;
		bool differs;
	} files[] = {
		{ "/etc/conf", 1, true },     { "/lib/x/deep/er/big", 50, true },
		{ "/lib/x/small", 2, true },  { "/lib/y/one", 20, false },
		{ "/lib/y/two", 20, false },  { "/lib/z/tiny", 1, false },
		{ "/lib/libc.so", 5, false }, { "/top", 1, false },
	};
	struct erofs_share_batch batch = { 0 };
	struct erofs_share *share;

	assert_int_equal(
		erofs_share_new(&share, &(struct erofs_share_options){ .size = sizeof(struct erofs_share_options) }),
		0);
	for (unsigned int version = 0; version < 2; version++) {
		erofs_share_batch_reset(&batch, "version", 1);
		batch.fingerprinted = true;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			struct erofs_share_file file = { .size = files[i].pages * PAGE, .value_size = 39 };

			file.value.digest[0] = (uint8_t)(i + 1);
			file.value.digest[1] = (uint8_t)(files[i].differs * version);
			assert_int_equal(erofs_share_batch_add(&batch, &file, files[i].path, strlen(files[i].path)), 0);
		}
		assert_int_equal(erofs_share_merge(share, &batch), 0);
	}
	erofs_share_batch_release(&batch);
	assert_int_equal(erofs_share_settle(share), 0);
	return share;
}

static const struct erofs_share_directory *find(const struct erofs_share_directories *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].path, path) == 0)
			return &list->items[i];
	fail_msg("%s is not listed", path);
	return NULL;
}

/* However the tree is cut, nothing is counted twice and nothing is left out. */
static void parts_add_up(void **state)
{
	struct erofs_share *share = two_versions();

	(void)state;
	for (size_t limit = 1; limit < 20; limit++) {
		for (unsigned int order = 0; order < 2; order++) {
			struct erofs_share_directories list;
			uint64_t page_bytes = 0, shared = 0, differing = 0;

			assert_int_equal(
				erofs_share_list_directories(share, &list, (enum erofs_share_order)order, limit), 0);
			assert_in_range(list.count, 1, limit);
			for (size_t i = 0; i < list.count; i++) {
				page_bytes += list.items[i].page_bytes;
				shared += list.items[i].shared_page_bytes;
				differing += list.items[i].differing_page_bytes;
			}
			if (order == EROFS_SHARE_BY_SIZE) {
				assert_int_equal(page_bytes, 2 * 100 * PAGE);
				assert_int_equal(shared, (100 + 53) * PAGE);
			}
			assert_int_equal(differing, 53 * PAGE);
			erofs_share_directories_release(&list);
		}
	}
	erofs_share_free(share);
}

static void what_differs_stands_first(void **state)
{
	struct erofs_share *share = two_versions();
	struct erofs_share_directories list;

	(void)state;
	assert_int_equal(erofs_share_list_directories(share, &list, EROFS_SHARE_BY_DIFFERENCE, 20), 0);
	assert_string_equal(list.items[0].path, "/lib/x/deep/er");
	assert_true(list.items[0].whole);
	assert_int_equal(list.items[0].differing_page_bytes, 50 * PAGE);
	assert_int_equal(find(&list, "/lib/x")->differing_page_bytes, 2 * PAGE);
	assert_false(find(&list, "/lib/x")->whole);
	assert_int_equal(find(&list, "/etc")->differing_page_bytes, PAGE);
	/* Parts without differences are no lines of their own. */
	assert_int_equal(list.count, 3);
	erofs_share_directories_release(&list);
	erofs_share_free(share);
}

static void one_part_is_the_root(void **state)
{
	struct erofs_share *share = two_versions();
	struct erofs_share_directories list;

	(void)state;
	assert_int_equal(erofs_share_list_directories(share, &list, EROFS_SHARE_BY_SIZE, 1), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].path, "/");
	assert_true(list.items[0].whole);
	assert_int_equal(list.items[0].page_bytes, 200 * PAGE);
	erofs_share_directories_release(&list);
	assert_int_equal(erofs_share_list_directories(share, &list, EROFS_SHARE_BY_SIZE, 0), 0);
	assert_int_equal(list.count, 0);
	erofs_share_directories_release(&list);
	erofs_share_free(share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(what_differs_stands_first),
		cmocka_unit_test(one_part_is_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
