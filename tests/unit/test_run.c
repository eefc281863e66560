/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_source.h"
#include "tests/unit/unit.h"

/* Builds from a tree: what is in the image, and that it does not depend on the order in which workers get on. */

/* Room for a map and its ranges. */
#define MAP(name, number)                                                                                              \
	static _Alignas(struct erofs_data_map) unsigned char                                                           \
		name##_bytes[sizeof(struct erofs_data_map) + (number) * sizeof(struct erofs_data_range)];              \
	static struct erofs_data_map *const name = (struct erofs_data_map *)(void *)name##_bytes

MAP(few, 2);
MAP(wider, 2);
MAP(no_data, 1);

static void make_maps(size_t segment)
{
	/* Holes that are longer than a segment, that begin and end inside one, and inside a block. */
	few->count = 2;
	few->ranges[0] = (struct erofs_data_range){ segment + 4096, segment + 20000 };
	few->ranges[1] = (struct erofs_data_range){ 3 * segment - 70000, 3 * segment + 100 };
	/* The same data, and of what the source does not know to be a hole a little more. */
	wider->count = 2;
	wider->ranges[0] = (struct erofs_data_range){ segment, segment + 20000 };
	wider->ranges[1] = few->ranges[1];
	no_data->count = 0;
}

static void make_sparse(struct fake_source *source, const char *path, const struct erofs_data_map *zeros,
			const struct erofs_data_map *map)
{
	struct fake_file *file = fake_add(source, path, 3 * source->segment + 777, 60);

	file->zeros = zeros;
	file->map = map;
}

static void make_random(struct fake_source *source, const char *path, uint64_t size)
{
	fake_add(source, path, size, 50)->is_random = true;
}

/* Names give the order: originals, duplicates, and what only begins like them, of all kinds. */
static void make_mix(struct fake_source *source)
{
	uint64_t size = source->segment + 5000;

	make_maps(source->segment);
	fake_add(source, "a-long", size, 1);
	fake_add(source, "b-small", 70000, 2);
	fake_add(source, "b-small-copy", 70000, 2);
	fake_add(source, "b-tail", 4096 + 700, 3);
	fake_add(source, "b-tail-copy", 4096 + 700, 3);
	fake_add(source, "b-tiny", 1, 4);
	fake_add(source, "c-long-copy", size, 1);
	fake_add(source, "d-other-end", size, 1)->differs_at = size - 1;
	fake_add(source, "e-other-end-copy", size, 1)->differs_at = size - 1;
	fake_add(source, "e-other-middle", size, 1)->differs_at = source->segment + 3;
	make_random(source, "f-random", size);
	make_random(source, "f-random-copy", size);
	make_random(source, "f-random-small", 9000);
	make_random(source, "f-random-small-copy", 9000);
	fake_add(source, "g-one-segment", source->segment, 7);
	fake_add(source, "g-one-segment-copy", source->segment, 7);
	make_sparse(source, "h-sparse", few, few);
	make_sparse(source, "h-sparse-copy", few, few);
	make_sparse(source, "h-sparse-dense", few, NULL);
	/* Two, so that somebody asks whether they are equal to another one. */
	make_sparse(source, "h-sparse-wider", few, wider);
	make_sparse(source, "h-sparse-wider-copy", few, wider);
	make_sparse(source, "i-zeros", no_data, no_data);
	make_sparse(source, "i-zeros-copy", no_data, no_data);
	make_sparse(source, "i-zeros-dense", no_data, NULL);
	fake_add(source, "z-small", 70000, 2);
	fake_add(source, "z-long", size, 1);
}

/* ---- the same bytes ------------------------------------------------------------------------------------------------------ */

static void build_alike(const struct fake_way *way, bool arrives, void (*make)(struct fake_source *))
{
	static const unsigned int workers[] = { 0, 1, 3, 5 };
	uint8_t *first = NULL, *bytes;
	size_t first_size = 0, size;

	for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
		struct erofs_build_options options = way->options;
		struct fake_source source;

		fake_begin(&source, arrives, way->segment);
		make(&source);
		options.workers = workers[i];
		assert_int_equal(fake_build(&source, fake_target(), &options, NULL), 0);
		if (!first)
			fake_verify(&source, fake_target());
		fake_end(&source);
		bytes = fake_load(fake_target(), &size);
		if (!first) {
			first = bytes;
			first_size = size;
			continue;
		}
		if (size != first_size || memcmp(first, bytes, size) != 0)
			fail_msg("%s: %u workers make another image", way->name, workers[i]);
		free(bytes);
	}
	free(first);
}

