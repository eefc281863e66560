/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_source.h"
#include "tests/unit/unit.h"

/* Builds from what arrives: once, in its own order. */

/* What is looked for in an image: words of a seed that only replaced members have. */
#define GONE UINT64_C(0xDEAD)

static struct fake_file *add_random(struct fake_source *source, const char *path, uint64_t size, uint64_t seed)
{
	struct fake_file *file = fake_add(source, path, size, seed);

	file->is_random = true;
	return file;
}

static void make_duplicates(struct fake_source *source)
{
	uint64_t size = source->segment + 5000;

	fake_add(source, "z-first", size, 1);
	fake_add(source, "small", 5000, 2);
	fake_add(source, "y-copy", size, 1);
	fake_add(source, "small-copy", 5000, 2);
	fake_add(source, "x-other", size, 1)->differs_at = size - 1;
	add_random(source, "random", size, 3);
	add_random(source, "small-random", 9000, 4);
	add_random(source, "random-copy", size, 3);
	fake_add(source, "dir/after", 70000, 5);
	fake_add(source, "w-copy", size, 1);
	fake_add(source, "dir/other-copy", size, 1)->differs_at = size - 1;
	fake_add(source, "tiny", 1, 6);
	fake_add(source, "empty", 0, 0);
}

static void make_replaced(struct fake_source *source)
{
	uint64_t size = source->segment + 5000;

	add_random(source, "a", size, GONE);
	add_random(source, "b", 9000, GONE + 1);
	add_random(source, "kept", size, 7);
	add_random(source, "c", size, 7);
	add_random(source, "d", 9000, 8);
	add_random(source, "kept-small", 9000, 8);
	/* From here on, members take the places of others; what others have, too, stays. */
	add_random(source, "a", 4096, 9);
	add_random(source, "b", size, 10);
	add_random(source, "c", 3, 11);
	fake_add(source, "d", 100, 12);
	/* Back to what was there at first. */
	add_random(source, "e", size, 13);
	add_random(source, "e", 4096, 9);
	add_random(source, "e", size, 13);
}

/* ---- the same bytes ------------------------------------------------------------------------------------------------------ */

static uint8_t *build(const struct fake_way *way, void (*make)(struct fake_source *), unsigned int workers,
		      struct erofs_build_summary *summary, size_t *size)
{
	struct erofs_build_options options = way->options;
	struct fake_source source;

	fake_begin(&source, true, way->segment);
	make(&source);
	options.workers = workers;
	assert_int_equal(fake_build(&source, fake_target(), &options, summary), 0);
	fake_verify(&source, fake_target());
	fake_end(&source);
	return fake_load(fake_target(), size);
}

static void build_alike(void (*make)(struct fake_source *), uint64_t shared, uint64_t abandoned)
{
	static const unsigned int workers[] = { 0, 1, 3, 5 };
	const struct fake_way *way;

	for (unsigned int i = 0; (way = fake_way(i)); i++) {
		uint8_t *first = NULL, *bytes;
		size_t first_size = 0, size;

		for (size_t j = 0; j < sizeof(workers) / sizeof(workers[0]); j++) {
			struct erofs_build_summary summary;

			bytes = build(way, make, workers[j], &summary, &size);
			assert_int_equal(summary.shared_files, shared);
			assert_int_equal(summary.abandoned_files, abandoned);
			if (first && (size != first_size || memcmp(first, bytes, size) != 0))
				fail_msg("%s: %u workers make another image", way->name, workers[j]);
			first_size = size;
			free(first);
			first = bytes;
		}
		free(first);
	}
}

static void duplicates_are_withdrawn(void **state)
{
	(void)state;
	build_alike(make_duplicates, 5, 0);
}

static void what_was_withdrawn_takes_no_room(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++) {
		struct fake_way apart = *way;
		size_t together_size, apart_size;
		uint8_t *bytes;

		bytes = build(way, make_duplicates, 3, NULL, &together_size);
		free(bytes);
		apart.options.dedupe_files = false;
		bytes = build(&apart, make_duplicates, 3, NULL, &apart_size);
		free(bytes);
		/* Of the four long duplicates, one does not shrink. */
		assert_true(together_size + way->segment < apart_size);
	}
}

/* ---- members that are replaced ------------------------------------------------------------------------------------------- */

static void replaced_members_are_wiped(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++) {
		struct fake_file gone = { .size = 9000, .seed = GONE, .is_random = true };
		struct erofs_build_summary summary;
		uint8_t *bytes, wanted[64];
		size_t size;

		bytes = build(way, make_replaced, 3, &summary, &size);
		for (; gone.seed <= GONE + 1; gone.seed++)
			for (uint64_t at = 0; at < gone.size - sizeof(wanted); at += 512) {
				fake_fill(&gone, wanted, sizeof(wanted), at);
				assert_null(memmem(bytes, size, wanted, sizeof(wanted)));
			}
		assert_true(summary.abandoned_bytes >= way->segment + 9000);
		free(bytes);
	}
}

