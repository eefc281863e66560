/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/share/share_set.h"

#include "tests/unit/unit.h"

/* Sets put together by hand; the figures beside them are worked out by hand, too. */

#define KIB ((uint64_t)1024)

struct set {
	struct erofs_share *share;
	struct erofs_share_batch batch;
};

static struct set new_set(uint32_t page_size)
{
	const struct erofs_share_options options = { .size = sizeof(options), .page_size = page_size };
	struct set set = { 0 };

	assert_int_equal(erofs_share_new(&set.share, &options), 0);
	return set;
}

static void free_set(struct set *set)
{
	erofs_share_batch_release(&set->batch);
	erofs_share_free(set->share);
}

static void begin(struct set *set, const char *name)
{
	erofs_share_batch_reset(&set->batch, name, 1);
	set->batch.fingerprinted = true;
	set->batch.block_size = 4096;
}

/* A file whose value is "sha256:" and 32 times `value`; 0: it has none. */
static void put(struct set *set, const char *path, uint64_t size, bool compressed, uint8_t value)
{
	struct erofs_share_file file = { .size = size, .compressed = compressed, .value_size = value ? 39 : 0 };

	memset(file.value.digest, value, sizeof(file.value.digest));
	assert_int_equal(erofs_share_batch_add(&set->batch, &file, path, strlen(path)), 0);
}

static void end(struct set *set)
{
	assert_int_equal(erofs_share_merge(set->share, &set->batch), 0);
}

static struct erofs_share_total total_of(struct set *set)
{
	struct erofs_share_total total;

	assert_int_equal(erofs_share_settle(set->share), 0);
	erofs_share_get_total(set->share, &total);
	return total;
}

static struct erofs_share_image image_of(const struct set *set, size_t index)
{
	struct erofs_share_image image;

	assert_int_equal(erofs_share_get_image(set->share, &image, index), 0);
	return image;
}

static void assert_losses(const struct set *set, enum erofs_share_spoiler spoiler, uint64_t all, uint64_t page_bytes)
{
	struct erofs_share_losses losses;

	assert_int_equal(erofs_share_list_losses(set->share, &losses, spoiler, 10), 0);
	assert_int_equal(losses.all, all);
	assert_int_equal(losses.page_bytes, page_bytes);
	assert_int_equal(losses.count, all < 10 ? all : 10);
	erofs_share_losses_release(&losses);
}

static void assert_no_losses(const struct set *set, enum erofs_share_spoiler but)
{
	for (unsigned int i = 0; i < EROFS_SHARE_SPOILERS; i++)
		if (i != (unsigned int)but)
			assert_losses(set, (enum erofs_share_spoiler)i, 0, 0);
}

static void equal_files_are_kept_once(void **state)
{
	struct set set = new_set(0);
	struct erofs_share_total total;

	(void)state;
	begin(&set, "one");
	put(&set, "/a", 1, false, 1);
	put(&set, "/b", 4096, false, 2);
	put(&set, "/c", 4097, false, 3);
	end(&set);
	begin(&set, "two");
	put(&set, "/a", 1, false, 1);
	put(&set, "/elsewhere", 4097, false, 3);
	put(&set, "/new", 10000, false, 4);
	end(&set);
	total = total_of(&set);
	assert_int_equal(total.images, 2);
	assert_int_equal(total.all.files, 6);
	assert_int_equal(total.all.bytes, 1 + 4096 + 4097 + 1 + 4097 + 10000);
	assert_int_equal(total.all.page_bytes, (4 + 4 + 8 + 4 + 8 + 12) * KIB);
	assert_int_equal(total.all.shared_page_bytes, (4 + 4 + 8 + 12) * KIB);
	assert_int_equal(total.distinct, 4);
	assert_int_equal(total.clash_page_bytes, 0);
	assert_int_equal(image_of(&set, 0).alone.page_bytes, 16 * KIB);
	assert_int_equal(image_of(&set, 0).alone.shared_page_bytes, 16 * KIB);
	/* What the first image has, too, the second would need if it were alone. */
	assert_int_equal(image_of(&set, 1).alone.page_bytes, 24 * KIB);
	assert_int_equal(image_of(&set, 1).alone.shared_page_bytes, 24 * KIB);
	assert_int_equal(image_of(&set, 0).marginal_page_bytes, 4 * KIB);
	assert_int_equal(image_of(&set, 1).marginal_page_bytes, 12 * KIB);
	assert_string_equal(image_of(&set, 1).name, "two");
	assert_no_losses(&set, EROFS_SHARE_SPOILERS);
	free_set(&set);
}

