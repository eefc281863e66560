/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <erofs/image.h>

#include "tests/unit/fake_source.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/*
 * dedupe_runs: files that have runs of each other at all kinds of places. Whatever is stored once, each file is read back as it was, and
 * the image does not depend on the workers.
 */

#define FILES	  20u
#define RUNS_MOST 6u
#define KINDS	  5u /* of bytes that files have in common */

#define COMMON                                                                                                         \
	.size = sizeof(struct erofs_build_options), .dedupe_files = true, .dedupe_runs = true, .sb_checksum = true,    \
	.uuid_rule = EROFS_UUID_CONTENT, .blkszbits = 12, .compression_count = 1
#define LZ4                                                                                                            \
	{                                                                                                              \
		.compressor = EROFS_COMPRESSOR_LZ4                                                                     \
	}
#define DEFLATE                                                                                                        \
	{                                                                                                              \
		.compressor = EROFS_COMPRESSOR_DEFLATE, .level = 1                                                     \
	}

static const struct fake_way encoded_ways[] = {
	{ "lz4 in clusters", 2048 * 1024, { COMMON, .compression = { LZ4 }, .interlaced = true } },
	{ "lz4 in clusters of two blocks",
	  2048 * 1024,
	  { COMMON, .compression = { LZ4 }, .interlaced = true, .pcluster_size = 8192 } },
	{ "lz4 in big clusters",
	  2048 * 1024,
	  { COMMON, .compression = { LZ4 }, .interlaced = true, .pcluster_size = 16384 } },
	{ "lz4 in big clusters, not rotated",
	  2048 * 1024,
	  { COMMON, .compression = { LZ4 }, .pcluster_size = 32768, .full_index = true } },
	{ "deflate in clusters, tails packed",
	  2048 * 1024,
	  { COMMON, .compression = { DEFLATE }, .interlaced = true, .pcluster_size = 16384, .pack_tails = true } },
	{ "lz4 in clusters, fragments",
	  2048 * 1024,
	  { COMMON, .compression = { LZ4 }, .interlaced = true, .pcluster_size = 8192, .fragments = true } },
	{ "all in fragments",
	  2048 * 1024,
	  { COMMON, .compression = { LZ4 }, .pcluster_size = 8192, .fragments = true, .all_fragments = true } },
	{ "deflate in extents",
	  1024 * 1024,
	  { COMMON, .compression = { DEFLATE }, .compressed_form = EROFS_COMPRESSED_EXTENTS, .extent_size = 65536 } },
	{ "lz4 in extents, fragments",
	  1024 * 1024,
	  { COMMON, .compression = { LZ4 }, .compressed_form = EROFS_COMPRESSED_EXTENTS, .extent_size = 32768,
	    .fragments = true } },
};
#define ENCODED_WAYS (sizeof(encoded_ways) / sizeof(encoded_ways[0]))

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

/* Trees of each way. */
static uint64_t seeds(void)
{
	return getenv("EROFS_TEST_LONG") ? 50 : 2;
}

static uint64_t below(uint64_t *random, uint64_t most)
{
	return random_next(random) % most;
}

/* Two of the kinds do not shrink. */
static void compose(struct fake_file *file, uint64_t *random)
{
	struct fake_run *runs = calloc(RUNS_MOST, sizeof(*runs));

	assert_non_null(runs);
	file->runs = runs;
	file->run_count = (unsigned int)below(random, RUNS_MOST + 1);
	for (unsigned int i = 0; i < file->run_count; i++) {
		uint64_t length = 1 + below(random, below(random, 2) ? file->size : 90000), kind = below(random, KINDS);

		runs[i] = (struct fake_run){ .at = below(random, file->size), .length = length, .seed = 100 + kind };
		runs[i].from = below(random, 4) * 30001 + (below(random, 2) ? below(random, 4096) : 0);
		runs[i].is_random = kind < 2;
		if (length > file->size - runs[i].at)
			runs[i].length = file->size - runs[i].at;
	}
}

static char names[FILES][8];

static void make_files(struct fake_source *source, uint64_t seed)
{
	uint64_t random = seed;

	for (unsigned int i = 0; i < FILES; i++) {
		uint64_t size = 1 + below(&random, i == FILES - 1 && seed == 1 ? 2 * source->segment : 300000);

		/* Hints tell the last letter. */
		snprintf(names[i], sizeof(names[i]), "%u%c", 100 + i, "ab"[below(&random, 2)]);
		compose(fake_add(source, names[i], size, 1 + below(&random, 2) * (i + 1)), &random);
	}
}

static void release_files(struct fake_source *source)
{
	for (unsigned int i = 0; i < source->count; i++)
		free((void *)(uintptr_t)source->files[i].runs);
}

/* ---- builds ------------------------------------------------------------------------------------------------------------------ */

static void assert_announced(void)
{
	struct erofs_image *image;

	assert_int_equal(erofs_image_open(&image, fake_target(), NULL, NULL), 0);
	assert_true(erofs_image_superblock(image)->feature_incompat & EROFS_FEATURE_INCOMPAT_DEDUPE);
	erofs_image_close(image);
}