#define BLOCKS 64u /* of the member that is replaced */

/* Others have some of its blocks in the middle, one alone, and the last one. */
static void make_replaced_runs(struct fake_source *source)
{
	static const struct fake_run runs[] = {
		{ .at = 8192, .length = 9 * 4096, .seed = GONE, .from = 10 * 4096, .is_random = true },
		{ .at = 65536, .length = 4096, .seed = GONE, .from = 30 * 4096, .is_random = true },
		{ .at = 131072, .length = 4096, .seed = GONE, .from = (BLOCKS - 1) * 4096, .is_random = true },
	};
	struct fake_file *file;

	add_random(source, "a", BLOCKS * 4096, GONE);
	file = add_random(source, "others", 200000, 31);
	file->runs = runs;
	file->run_count = 3;
	add_random(source, "a", 4096, 32);
}

static bool is_in_others(unsigned int block)
{
	return (block >= 10 && block < 19) || block == 30 || block == BLOCKS - 1;
}

/* Block by block: what nobody else has is gone. */
static void replaced_runs_are_wiped(void **state)
{
	static const uint32_t chunks[] = { 0, 4096 };
	const struct fake_file gone = { .size = BLOCKS * 4096, .seed = GONE, .is_random = true };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct fake_way way = *fake_way(i % 2);
		struct erofs_build_summary summary;
		uint8_t *bytes, wanted[64];
		size_t size;

		way.options.dedupe_runs = true;
		way.options.chunk_bytes = chunks[i / 2];
		bytes = build(&way, make_replaced_runs, 3, &summary, &size);
		for (unsigned int block = 0; block < BLOCKS; block++) {
			fake_fill(&gone, wanted, sizeof(wanted), block * 4096);
			if (!memmem(bytes, size, wanted, sizeof(wanted)) == is_in_others(block))
				fail_msg("%s, chunks of %u: block %u", way.name, way.options.chunk_bytes, block);
		}
		assert_int_equal(summary.abandoned_bytes, (BLOCKS - 11) * 4096);
		free(bytes);
	}
}

static void what_others_have_stays(void **state)
{
	(void)state;
	/*
	 * Replaced: a, b, c, d, e twice. Equal when they came: c and kept, kept-small and d, e and a's second, e and e's first; of
	 * each pair one is gone, so that nothing in the image is another one's, too.
	 */
	build_alike(make_replaced, 0, 6);
}

static void add_lasting(struct fake_source *source)
{
	add_random(source, "long", 100, 21);
	add_random(source, "alone", 101, 22);
	add_random(source, "small", 102, 23);
}

/* All that shrinks: "long" and "small" have others of their content, which stay. */
static void make_compressed_replaced(struct fake_source *source)
{
	uint64_t size = source->segment + 5000;

	fake_add(source, "long", size, 14);
	fake_add(source, "kept-long", size, 14);
	fake_add(source, "alone", size, 15);
	fake_add(source, "small", 9000, 16);
	fake_add(source, "kept-small", 9000, 16);
	add_lasting(source);
}

static void make_compressed_kept(struct fake_source *source)
{
	fake_add(source, "kept-long", source->segment + 5000, 14);
	fake_add(source, "kept-small", 9000, 16);
	add_lasting(source);
}

static void summary_counts_what_stays(void **state)
{
	const struct fake_way *way;

	(void)state;
	for (unsigned int i = 0; (way = fake_way(i)); i++) {
		struct erofs_build_summary replaced, kept;
		size_t size;

		free(build(way, make_compressed_replaced, 3, &replaced, &size));
		free(build(way, make_compressed_kept, 3, &kept, &size));
		assert_int_equal(kept.distinct_fingerprints, 5);
		assert_int_equal(replaced.distinct_fingerprints, kept.distinct_fingerprints);
		assert_int_equal(kept.compressed_files, way->options.compression_count ? 2 : 0);
		assert_int_equal(replaced.compressed_files, kept.compressed_files);
		assert_int_equal(replaced.compressed_bytes, kept.compressed_bytes);
		assert_int_equal(replaced.encoded_bytes, kept.encoded_bytes);
		assert_int_equal(replaced.shared_files, kept.shared_files);
		assert_int_equal(replaced.saved_bytes, kept.saved_bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(duplicates_are_withdrawn, fake_target_teardown),
		cmocka_unit_test_teardown(what_was_withdrawn_takes_no_room, fake_target_teardown),
		cmocka_unit_test_teardown(replaced_members_are_wiped, fake_target_teardown),
		cmocka_unit_test_teardown(replaced_runs_are_wiped, fake_target_teardown),
		cmocka_unit_test_teardown(summary_counts_what_stays, fake_target_teardown),
		cmocka_unit_test_teardown(what_others_have_stays, fake_target_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
