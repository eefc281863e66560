/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <openssl/err.h>

#include "tests/unit/fake_source.h"
#include "tests/unit/unit.h"

/* Builds that fail at each step there is: the error comes out, nothing stays open, and nothing looks like an image. */

static const unsigned int worker_counts[] = { 0, 3 };

/* A long file, one that may be a duplicate and is none, one that is, and small ones. */
static void make_files(struct fake_source *source)
{
	uint64_t size = source->segment + 5000;

	fake_add(source, "a", size, 1);
	fake_add(source, "b", size, 1)->differs_at = size - 1;
	fake_add(source, "c", size, 1);
	fake_add(source, "d", 5000, 2);
	fake_add(source, "e", 5000, 2);
}

/* Fails with `err`, or 0; the number of steps. */
static unsigned int try(const struct fake_way *way, bool arrives, unsigned int workers, unsigned int fail_at,
			unsigned int cancel_at, int err)
{
	struct erofs_build_options options = way->options;
	struct fake_source source;
	unsigned int steps;
	int found;

	fake_begin(&source, arrives, way->segment);
	make_files(&source);
	source.fail_at = fail_at;
	source.cancel_at = cancel_at;
	options.workers = workers;
	found = fake_build(&source, fake_target(), &options, NULL);
	steps = source.steps;
	/*
	 * With workers, how many steps there are depends on them: it may not have come so far. What is cancelled behind the
	 * last job is complete.
	 */
	if (found != err && !(!found && (cancel_at || steps < fail_at)))
		fail_msg("%s: failed at %u, cancelled at %u: %d", way->name, fail_at, cancel_at, found);
	if (found)
		assert_int_equal(fake_target_files(), 0);
	else
		fake_verify(&source, fake_target());
	fake_end(&source);
	fake_target_remove();
	return steps;
}

static void each_step_may_fail(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i += 2)
		for (unsigned int arrives = 0; arrives < 2; arrives++)
			for (unsigned int j = 0; j < 2; j++) {
				unsigned int steps = try(fake_way(i), arrives, worker_counts[j], 0, 0, 0);

				assert_true(steps > 8);
				for (unsigned int at = 1; at <= steps; at++)
					try(fake_way(i), arrives, worker_counts[j], at, 0, -EIO);
			}
}

static void each_step_may_be_cancelled(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i += 2)
		for (unsigned int arrives = 0; arrives < 2; arrives++)
			for (unsigned int j = 0; j < 2; j++) {
				unsigned int steps = try(fake_way(i), arrives, worker_counts[j], 0, 0, 0);

				for (unsigned int at = 1; at <= steps; at++)
					try(fake_way(i), arrives, worker_counts[j], 0, at, -ECANCELED);
			}
}

/* ---- the output ---------------------------------------------------------------------------------------------------------- */

static int build_within(const struct fake_way *way, unsigned int workers, rlim_t bytes)
{
	struct erofs_build_options options = way->options;
	struct rlimit before, limit;
	struct fake_source source;
	int err;

	fake_begin(&source, false, way->segment);
	make_files(&source);
	options.workers = workers;
	fake_target();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){ bytes, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	err = fake_build(&source, fake_target(), &options, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	if (err)
		assert_int_equal(fake_target_files(), 0);
	fake_end(&source);
	return err;
}

static void each_write_may_fail(void **state)
{
	size_t size;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned int i = 0; i < 4; i += 2)
		for (unsigned int j = 0; j < 2; j++) {
			assert_int_equal(build_within(fake_way(i), worker_counts[j], RLIM_INFINITY), 0);
			free(fake_load(fake_target(), &size));
			fake_target_remove();
			for (unsigned int part = 0; part < 8; part++) {
				assert_int_equal(build_within(fake_way(i), worker_counts[j], size / 8 * part), -EFBIG);
				fake_target_remove();
			}
		}
}