static uint8_t *build(const struct fake_way *way, uint64_t seed, unsigned int workers, size_t *size,
		      struct erofs_build_summary *summary)
{
	struct erofs_build_options options = way->options;
	struct fake_source source;

	fake_begin(&source, false, way->segment);
	make_files(&source, seed);
	options.workers = workers;
	assert_int_equal(fake_build(&source, fake_target(), &options, summary), 0);
	if (!workers)
		fake_verify(&source, fake_target());
	release_files(&source);
	fake_end(&source);
	return fake_load(fake_target(), size);
}

/* How many repeats there were. */
static uint64_t build_twice(const struct fake_way *way, uint64_t seed)
{
	struct erofs_build_summary summary = { 0 };
	size_t size, other_size;
	uint8_t *bytes = build(way, seed, 0, &size, &summary), *other;

	if (summary.repeats && way->options.compression_count)
		assert_announced();
	other = build(way, seed, 3, &other_size, NULL);
	if (size != other_size || memcmp(bytes, other, size) != 0)
		fail_msg("%s, seed %u: three workers make another image", way->name, (unsigned int)seed);
	free(bytes);
	free(other);
	return summary.repeats;
}

static void encoded_runs_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENCODED_WAYS; i++) {
		uint64_t repeats = 0;

		for (uint64_t seed = 1; seed <= seeds(); seed++)
			repeats += build_twice(&encoded_ways[i], seed);
		/* Of fragments, few are so long. */
		if (!repeats && !encoded_ways[i].options.all_fragments)
			fail_msg("%s: no repeats", encoded_ways[i].name);
	}
}

/* Long files whose extents are all another's: none of their own bytes are in the image. */
static void a_long_file_may_be_nothing_but_repeats(void **state)
{
	(void)state;
	for (size_t i = 1; i < ENCODED_WAYS; i += 2) {
		const struct fake_way *way = &encoded_ways[i];
		struct fake_run run = { .length = way->segment + 300000, .seed = 1, .from = 5001 };
		struct erofs_build_options options = way->options;
		struct fake_source source;
		struct fake_file *file;

		fake_begin(&source, false, way->segment);
		fake_add(&source, "a", 2 * way->segment, 1);
		file = fake_add(&source, "b", run.length, 2);
		file->runs = &run;
		file->run_count = 1;
		assert_int_equal(fake_build(&source, fake_target(), &options, NULL), 0);
		fake_verify(&source, fake_target());
		fake_end(&source);
	}
}

/* An extent is no use to a file of another algorithm. */
static void algorithms_are_told_apart(void **state)
{
	struct fake_way way = encoded_ways[2];
	char path[] = "/tmp/test-repeats.XXXXXX";
	struct erofs_compress_hints *hints;
	uint64_t repeats = 0;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "16384 1 b$\n", 11), 11);
	close(fd);
	assert_int_equal(erofs_compress_hints_read(&hints, path, NULL), 0);
	unlink(path);
	way.name = "lz4 and deflate";
	way.options.hints = hints;
	way.options.compression[1] = (struct erofs_compression)DEFLATE;
	way.options.compression_count = 2;
	for (uint64_t seed = 1; seed <= seeds(); seed++)
		repeats += build_twice(&way, seed);
	assert_true(repeats > 0);
	erofs_compress_hints_free(hints);
}

/* Nothing is encoded: blocks, or chunks of a size. */
static void stored_runs_come_back(void **state)
{
	static const uint32_t chunks[] = { 0, 4096, 65536 };

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct fake_way way = *fake_way(i % 2);

		way.options.dedupe_runs = true;
		way.options.chunk_bytes = chunks[i / 2];
		for (uint64_t seed = 1; seed <= seeds(); seed++)
			build_twice(&way, seed);
	}
}

/* Runs of a long flat file: one that is less than the map of chunks takes, and then one that is more. */
static void what_does_not_pay_is_taken_back(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		const struct fake_way *way = fake_way(1);
		struct fake_run runs[] = {
			{ .at = way->segment + 8192, .length = 4096, .seed = 1 },
			{ .at = 2 * way->segment + 4096, .length = 100352, .seed = 1, .from = 8192 },
		};
		struct erofs_build_options options = way->options;
		struct erofs_build_summary summary;
		struct fake_source source;
		struct fake_file *file;

		fake_begin(&source, false, way->segment);
		fake_add(&source, "a", 200000, 1);
		file = fake_add(&source, "b", 4 * way->segment + 777, 2);
		file->runs = runs;
		file->run_count = i + 1;
		options.dedupe_runs = true;
		assert_int_equal(fake_build(&source, fake_target(), &options, &summary), 0);
		assert_int_equal(summary.repeat_bytes, i ? 100352 : 0);
		fake_verify(&source, fake_target());
		fake_end(&source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(encoded_runs_come_back, fake_target_teardown),
		cmocka_unit_test_teardown(a_long_file_may_be_nothing_but_repeats, fake_target_teardown),
		cmocka_unit_test_teardown(algorithms_are_told_apart, fake_target_teardown),
		cmocka_unit_test_teardown(stored_runs_come_back, fake_target_teardown),
		cmocka_unit_test_teardown(what_does_not_pay_is_taken_back, fake_target_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