static void any_number_of_workers_makes_the_same_image(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++)
		build_alike(way, false, make_mix);
}

static void without_dedup_or_fingerprints_too(void **state)
{
	struct fake_way way = *fake_way(0);

	(void)state;
	way.options.fingerprint = EROFS_DIGEST_NONE;
	build_alike(&way, false, make_mix);
	way.options.dedupe_files = false;
	build_alike(&way, false, make_mix);
}

/* More long files than an array has room for at first. */
static void make_many_long(struct fake_source *source)
{
	static char names[90][8];

	for (unsigned int i = 0; i < 90; i++) {
		snprintf(names[i], sizeof(names[i]), "%u", 100 + i);
		fake_add(source, names[i], source->segment + 10, i / 3);
	}
}

static void many_long_files(void **state)
{
	(void)state;
	build_alike(fake_way(0), false, make_many_long);
}

/* ---- duplicates ---------------------------------------------------------------------------------------------------------- */

static void build(struct fake_source *source, const struct fake_way *way, unsigned int workers,
		  struct erofs_build_summary *summary)
{
	struct erofs_build_options options = way->options;

	options.workers = workers;
	assert_int_equal(fake_build(source, fake_target(), &options, summary), 0);
	fake_verify(source, fake_target());
}

static void each_kind_of_duplicate_is_stored_once(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++) {
		bool stored = !way->options.compression_count;
		struct erofs_build_summary summary;
		struct fake_source source;

		fake_begin(&source, false, way->segment);
		make_mix(&source);
		build(&source, way, 3, &summary);
		/*
		 * Small: b, b-tail, f-random-small, g, z-small. Long: c, e, f, two of h, z. Where nothing is encoded, sparse files
		 * those with other ones and those without have different forms, and files without data nothing to share; where
		 * something is, h-sparse-dense, -wider and two of zeros are duplicates, too.
		 */
		assert_int_equal(summary.shared_files, stored ? 11 : 15);
		fake_end(&source);
	}
}

/* Only a file that begins like an earlier one of its size waits for a digest of its own, and is then read again. */
static void what_begins_otherwise_is_read_once(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++) {
		uint64_t size = way->segment + 5000;
		struct fake_source source;
		struct fake_file *other, *alike;

		fake_begin(&source, false, way->segment);
		fake_add(&source, "a", size, 1);
		other = fake_add(&source, "b", size, 2);
		fake_add(&source, "c", size + 1, 1);
		alike = fake_add(&source, "d", size, 1);
		alike->differs_at = size - 3;
		build(&source, way, 3, NULL);
		assert_int_equal(other->opened, 1);
		assert_int_equal(alike->opened, 3);
		fake_end(&source);
	}
}

static void few_files_are_open_at_a_time(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i += 2) {
		const struct fake_way *way = fake_way(i);
		struct fake_source source;

		fake_begin(&source, false, way->segment);
		if (i)
			for (unsigned int j = 0; j < 8; j++)
				fake_add(&source, (const char *[]){ "a", "b", "c", "d", "e", "f", "g", "h" }[j],
					 way->segment + 10, j / 4);
		else
			make_many_long(&source);
		build(&source, way, 3, NULL);
		/* Those that take turns, and those whose last segments are on their way. */
		assert_true(source.open_most <= 3 + (i ? 24 : 9));
		fake_end(&source);
	}
}

/* ---- forced orders ------------------------------------------------------------------------------------------------------- */

static void wait_for_the_next_segment(struct fake_source *source, struct fake_file *file, uint64_t offset)
{
	if (offset + source->segment < file->size)
		fake_wait(source, file, offset / source->segment + 1);
}

static void segments_may_be_read_backwards(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++) {
		struct fake_source source;

		fake_begin(&source, false, way->segment);
		fake_add(&source, "a", 3 * way->segment + 5000, 1);
		source.on_read = wait_for_the_next_segment;
		build(&source, way, 4, NULL);
		fake_end(&source);
	}
}