/* ---- memory -------------------------------------------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
static void each_allocation_may_fail(void **state)
{
	(void)state;
	print_message("skip - allocations cannot be made to fail here: another allocator is in place\n");
	skip();
}
#else
extern void *__libc_malloc(size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

/* Libraries have to take these, too: what they allocate, we may free. */
#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

static atomic_bool is_counting;
static atomic_uint allocations, fails_at;

static atomic_int live; /* what was allocated and not freed */

static bool fails(void)
{
	if (!is_counting || atomic_fetch_add(&allocations, 1) + 1 != fails_at)
		return false;
	errno = ENOMEM;
	return true;
}

static void *count_live(void *memory)
{
	if (memory)
		atomic_fetch_add(&live, 1);
	return memory;
}

SEEN_BY_LIBRARIES void *malloc(size_t size)
{
	return fails() ? NULL : count_live(__libc_malloc(size));
}

SEEN_BY_LIBRARIES int posix_memalign(void **memory, size_t alignment, size_t size)
{
	*memory = fails() ? NULL : count_live(__libc_memalign(alignment, size));
	return *memory ? 0 : ENOMEM;
}

SEEN_BY_LIBRARIES void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : count_live(__libc_calloc(count, size));
}

SEEN_BY_LIBRARIES void *realloc(void *memory, size_t size)
{
	void *moved = fails() ? NULL : __libc_realloc(memory, size);

	return memory ? moved : count_live(moved);
}

SEEN_BY_LIBRARIES void free(void *memory)
{
	if (memory)
		atomic_fetch_sub(&live, 1);
	__libc_free(memory);
}

/* One build, in which the so many-th allocation fails; how many there were. */
static unsigned int build_short_of_memory(const struct fake_way *way, bool arrives, unsigned int workers,
					  unsigned int at)
{
	struct erofs_build_options options = way->options;
	struct fake_source source;
	int err;

	fake_begin(&source, arrives, way->segment);
	fake_add(&source, "a", way->segment + 5000, 1);
	fake_add(&source, "b", way->segment + 5000, 1);
	fake_add(&source, "d", 5000, 2);
	fake_add(&source, "e", 5000, 2);
	fake_target();
	fake_prepare(&source);
	options.workers = workers;
	allocations = 0;
	fails_at = at;
	is_counting = true;
	err = fake_build_prepared(&source, fake_target(), &options, NULL);
	is_counting = false;
	/* libcrypto keeps where its last errors were. */
	ERR_clear_error();
	if (!err)
		fake_verify(&source, fake_target());
	/* A library may say less than that it has no memory. */
	if (err && err != -ENOMEM && err != -EIO && err != -EAGAIN)
		fail_msg("%s: allocation %u failed, and the build with %d", way->name, at, err);
	if (err)
		assert_int_equal(fake_target_files(), 0);
	fake_end(&source);
	fake_target_remove();
	return allocations;
}

static void fail_each(const struct fake_way *way, bool arrives)
{
	unsigned int count;
	int before;

	/* The first build lets libraries set up what they keep. */
	build_short_of_memory(way, arrives, 0, 0);
	count = build_short_of_memory(way, arrives, 0, 0);
	assert_true(count > 50);
	before = live;
	for (unsigned int at = 1; at <= count; at++)
		build_short_of_memory(way, arrives, 0, at);
	if (live != before)
		fail_msg("%s: %u builds left %d allocations behind", way->name, count, live - before);
	for (unsigned int at = 1; at <= count; at += 7)
		build_short_of_memory(way, arrives, 3, at);
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i += 2)
		for (unsigned int arrives = 0; arrives < 2; arrives++)
			fail_each(fake_way(i), arrives);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_step_may_fail, fake_target_teardown),
		cmocka_unit_test_teardown(each_step_may_be_cancelled, fake_target_teardown),
		cmocka_unit_test_teardown(each_write_may_fail, fake_target_teardown),
		cmocka_unit_test_teardown(each_allocation_may_fail, fake_target_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
