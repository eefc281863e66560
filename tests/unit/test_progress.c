/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <erofs/share.h>

#include "lib/util/progress.h"
#include "tests/unit/small_image.h"
#include "tests/unit/unit.h"

/* ---- what a tool writes, and when ------------------------------------------------------------------------------------------- */

static const char *const packing = "packing", *const checking = "checking";

static unsigned int count_due(struct tool_progress *progress, double from, double to, double step)
{
	const struct tool_progress_state state = { .doing = packing, .item = "file" };
	unsigned int due = 0;

	for (double now = from; now < to; now += step)
		due += tool_progress_is_due(progress, &state, now);
	return due;
}

static void a_log_has_a_line_in_ten_seconds(void **state)
{
	struct tool_progress progress = { .is_wanted = true };

	(void)state;
	assert_int_equal(count_due(&progress, 0, 9.9, 0.1), 0);
	assert_int_equal(count_due(&progress, 9.9, 10.9, 0.1), 1);
	assert_int_equal(count_due(&progress, 11, 60.5, 0.25), 5);
	/* Nothing is made up for a time without news. */
	assert_int_equal(count_due(&progress, 300, 309, 0.25), 1);
}

static void a_terminal_is_drawn_five_times_a_second(void **state)
{
	struct tool_progress progress = { .is_wanted = true, .is_line = true, .written = -1 };

	(void)state;
	assert_int_equal(count_due(&progress, 0, 10, 0.03125), 46);
	progress.is_wanted = false;
	assert_int_equal(count_due(&progress, 100, 200, 1), 0);
}

static void rates_are_those_of_a_stage(void **state)
{
	const struct tool_progress_state first = { .doing = packing, .item = "file", .items = 3, .items_total = 9 };
	const struct tool_progress_state second = {
		.doing = checking, .item = "file", .items = 1, .bytes = 5 << 20, .bytes_total = 10 << 20
	};
	struct tool_progress progress = { .is_wanted = true };
	char text[160];

	(void)state;
	assert_true(tool_progress_is_due(&progress, &first, 20));
	progress.state = first;
	tool_progress_describe(text, sizeof(text), &progress, 20);
	assert_string_equal(text, "packing: 3/9 files, 20 s");
	assert_false(tool_progress_is_due(&progress, &second, 25));
	assert_true(tool_progress_is_due(&progress, &second, 30));
	progress.state = second;
	tool_progress_describe(text, sizeof(text), &progress, 30);
	assert_string_equal(text, "checking: 1 file, 5.0 MiB of 10.0 MiB, 1.0 MiB/s, 30 s, 5 s left");
}

static void narrow_lines_lose_whole_parts(void **state)
{
	struct tool_progress progress = {
		.is_wanted = true,
		.is_line = true,
		.state = { .doing = packing, .item = "file", .items = 2, .bytes = 1 << 20, .bytes_total = 4 << 20 },
	};
	char text[160], whole[160];

	(void)state;
	tool_progress_describe(whole, sizeof(whole), &progress, 1);
	assert_string_equal(whole, "packing: 2 files, 1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3 s left");
	for (size_t size = 2; size <= sizeof(text); size++) {
		size_t length;

		tool_progress_describe(text, size, &progress, 1);
		length = strlen(text);
		assert_true(length < size);
		assert_int_equal(strncmp(text, whole, length), 0);
		if (size > strlen("packing: 2 files"))
			assert_true(!whole[length] || whole[length] == ',');
		else
			assert_int_equal(length, size - 1);
	}
}

static void only_its_forms_are_taken(void **state)
{
	enum tool_progress_form form = TOOL_PROGRESS_AUTO;

	(void)state;
	assert_true(tool_progress_parse(&form, "none"));
	assert_int_equal(form, TOOL_PROGRESS_NONE);
	assert_true(tool_progress_parse(&form, "plain"));
	assert_int_equal(form, TOOL_PROGRESS_PLAIN);
	assert_true(tool_progress_parse(&form, "auto"));
	assert_int_equal(form, TOOL_PROGRESS_AUTO);
	assert_false(tool_progress_parse(&form, ""));
	assert_false(tool_progress_parse(&form, "non"));
}

/* ---- counting by several threads -------------------------------------------------------------------------------------------- */

#define THREADS 4u
#define EACH	2000u

struct told {
	uint64_t files, bytes;
	unsigned int inside;
	bool went_back, at_once;
};

static struct told told;

static void tell(const void *ctx, uint64_t files, uint64_t bytes)
{
	(void)ctx;
	told.at_once |= __atomic_add_fetch(&told.inside, 1, __ATOMIC_RELAXED) != 1;
	told.went_back |= files < told.files || bytes < told.bytes;
	told.files = files;
	told.bytes = bytes;
	__atomic_sub_fetch(&told.inside, 1, __ATOMIC_RELAXED);
}

static void *count(void *ctx)
{
	for (unsigned int i = 0; i < EACH; i++)
		erofs_progress_add(ctx, 1, 10);
	return NULL;
}

static void the_last_news_are_told(void **state)
{
	struct erofs_progress progress;
	pthread_t threads[THREADS];

	(void)state;
	told = (struct told){ 0 };
	erofs_progress_init(&progress, tell, NULL);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, &progress), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	erofs_progress_release(&progress);
	assert_int_equal(told.files, THREADS * EACH);
	assert_int_equal(told.bytes, 10 * THREADS * EACH);
	assert_false(told.went_back || told.at_once);
}

