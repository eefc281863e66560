/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/writer/data/jobs.h"
#include "lib/writer/data/long.h"
#include "tests/unit/fake_source.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* Which jobs are made of which files: next alone, with nothing behind it. */

#define SEGMENT ((size_t)512 * 1024)
#define JOBS	4u

struct made {
	struct fake_source source;
	struct erofs_build_options options;
	struct erofs_build_summary summary;
	struct erofs_plan plan;
	struct erofs_data data;
	struct erofs_run run;
	struct erofs_long_file *open[3];
	struct erofs_job job;
};

/* An encoding build has one file open at a time. */
static void begin(struct made *made, unsigned int open_most, bool arrives)
{
	memset(made, 0, sizeof(*made));
	fake_begin(&made->source, arrives, SEGMENT);
	made->options.blkszbits = 12;
	made->options.cancel = &made->source.cancel;
	made->run = (struct erofs_run){ .plan = &made->plan,
					.data = &made->data,
					.source = made->source.tree->source_ops,
					.arrivals = made->source.tree->arrival_ops,
					.digest = EROFS_DIGEST_SHA256,
					.segment = SEGMENT,
					.job_count = JOBS,
					.open = made->open,
					.open_most = open_most,
					.reader = &made->source };
}

static void plan(struct made *made)
{
	uint32_t most = made->source.arrives ? UINT32_MAX : 2048;

	fake_prepare(&made->source);
	made->plan = (struct erofs_plan){ .tree = made->source.tree,
					  .options = &made->options,
					  .diag = &made->source.diag,
					  .summary = &made->summary,
					  .blksz = 4096,
					  .is_arriving = made->source.arrives };
	assert_int_equal(erofs_writer_plan_begin(&made->plan), 0);
	if (!made->source.arrives)
		assert_int_equal(erofs_writer_plan_tree(&made->plan), 0);
	assert_int_equal(erofs_pages_init(&made->run.files, sizeof(struct erofs_long_file *), most), 0);
	if (made->source.arrives) {
		assert_int_equal(erofs_pages_init(&made->data.places, sizeof(struct erofs_place), most), 0);
		assert_int_equal(erofs_pages_init(&made->data.arrivals, sizeof(void *), most), 0);
	}
	made->job.in = test_malloc(SEGMENT);
}

static void finish(struct made *made)
{
	for (uint32_t i = 0; i < made->run.file_count; i++)
		erofs_writer_long_free(&made->run, erofs_writer_long_file(&made->run, i));
	erofs_pages_release(&made->run.files);
	erofs_pages_release(&made->data.places);
	erofs_pages_release(&made->data.arrivals);
	erofs_writer_plan_release(&made->plan);
	test_free(made->job.in);
	fake_end(&made->source);
}

static void assert_batch(struct made *made, uint32_t count)
{
	assert_int_equal(erofs_writer_next_job(&made->run, &made->job), 1);
	assert_int_equal(made->job.count, count);
	for (uint32_t i = 1; i < count; i++)
		assert_int_equal(made->job.files[i].at,
				 made->job.files[i - 1].at + ((made->job.files[i - 1].inode->size + 4095) & ~4095u));
}

static void assert_segment(struct made *made, const char *path, uint64_t offset, size_t length, bool is_last)
{
	assert_int_equal(erofs_writer_next_job(&made->run, &made->job), 1);
	assert_int_equal(made->job.count, 0);
	assert_string_equal(((struct fake_file *)made->job.file->inode->origin)->path, path);
	assert_int_equal(made->job.offset, offset);
	assert_int_equal(made->job.length, length);
	assert_int_equal(made->job.is_last, is_last);
}

/* And that it stays so. */
static void assert_no_more(struct made *made)
{
	assert_int_equal(erofs_writer_next_job(&made->run, &made->job), 0);
	assert_int_equal(erofs_writer_next_job(&made->run, &made->job), 0);
}

static const char *name_of(unsigned int number)
{
	static char names[FAKE_FILES_MOST][8];

	snprintf(names[number], sizeof(names[number]), "%04u", number);
	return names[number];
}

/* ---- batches ------------------------------------------------------------------------------------------------------------- */