/* Inodes of one image share with each other, whether the image stores their data once or not. */
static void files_stored_once_are_inodes_each(void **state)
{
	struct set set = new_set(0);
	struct erofs_share_total total;

	(void)state;
	begin(&set, "one");
	put(&set, "/a", 5000, false, 1);
	put(&set, "/b", 5000, false, 1);
	put(&set, "/c", 5000, false, 1);
	end(&set);
	total = total_of(&set);
	assert_int_equal(total.all.files, 3);
	assert_int_equal(total.all.page_bytes, 24 * KIB);
	assert_int_equal(total.all.shared_page_bytes, 8 * KIB);
	assert_int_equal(image_of(&set, 0).alone.shared_page_bytes, 8 * KIB);
	assert_int_equal(image_of(&set, 0).marginal_page_bytes, 8 * KIB);
	free_set(&set);
}

static void kinds_do_not_share(void **state)
{
	struct erofs_share_losses losses;
	struct set set = new_set(0);
	struct erofs_share_total total;

	(void)state;
	begin(&set, "plain");
	put(&set, "/a", 5000, false, 1);
	end(&set);
	for (unsigned int i = 0; i < 2; i++) {
		begin(&set, "compressed");
		put(&set, "/a", 5000, true, 1);
		end(&set);
	}
	total = total_of(&set);
	assert_int_equal(total.all.page_bytes, 24 * KIB);
	assert_int_equal(total.all.shared_page_bytes, 16 * KIB);
	assert_int_equal(total.distinct, 2);
	/* If the plain one comes first, the other two do not even share with each other. */
	assert_int_equal(total.clash_page_bytes, 8 * KIB);
	assert_int_equal(image_of(&set, 0).marginal_page_bytes, 8 * KIB);
	assert_int_equal(image_of(&set, 1).marginal_page_bytes, 0);
	assert_losses(&set, EROFS_SHARE_KIND_CLASH, 1, 8 * KIB);
	assert_no_losses(&set, EROFS_SHARE_KIND_CLASH);
	assert_int_equal(erofs_share_list_losses(set.share, &losses, EROFS_SHARE_KIND_CLASH, 1), 0);
	assert_int_equal(losses.items[0].files, 3);
	assert_false(losses.items[0].examples[0].compressed);
	assert_true(losses.items[0].examples[1].compressed);
	assert_int_equal(losses.items[0].examples[1].image, 1);
	assert_string_equal(losses.items[0].examples[1].path, "/a");
	assert_memory_equal(losses.items[0].value, "sha256:0101", 11);
	erofs_share_losses_release(&losses);
	free_set(&set);
}

static void sizes_do_not_share_and_raise_an_alarm(void **state)
{
	struct set set = new_set(0);
	struct erofs_share_total total;

	(void)state;
	begin(&set, "one");
	put(&set, "/a", 5000, false, 1);
	end(&set);
	begin(&set, "two");
	put(&set, "/a", 50, false, 1);
	put(&set, "/b", 5000, false, 1);
	put(&set, "/c", 5000, true, 1);
	end(&set);
	total = total_of(&set);
	assert_int_equal(total.all.page_bytes, 28 * KIB);
	assert_int_equal(total.all.shared_page_bytes, 20 * KIB);
	assert_losses(&set, EROFS_SHARE_SIZE_CLASH, 1, 12 * KIB);
	assert_losses(&set, EROFS_SHARE_KIND_CLASH, 1, 8 * KIB);
	assert_losses(&set, EROFS_SHARE_CONTENT_DIFFERS, 0, 0);
	free_set(&set);
}