/* The second file's first segment is there before the first file's last one. */
static void hold_up_the_first(struct fake_source *source, struct fake_file *file, uint64_t offset)
{
	if (file == source->files && offset + source->segment >= file->size)
		fake_wait(source, file + 1, 0);
}

static void a_duplicate_is_found_while_its_original_is_in_flight(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++)
		for (unsigned int small = 0; small < 2; small++) {
			uint64_t size = small ? 300000 : 2 * way->segment + 5000;
			struct erofs_build_summary summary;
			struct fake_source source;

			fake_begin(&source, false, way->segment);
			fake_add(&source, "a", size, 1);
			fake_add(&source, "b", size, 1);
			source.on_read = hold_up_the_first;
			build(&source, way, 3, &summary);
			assert_int_equal(summary.shared_files, 1);
			fake_end(&source);
		}
}

/* ---- files that change --------------------------------------------------------------------------------------------------- */

static void a_file_that_changes_between_its_readings_is_named(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++)
		for (unsigned int workers = 0; workers < 4; workers += 3) {
			struct erofs_build_options options = way->options;
			uint64_t size = way->segment + 5000;
			struct fake_source source;
			struct fake_file *file;

			fake_begin(&source, false, way->segment);
			fake_add(&source, "a", size, 1);
			file = fake_add(&source, "the-second", size, 1);
			file->differs_at = size - 3;
			/* Opened as any, for its digest, and to be stored. */
			file->changes_at = 3;
			options.workers = workers;
			assert_int_equal(fake_build(&source, fake_target(), &options, NULL), -EBUSY);
			assert_non_null(strstr(source.last, "/the-second"));
			assert_int_equal(file->opened, 3);
			assert_int_equal(fake_target_files(), 0);
			fake_end(&source);
		}
}

/* ---- progress ------------------------------------------------------------------------------------------------------------ */

struct reports {
	struct erofs_build_progress last;
	bool went_back;
};

static void note_progress(void *ctx, const struct erofs_build_progress *progress)
{
	struct reports *reports = ctx;

	if (progress->stage != EROFS_STAGE_PACK)
		return;
	reports->went_back |= progress->files < reports->last.files || progress->bytes < reports->last.bytes;
	reports->last = *progress;
}

static void progress_ends_where_it_should(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i += 2)
		for (unsigned int digests = 0; digests < 2; digests++) {
			struct fake_way changed = *way;
			struct reports reports = { .went_back = false };
			struct fake_source source;

			changed.options.fingerprint = digests ? EROFS_DIGEST_SHA256 : EROFS_DIGEST_NONE;
			changed.options.dedupe_files = digests;
			changed.options.progress = note_progress;
			changed.options.progress_ctx = &reports;
			fake_begin(&source, false, way->segment);
			make_mix(&source);
			build(&source, &changed, 3, NULL);
			assert_false(reports.went_back);
			assert_int_equal(reports.last.files, source.count);
			assert_int_equal(reports.last.files, reports.last.files_total);
			assert_int_equal(reports.last.bytes, reports.last.bytes_total);
			fake_end(&source);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(any_number_of_workers_makes_the_same_image, fake_target_teardown),
		cmocka_unit_test_teardown(without_dedup_or_fingerprints_too, fake_target_teardown),
		cmocka_unit_test_teardown(many_long_files, fake_target_teardown),
		cmocka_unit_test_teardown(each_kind_of_duplicate_is_stored_once, fake_target_teardown),
		cmocka_unit_test_teardown(what_begins_otherwise_is_read_once, fake_target_teardown),
		cmocka_unit_test_teardown(few_files_are_open_at_a_time, fake_target_teardown),
		cmocka_unit_test_teardown(segments_may_be_read_backwards, fake_target_teardown),
		cmocka_unit_test_teardown(a_duplicate_is_found_while_its_original_is_in_flight, fake_target_teardown),
		cmocka_unit_test_teardown(a_file_that_changes_between_its_readings_is_named, fake_target_teardown),
		cmocka_unit_test_teardown(progress_ends_where_it_should, fake_target_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