static void a_batch_has_at_most_128_files(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 1, false);
	for (unsigned int i = 0; i < 300; i++)
		fake_add(&made.source, name_of(i), i % 3 ? 100 : 0, 1);
	plan(&made);
	/* Empty ones are none of the builder's business. */
	assert_batch(&made, 128);
	assert_string_equal(made.job.files[0].inode->name, "0001");
	assert_batch(&made, 72);
	assert_no_more(&made);
	finish(&made);
}

static void a_batch_has_at_most_512_kib(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 1, false);
	/* 25 blocks each, so that five make 125 of 128. */
	for (unsigned int i = 0; i < 12; i++)
		fake_add(&made.source, name_of(i), 100000, 1);
	fake_add(&made.source, "1000", 3 * 4096, 2);
	fake_add(&made.source, "1001", SEGMENT, 3);
	fake_add(&made.source, "1002", 1, 3);
	plan(&made);
	assert_batch(&made, 5);
	assert_batch(&made, 5);
	assert_batch(&made, 3);
	assert_batch(&made, 1);
	assert_int_equal(made.job.files[0].inode->size, SEGMENT);
	/* The one that did not fit waited, and is not lost. */
	assert_batch(&made, 1);
	assert_int_equal(made.job.files[0].inode->size, 1);
	assert_no_more(&made);
	finish(&made);
}

/* ---- long files ---------------------------------------------------------------------------------------------------------- */

static void add_long_and_small(struct made *made)
{
	fake_add(&made->source, "a", 2 * SEGMENT + 1, 1);
	fake_add(&made->source, "b", 10, 2);
	fake_add(&made->source, "c", SEGMENT + 1, 3);
	fake_add(&made->source, "d", 10, 4);
}

static void one_by_one_a_file_ends_before_the_next_begins(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 1, false);
	add_long_and_small(&made);
	plan(&made);
	assert_segment(&made, "a", 0, SEGMENT, false);
	assert_segment(&made, "a", SEGMENT, SEGMENT, false);
	assert_int_equal(made.job.segment, 1);
	assert_segment(&made, "a", 2 * SEGMENT, 1, true);
	assert_batch(&made, 1);
	assert_segment(&made, "c", 0, SEGMENT, false);
	assert_segment(&made, "c", SEGMENT, 1, true);
	assert_batch(&made, 1);
	assert_no_more(&made);
	finish(&made);
}

static void long_files_take_turns(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 2, false);
	add_long_and_small(&made);
	fake_add(&made.source, "e", SEGMENT + 1, 5);
	plan(&made);
	assert_segment(&made, "a", 0, SEGMENT, false);
	/* Whatever the turns, each file's segments are in order, all come once, and no more than two files are open. */
	for (unsigned int jobs = 1; jobs < 9; jobs++) {
		assert_int_equal(erofs_writer_next_job(&made.run, &made.job), 1);
		assert_true(made.run.open_count <= 2);
		if (made.job.count)
			continue;
		assert_int_equal(made.job.offset, made.job.segment * SEGMENT);
	}
	assert_no_more(&made);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(erofs_writer_long_file(&made.run, i)->next_segment, i ? 2 : 3);
	finish(&made);
}

static void no_more_is_taken_of_a_candidate(void **state)
{
	static struct made made;

	(void)state;
	begin(&made, 1, false);
	add_long_and_small(&made);
	plan(&made);
	assert_segment(&made, "a", 0, SEGMENT, false);
	erofs_gate_close(&made.job.file->reading);
	assert_batch(&made, 1);
	assert_segment(&made, "c", 0, SEGMENT, false);
	finish(&made);
}

/* ---- holes --------------------------------------------------------------------------------------------------------------- */

static _Alignas(struct erofs_data_map) unsigned char map_bytes[sizeof(struct erofs_data_map) +
							       3 * sizeof(struct erofs_data_range)];
static struct erofs_data_map *const map = (struct erofs_data_map *)(void *)map_bytes;

static unsigned int count_jobs(struct made *made, uint64_t *span)
{
	unsigned int jobs = 0;

	*span = 0;
	while (erofs_writer_next_job(&made->run, &made->job) == 1) {
		assert_true(made->job.length <= SEGMENT);
		/* Segments and the holes behind them are all of the file. */
		assert_int_equal(made->job.offset, *span);
		*span += made->job.span;
		jobs++;
	}
	assert_true(made->job.is_last);
	return jobs;
}

