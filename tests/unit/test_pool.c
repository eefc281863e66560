/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

#define SLOTS_MAX 64u
#define JOBS	  3000u

/* The checks run on the pool's threads, where cmocka's assertions must not: they count what is wrong instead. */
struct rig {
	unsigned int jobs, slots, width;
	unsigned int next, committed, finished;
	unsigned int job[SLOTS_MAX];
	unsigned int sum[SLOTS_MAX]; /* what work made of the job */
	atomic_int stage[SLOTS_MAX]; /* 0 free, 1 prepared, 2 worked, 3 committed */
	atomic_int in_next, in_commit, working, most_working;
	atomic_int worker_busy[SLOTS_MAX];
	atomic_uint finished_count, wrong;
	unsigned int order[JOBS];
	/* Where to fail: 0 nowhere, else in next, work, commit or finish of job `fail_at`. */
	enum { NOWHERE, NEXT, WORK, COMMIT, FINISH } fail_in;
	unsigned int fail_at;
};

static void expect(struct rig *rig, bool condition)
{
	if (!condition)
		atomic_fetch_add(&rig->wrong, 1);
}

static int rig_next(void *ctx, unsigned int slot)
{
	struct rig *rig = ctx;

	expect(rig, slot < rig->slots);
	expect(rig, atomic_fetch_add(&rig->in_next, 1) == 0);
	expect(rig, atomic_load(&rig->stage[slot]) == 0);
	if (rig->fail_in == NEXT && rig->next == rig->fail_at) {
		atomic_fetch_sub(&rig->in_next, 1);
		return -EBADMSG;
	}
	if (rig->next == rig->jobs) {
		atomic_fetch_sub(&rig->in_next, 1);
		return 0;
	}
	rig->job[slot] = rig->next++;
	atomic_store(&rig->stage[slot], 1);
	atomic_fetch_sub(&rig->in_next, 1);
	return 1;
}

static void enter_worker(struct rig *rig, unsigned int worker)
{
	expect(rig, worker < rig->width);
	expect(rig, atomic_fetch_add(&rig->worker_busy[worker], 1) == 0);
}

static void leave_worker(struct rig *rig, unsigned int worker)
{
	atomic_fetch_sub(&rig->worker_busy[worker], 1);
}

static int rig_work(void *ctx, unsigned int slot, unsigned int worker)
{
	struct rig *rig = ctx;
	int working = atomic_fetch_add(&rig->working, 1) + 1;
	unsigned int sum = 0;

	enter_worker(rig, worker);
	if (working > atomic_load(&rig->most_working))
		atomic_store(&rig->most_working, working);
	expect(rig, atomic_load(&rig->stage[slot]) == 1);
	/* Jobs of very different length, so that they end in another order than they began. */
	for (unsigned int i = 0; i < (rig->job[slot] * 7919 % 13) * 500; i++)
		sum += i ^ rig->job[slot];
	if (rig->job[slot] % 17 == 0)
		sched_yield();
	rig->sum[slot] = sum;
	atomic_store(&rig->stage[slot], 2);
	leave_worker(rig, worker);
	atomic_fetch_sub(&rig->working, 1);
	return rig->fail_in == WORK && rig->job[slot] == rig->fail_at ? -EBADMSG : 0;
}

static int rig_commit(void *ctx, unsigned int slot)
{
	struct rig *rig = ctx;

	expect(rig, atomic_fetch_add(&rig->in_commit, 1) == 0);
	expect(rig, atomic_load(&rig->stage[slot]) == 2);
	expect(rig, rig->job[slot] == rig->committed);
	rig->order[rig->committed++] = rig->job[slot];
	atomic_store(&rig->stage[slot], 3);
	atomic_fetch_sub(&rig->in_commit, 1);
	return rig->fail_in == COMMIT && rig->job[slot] == rig->fail_at ? -EBADMSG : 0;
}

static int rig_finish(void *ctx, unsigned int slot, unsigned int worker)
{
	struct rig *rig = ctx;
	bool failing = rig->fail_in == FINISH && rig->job[slot] == rig->fail_at;

	enter_worker(rig, worker);
	expect(rig, atomic_load(&rig->stage[slot]) == 3);
	leave_worker(rig, worker);
	atomic_fetch_add(&rig->finished_count, 1);
	atomic_store(&rig->stage[slot], 0);
	return failing ? -EBADMSG : 0;
}

static const struct erofs_pool_ops all_ops = {
	.next = rig_next,
	.work = rig_work,
	.commit = rig_commit,
	.finish = rig_finish,
};