static void files_without_a_value_never_share(void **state)
{
	struct erofs_share_losses losses;
	struct set set = new_set(0);
	struct erofs_share_total total;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		begin(&set, "with");
		put(&set, "/dir/lacks", 5000, false, 0);
		put(&set, "/dir/has", 100, false, 1);
		end(&set);
	}
	/* Nothing of an image without the bit is shared, but it is not the files' fault. */
	begin(&set, "without");
	set.batch.fingerprinted = false;
	put(&set, "/dir/lacks", 5000, false, 0);
	end(&set);
	total = total_of(&set);
	assert_int_equal(total.all.page_bytes, (3 * 8 + 2 * 4) * KIB);
	assert_int_equal(total.all.shared_page_bytes, (3 * 8 + 4) * KIB);
	assert_int_equal(image_of(&set, 0).unshareable_files, 1);
	assert_int_equal(image_of(&set, 0).unshareable_page_bytes, 8 * KIB);
	assert_int_equal(image_of(&set, 0).marginal_page_bytes, 8 * KIB);
	assert_int_equal(image_of(&set, 2).marginal_page_bytes, 8 * KIB);
	assert_false(image_of(&set, 2).fingerprinted);
	assert_no_losses(&set, EROFS_SHARE_NO_FINGERPRINT);
	assert_int_equal(erofs_share_list_losses(set.share, &losses, EROFS_SHARE_NO_FINGERPRINT, 10), 0);
	assert_int_equal(losses.all, 1);
	assert_int_equal(losses.items[0].files, 2);
	assert_int_equal(losses.items[0].page_bytes, 16 * KIB);
	assert_string_equal(losses.items[0].path, "/dir/lacks");
	erofs_share_losses_release(&losses);
	free_set(&set);
}

static void pages_decide(void **state)
{
	static const struct {
		uint32_t page_size;
		uint64_t page_bytes, shared;
	} want[] = { { 512, 512 + 5120 + 512 + 512, 512 + 5120 + 512 },
		     { 4096, 20 * 1024, 16 * 1024 },
		     { 16384, 65536, 49152 },
		     { 65536, 262144, 196608 } };

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct set set = new_set(want[i].page_size);
		struct erofs_share_total total;

		begin(&set, "one");
		/* The block size of an image changes nothing. */
		set.batch.block_size = 512;
		put(&set, "/a", 1, false, 1);
		put(&set, "/b", 4609, false, 2);
		put(&set, "/c", 512, false, 3);
		end(&set);
		begin(&set, "two");
		put(&set, "/c", 512, false, 3);
		end(&set);
		total = total_of(&set);
		assert_int_equal(total.all.page_bytes, want[i].page_bytes);
		assert_int_equal(total.all.shared_page_bytes, want[i].shared);
		free_set(&set);
	}
}

static void page_sizes_that_are_none(void **state)
{
	static const uint32_t sizes[] = { 1, 256, 4095, 6144, 2u << 20, 1u << 31 };
	struct erofs_share *share;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(
			erofs_share_new(&share,
					&(struct erofs_share_options){ .size = sizeof(struct erofs_share_options),
								       .page_size = sizes[i] }),
			-EINVAL);
}

static void differences_by_file(void **state)
{
	struct erofs_share_losses losses;
	struct set set = new_set(0);

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		begin(&set, "version");
		/* Ten contents, each in two images; more than are looked back for. */
		put(&set, "/bin/tool", 4096 * (i % 10 + 1), false, (uint8_t)(i % 10 + 1));
		put(&set, "/etc/conf", 100, false, (uint8_t)(i % 2 + 100));
		put(&set, "/etc/same", 100, false, 200);
		end(&set);
	}
	total_of(&set);
	assert_int_equal(erofs_share_list_losses(set.share, &losses, EROFS_SHARE_CONTENT_DIFFERS, 10), 0);
	assert_int_equal(losses.all, 2);
	assert_string_equal(losses.items[0].path, "/bin/tool");
	/* All but the largest: 1 + ... + 9 pages. */
	assert_int_equal(losses.items[0].page_bytes, 45 * 4096);
	assert_int_equal(losses.items[0].contents, 10);
	assert_int_equal(losses.items[0].files, 20);
	assert_string_equal(losses.items[1].path, "/etc/conf");
	assert_int_equal(losses.items[1].page_bytes, 4096);
	erofs_share_losses_release(&losses);
	free_set(&set);
}