static void holes_are_stepped_over(void **state)
{
	const uint64_t size = UINT64_C(1) << 40;
	static struct made made;
	uint64_t span;

	(void)state;
	map->count = 3;
	map->ranges[0] = (struct erofs_data_range){ 5000, 6000 };
	map->ranges[1] = (struct erofs_data_range){ size / 2 + 12345, size / 2 + 700000 };
	map->ranges[2] = (struct erofs_data_range){ size - 100, size };
	begin(&made, 1, false);
	fake_add(&made.source, "a", size, 1)->map = map;
	plan(&made);
	/* Chunks of such a file are longer than segments. */
	assert_true(UINT64_C(1) << erofs_writer_inode_plan(&made.plan, made.source.files[0].inode)->chunkbits >
		    SEGMENT);
	assert_true(count_jobs(&made, &span) < 1000);
	assert_int_equal(span, size);
	finish(&made);
}

static void a_digest_wants_the_zeros(void **state)
{
	const uint64_t size = 100 * SEGMENT;
	static struct made made;
	uint64_t span;

	(void)state;
	for (unsigned int digest = 0; digest < 2; digest++) {
		map->count = 1;
		map->ranges[0] = (struct erofs_data_range){ size / 2, size / 2 + 1 };
		begin(&made, 1, false);
		made.options.fingerprint = digest ? EROFS_DIGEST_SHA256 : EROFS_DIGEST_NONE;
		fake_add(&made.source, "a", size, 1)->map = map;
		plan(&made);
		/* The first segment, and the one with data. */
		assert_int_equal(count_jobs(&made, &span), digest ? 100 : 2);
		assert_int_equal(span, size);
		finish(&made);
	}
}

/* ---- arrivals ------------------------------------------------------------------------------------------------------------ */

static void arrivals_are_read_when_they_come(void **state)
{
	static struct made made;
	uint8_t expected[10];

	(void)state;
	begin(&made, 1, true);
	add_long_and_small(&made);
	plan(&made);
	assert_segment(&made, "a", 0, SEGMENT, false);
	assert_segment(&made, "a", SEGMENT, SEGMENT, false);
	assert_segment(&made, "a", 2 * SEGMENT, 1, true);
	assert_batch(&made, 1);
	/* The long one behind it has come, waits, and is not read yet. */
	fake_fill(&made.source.files[1], expected, sizeof(expected), 0);
	assert_memory_equal(made.job.in, expected, sizeof(expected));
	assert_int_equal(made.source.next, 3);
	assert_int_equal(made.source.at, 0);
	assert_segment(&made, "c", 0, SEGMENT, false);
	assert_segment(&made, "c", SEGMENT, 1, true);
	assert_batch(&made, 1);
	assert_no_more(&made);
	assert_int_equal(made.data.arrived, 4);
	finish(&made);
}

/* ---- the end before the end ---------------------------------------------------------------------------------------------- */

static void a_cancelled_run_has_no_next_job(void **state)
{
	static struct made made;

	(void)state;
	for (unsigned int arrives = 0; arrives < 2; arrives++) {
		begin(&made, 1, arrives);
		add_long_and_small(&made);
		plan(&made);
		assert_segment(&made, "a", 0, SEGMENT, false);
		erofs_cancel_request(&made.source.cancel);
		assert_int_equal(erofs_writer_next_job(&made.run, &made.job), -ECANCELED);
		finish(&made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_has_at_most_128_files),
		cmocka_unit_test(a_batch_has_at_most_512_kib),
		cmocka_unit_test(one_by_one_a_file_ends_before_the_next_begins),
		cmocka_unit_test(long_files_take_turns),
		cmocka_unit_test(no_more_is_taken_of_a_candidate),
		cmocka_unit_test(holes_are_stepped_over),
		cmocka_unit_test(a_digest_wants_the_zeros),
		cmocka_unit_test(arrivals_are_read_when_they_come),
		cmocka_unit_test(a_cancelled_run_has_no_next_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