static int run(struct rig *rig, struct erofs_pool *pool, unsigned int jobs, unsigned int slots)
{
	rig->jobs = jobs;
	rig->slots = slots;
	rig->width = erofs_pool_width(pool);
	return erofs_pool_run(pool, &all_ops, rig, slots);
}

static void commits_come_in_order(void **state)
{
	static const unsigned int counts[] = { 0, 1, 2, 3, 4, 8, 16 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct erofs_pool *pool = erofs_pool_new(counts[i]);

		assert_non_null(pool);
		assert_int_equal(erofs_pool_width(pool), counts[i] ? counts[i] : 1);
		for (unsigned int slots = 1; slots <= SLOTS_MAX; slots *= 4) {
			struct rig *rig = test_calloc(1, sizeof(*rig));

			assert_int_equal(run(rig, pool, JOBS, slots), 0);
			assert_int_equal(rig->wrong, 0);
			assert_int_equal(rig->committed, JOBS);
			assert_int_equal(rig->finished_count, JOBS);
			for (unsigned int job = 0; job < JOBS; job++)
				assert_int_equal(rig->order[job], job);
			test_free(rig);
		}
		erofs_pool_free(pool);
	}
}

static void no_jobs_no_calls(void **state)
{
	(void)state;
	for (unsigned int workers = 0; workers < 4; workers++) {
		struct erofs_pool *pool = erofs_pool_new(workers);
		struct rig *rig = test_calloc(1, sizeof(*rig));

		assert_int_equal(run(rig, pool, 0, 4), 0);
		assert_int_equal(rig->committed + rig->finished_count + rig->wrong, 0);
		erofs_pool_free(pool);
		test_free(rig);
	}
}

static void an_error_anywhere_ends_the_run(void **state)
{
	(void)state;
	for (unsigned int workers = 0; workers < 5; workers++) {
		struct erofs_pool *pool = erofs_pool_new(workers);

		for (int where = NEXT; where <= FINISH; where++)
			for (unsigned int at = 0; at < 400; at += 133) {
				struct rig *rig = test_calloc(1, sizeof(*rig));

				rig->fail_in = where;
				rig->fail_at = at;
				assert_int_equal(run(rig, pool, 500, 8), -EBADMSG);
				assert_int_equal(rig->wrong, 0);
				/* Nothing behind the failed job was decided, unless its decision stood already. */
				if (where != FINISH)
					assert_true(rig->committed <= at + (where == COMMIT));
				assert_int_equal(rig->working, 0);
				test_free(rig);
			}
		/* The pool is as good as new. */
		{
			struct rig *rig = test_calloc(1, sizeof(*rig));

			assert_int_equal(run(rig, pool, 500, 8), 0);
			assert_int_equal(rig->committed, 500);
			test_free(rig);
		}
		erofs_pool_free(pool);
	}
}

static void commit_and_finish_may_be_missing(void **state)
{
	(void)state;
	for (unsigned int workers = 0; workers < 4; workers++) {
		struct erofs_pool_ops ops = { .next = rig_next, .work = NULL };
		struct erofs_pool *pool = erofs_pool_new(workers);
		struct rig *rig = test_calloc(1, sizeof(*rig));

		/* Without finish nobody frees the stage: one slot per job. */
		rig->jobs = SLOTS_MAX;
		rig->slots = SLOTS_MAX;
		rig->width = erofs_pool_width(pool);
		ops.work = rig_work;
		if (workers) {
			assert_int_equal(erofs_pool_run(pool, &ops, rig, SLOTS_MAX), 0);
			assert_int_equal(rig->next, SLOTS_MAX);
		}
		erofs_pool_free(pool);
		test_free(rig);
	}
}

/* Each job leads to two more, until there are JOBS. */
struct growing {
	unsigned int queue[JOBS]; /* in the order of commits */
	unsigned int found, taken, committed;
	unsigned int job[SLOTS_MAX];
	atomic_int inside; /* next or commit */
	atomic_uint wrong, later;
	unsigned int fail_at;
	bool waits; /* work, until next has said that there is no job yet */
};

static void enter(struct growing *growing)
{
	if (atomic_fetch_add(&growing->inside, 1))
		atomic_fetch_add(&growing->wrong, 1);
}

static int growing_next(void *ctx, unsigned int slot)
{
	struct growing *growing = ctx;
	int said = 1;

	enter(growing);
	if (growing->taken < growing->found)
		growing->job[slot] = growing->queue[growing->taken++];
	else
		said = growing->committed < growing->taken ? EROFS_POOL_LATER : 0;
	if (said == EROFS_POOL_LATER)
		atomic_fetch_add(&growing->later, 1);
	atomic_fetch_sub(&growing->inside, 1);
	return said;
}