static void nobody_has_to_listen(void **state)
{
	struct erofs_progress progress;

	(void)state;
	erofs_progress_init(&progress, NULL, NULL);
	erofs_progress_add(&progress, 1, 1);
	assert_int_equal(progress.files, 0);
	erofs_progress_release(&progress);
}

/* ---- what the library tells ------------------------------------------------------------------------------------------------- */

static struct small_image image;
static struct erofs_check_progress of_tree, of_contents;
static struct erofs_extract_progress unpacked;
static unsigned int calls;

static void note_check(void *ctx, const struct erofs_check_progress *progress)
{
	(void)ctx;
	calls++;
	*(progress->stage == EROFS_CHECK_TREE ? &of_tree : &of_contents) = *progress;
}

static void note_extract(void *ctx, const struct erofs_extract_progress *progress)
{
	(void)ctx;
	calls++;
	unpacked = *progress;
}

/* Sizes of /a, /d/c, /e, /s. */
#define FILES	  4u
#define ALL_BYTES (SMALL_SIZE_A + SMALL_SIZE_C + 3 * SMALL_BLOCK)

static void checks_end_with_all_that_there_is(void **state)
{
	struct erofs_check_options options = erofs_check_options_init();
	struct small_report report = { 0 };

	(void)state;
	options.progress = note_check;
	for (options.workers = 0; options.workers < 3; options.workers++) {
		for (unsigned int way = 0; way < 3; way++) {
			options.read_data = way == 1;
			options.verify_fingerprints = way == 2;
			small_build(&image);
			of_contents = of_tree = (struct erofs_check_progress){ 0 };
			small_check(&report, &image, &options);
			assert_int_equal(report.ret, 0);
			assert_int_equal(of_tree.files, of_tree.files_total);
			assert_int_equal(of_tree.files, report.summary.inodes);
			assert_int_equal(of_contents.files, FILES);
			assert_int_equal(of_contents.files_total, FILES);
			assert_int_equal(of_contents.bytes, way ? ALL_BYTES : 0);
			assert_int_equal(of_contents.bytes_total, way ? ALL_BYTES : 0);
		}
	}
}

static void of_one_path_no_total_is_told(void **state)
{
	struct erofs_check_options options = erofs_check_options_init();
	struct small_report report = { 0 };

	(void)state;
	options.progress = note_check;
	options.read_data = true;
	options.path = "/d";
	small_build(&image);
	small_check(&report, &image, &options);
	assert_int_equal(report.ret, 0);
	assert_int_equal(of_contents.bytes, SMALL_SIZE_C);
	assert_int_equal(of_contents.bytes_total, 0);
}

static void unpacking_ends_with_all_files(void **state)
{
	struct erofs_extract_options options = erofs_extract_options_init();
	char base[] = "/tmp/erofs-progress-XXXXXX", command[64];
	struct erofs_image *open;

	(void)state;
	assert_non_null(mkdtemp(base));
	small_build(&image);
	open = small_open(&image, NULL);
	options.progress = note_extract;
	options.overwrite = true;
	calls = 0;
	assert_int_equal(erofs_extract(open, base, &options, NULL), 0);
	assert_int_equal(unpacked.files, FILES);
	assert_int_equal(unpacked.bytes, ALL_BYTES);
	assert_true(calls >= FILES);
	erofs_image_close(open);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	assert_int_equal(system(command), 0);
}

static void note_share(void *ctx, const struct erofs_share_progress *progress)
{
	struct erofs_share_progress *last = ctx;

	assert_int_equal(progress->inputs, last->inputs + 1);
	*last = *progress;
}

static void a_set_counts_its_inputs(void **state)
{
	const char *paths[] = { "manifest", "manifest", "manifest" };
	struct erofs_share_options options = erofs_share_options_init();
	struct erofs_share_progress last = { 0 };
	struct erofs_share *share;
	char path[] = "/tmp/erofs-progress-XXXXXX";
	int fd = mkstemp(path);
	static const char manifest[] =
		"{\"version\":1,\"image\":{\"block_size\":4096,\"fingerprint_xattr\":null},\"files\":[]}";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, manifest, strlen(manifest)), strlen(manifest));
	close(fd);
	for (size_t i = 0; i < 3; i++)
		paths[i] = path;
	options.progress = note_share;
	options.progress_ctx = &last;
	options.workers = 2;
	assert_int_equal(erofs_share_new(&share, &options), 0);
	assert_int_equal(erofs_share_add(share, paths, 3, NULL), 0);
	assert_int_equal(last.inputs, 3);
	assert_int_equal(last.inputs_total, 3);
	erofs_share_free(share);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_has_a_line_in_ten_seconds),
		cmocka_unit_test(a_terminal_is_drawn_five_times_a_second),
		cmocka_unit_test(rates_are_those_of_a_stage),
		cmocka_unit_test(narrow_lines_lose_whole_parts),
		cmocka_unit_test(only_its_forms_are_taken),
		cmocka_unit_test(the_last_news_are_told),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(checks_end_with_all_that_there_is),
		cmocka_unit_test(of_one_path_no_total_is_told),
		cmocka_unit_test(unpacking_ends_with_all_files),
		cmocka_unit_test(a_set_counts_its_inputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