static void only_the_worst_are_listed(void **state)
{
	struct erofs_share_losses losses;
	struct set set = new_set(0);
	char path[32];

	(void)state;
	begin(&set, "one");
	for (unsigned int i = 0; i < 1000; i++) {
		/* In no order. */
		unsigned int k = i * 7 % 1000;

		snprintf(path, sizeof(path), "/f%04u", k);
		put(&set, path, (uint64_t)4096 * (k + 1), false, 0);
	}
	end(&set);
	total_of(&set);
	assert_int_equal(erofs_share_list_losses(set.share, &losses, EROFS_SHARE_NO_FINGERPRINT, 3), 0);
	assert_int_equal(losses.count, 3);
	assert_int_equal(losses.all, 1000);
	assert_int_equal(losses.page_bytes, (uint64_t)4096 * 500500);
	assert_string_equal(losses.items[0].path, "/f0999");
	assert_string_equal(losses.items[1].path, "/f0998");
	assert_string_equal(losses.items[2].path, "/f0997");
	erofs_share_losses_release(&losses);
	assert_int_equal(erofs_share_list_losses(set.share, &losses, EROFS_SHARE_NO_FINGERPRINT, 0), 0);
	assert_int_equal(losses.count, 0);
	assert_int_equal(losses.all, 1000);
	erofs_share_losses_release(&losses);
	assert_int_equal(erofs_share_list_losses(set.share, &losses, EROFS_SHARE_SPOILERS, 1), -EINVAL);
	free_set(&set);
}

static void sums_stay_at_their_end(void **state)
{
	struct set set = new_set(0);
	struct erofs_share_total total;

	(void)state;
	begin(&set, "one");
	put(&set, "/a", UINT64_MAX, false, 1);
	put(&set, "/b", UINT64_MAX - 1, false, 2);
	put(&set, "/c", 1, false, 0);
	end(&set);
	begin(&set, "two");
	put(&set, "/a", UINT64_MAX, true, 1);
	put(&set, "/b", 1, true, 1);
	end(&set);
	total = total_of(&set);
	assert_int_equal(total.all.page_bytes, UINT64_MAX);
	assert_int_equal(total.all.shared_page_bytes, UINT64_MAX);
	free_set(&set);
}

static void an_empty_set(void **state)
{
	struct erofs_share_directories directories;
	struct set set = new_set(0);
	struct erofs_share_image image;

	(void)state;
	assert_int_equal(total_of(&set).all.page_bytes, 0);
	assert_int_equal(erofs_share_get_image(set.share, &image, 0), -ERANGE);
	assert_no_losses(&set, EROFS_SHARE_SPOILERS);
	assert_int_equal(erofs_share_list_directories(set.share, &directories, EROFS_SHARE_BY_SIZE, 10), 0);
	assert_int_equal(directories.count, 0);
	erofs_share_directories_release(&directories);
	free_set(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_files_are_kept_once),
		cmocka_unit_test(files_stored_once_are_inodes_each),
		cmocka_unit_test(kinds_do_not_share),
		cmocka_unit_test(sizes_do_not_share_and_raise_an_alarm),
		cmocka_unit_test(files_without_a_value_never_share),
		cmocka_unit_test(pages_decide),
		cmocka_unit_test(page_sizes_that_are_none),
		cmocka_unit_test(differences_by_file),
		cmocka_unit_test(only_the_worst_are_listed),
		cmocka_unit_test(sums_stay_at_their_end),
		cmocka_unit_test(an_empty_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