static int growing_work(void *ctx, unsigned int slot, unsigned int worker)
{
	struct growing *growing = ctx;

	(void)worker;
	if (growing->job[slot] % 5 == 0)
		sched_yield();
	/* Another worker has all the time to ask for a second job, which there is not before the first one's commit. */
	for (int i = 0; growing->waits && i < 20000000 && !atomic_load(&growing->later); i++)
		sched_yield();
	return 0;
}

static int growing_commit(void *ctx, unsigned int slot)
{
	struct growing *growing = ctx;
	unsigned int job = growing->job[slot];

	enter(growing);
	growing->committed++;
	for (unsigned int child = 2 * job + 1; child <= 2 * job + 2 && growing->found < JOBS; child++)
		growing->queue[growing->found++] = child;
	atomic_fetch_sub(&growing->inside, 1);
	return growing->committed == growing->fail_at ? -EBADMSG : 0;
}

static void commits_find_jobs(void **state)
{
	static const struct erofs_pool_ops ops = {
		.next = growing_next,
		.work = growing_work,
		.commit = growing_commit,
		.commits_find_jobs = true,
	};

	(void)state;
	for (unsigned int workers = 0; workers < 5; workers++) {
		struct erofs_pool *pool = erofs_pool_new(workers);

		for (unsigned int slots = 1; slots <= SLOTS_MAX; slots *= 4) {
			struct growing *growing = test_calloc(1, sizeof(*growing));

			growing->found = 1;
			growing->waits = workers > 1 && slots > 1;
			assert_int_equal(erofs_pool_run(pool, &ops, growing, slots), 0);
			assert_int_equal(growing->wrong, 0);
			assert_int_equal(growing->committed, JOBS);
			for (unsigned int job = 0; job < JOBS; job++)
				assert_int_equal(growing->queue[job], job);
			assert_true(!growing->waits || growing->later);
			*growing = (struct growing){ .found = 1, .fail_at = 100 };
			assert_int_equal(erofs_pool_run(pool, &ops, growing, slots), -EBADMSG);
			assert_int_equal(growing->committed, 100);
			test_free(growing);
		}
		erofs_pool_free(pool);
	}
}

struct meeting {
	atomic_int arrived;
	atomic_bool met;
};

static int meet(void *ctx, unsigned int item, unsigned int worker)
{
	struct meeting *meeting = ctx;

	(void)item;
	(void)worker;
	atomic_fetch_add(&meeting->arrived, 1);
	for (int i = 0; i < 20000000 && atomic_load(&meeting->arrived) < 2; i++)
		sched_yield();
	if (atomic_load(&meeting->arrived) >= 2)
		atomic_store(&meeting->met, true);
	return 0;
}

static void two_workers_work_at_once(void **state)
{
	struct erofs_pool *pool = erofs_pool_new(2);
	struct meeting meeting = { 0 };

	(void)state;
	assert_int_equal(erofs_pool_each(pool, meet, &meeting, 2), 0);
	assert_true(meeting.met);
	erofs_pool_free(pool);
}

struct each {
	atomic_int done[1000];
	unsigned int fail_at;
};

static int each_task(void *ctx, unsigned int item, unsigned int worker)
{
	struct each *each = ctx;

	(void)worker;
	atomic_fetch_add(&each->done[item], 1);
	return item == each->fail_at ? -EXDEV : 0;
}

static void each_item_once(void **state)
{
	(void)state;
	for (unsigned int workers = 0; workers < 5; workers++) {
		struct erofs_pool *pool = erofs_pool_new(workers);
		struct each *each = test_calloc(1, sizeof(*each));

		each->fail_at = UINT32_MAX;
		assert_int_equal(erofs_pool_each(pool, each_task, each, 1000), 0);
		for (unsigned int i = 0; i < 1000; i++)
			assert_int_equal(each->done[i], 1);
		assert_int_equal(erofs_pool_each(pool, each_task, each, 0), 0);
		each->fail_at = 500;
		assert_int_equal(erofs_pool_each(pool, each_task, each, 1000), -EXDEV);
		erofs_pool_free(pool);
		test_free(each);
	}
}

static void pools_come_and_go(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200; i++)
		erofs_pool_free(erofs_pool_new(i % 9));
	erofs_pool_free(NULL);
	assert_true(erofs_pool_default_workers() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commits_come_in_order),
		cmocka_unit_test(no_jobs_no_calls),
		cmocka_unit_test(an_error_anywhere_ends_the_run),
		cmocka_unit_test(commit_and_finish_may_be_missing),
		cmocka_unit_test(commits_find_jobs),
		cmocka_unit_test(two_workers_work_at_once),
		cmocka_unit_test(each_item_once),
		cmocka_unit_test(pools_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
