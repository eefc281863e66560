/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/util/patience.h"

/* A first-in first-out queue of slots; a run's queues never hold more than its slots. */
struct slot_queue {
	unsigned int *items;
	unsigned int first, count, capacity;
};

static void queue_push(struct slot_queue *queue, unsigned int slot)
{
	queue->items[(queue->first + queue->count++) % queue->capacity] = slot;
}

static unsigned int queue_pop(struct slot_queue *queue)
{
	unsigned int slot = queue->items[queue->first];

	queue->first = (queue->first + 1) % queue->capacity;
	queue->count--;
	return slot;
}

/* One call of erofs_pool_run(). With workers, everything in it is protected by the pool's lock. */
struct run {
	const struct erofs_pool_ops *ops;
	void *ctx;
	struct slot_queue free;
	struct slot_queue uncommitted; /* in the order of next */
	struct slot_queue committed;   /* waiting for finish */
	bool *worked;		       /* by slot */
	bool fetching;		       /* a worker is inside ops->next */
	bool committing;	       /* a worker is inside ops->commit */
	bool exhausted;		       /* ops->next said so */
	bool awaits_commit;	       /* ops->next has nothing to give before another commit */
	unsigned int finishing;	       /* workers inside ops->finish */
	unsigned int busy;	       /* workers inside a callback */
	int err;		       /* the first failure */
};

struct erofs_pool {
	unsigned int workers;
	unsigned int started;
	pthread_t *threads;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a run began, a slot moved on, the pool ends */
	pthread_cond_t idle;	/* a run is over */
	struct run *run;	/* NULL between runs */
	unsigned int next_worker;
	bool ending;
};

static void run_release(struct run *run)
{
	free(run->free.items);
	free(run->uncommitted.items);
	free(run->committed.items);
	free(run->worked);
}

static int run_init(struct run *run, const struct erofs_pool_ops *ops, void *ctx, unsigned int slots)
{
	struct slot_queue *queues[] = { &run->free, &run->uncommitted, &run->committed };

	*run = (struct run){ .ops = ops, .ctx = ctx };
	run->worked = calloc(slots, sizeof(*run->worked));
	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		queues[i]->items = calloc(slots, sizeof(*queues[i]->items));
		queues[i]->capacity = slots;
		if (!queues[i]->items || !run->worked) {
			run_release(run);
			return -ENOMEM;
		}
	}
	for (unsigned int slot = 0; slot < slots; slot++)
		queue_push(&run->free, slot);
	return 0;
}

static void note_error(struct run *run, int err)
{
	if (err < 0 && !run->err)
		run->err = err;
}

/* The three things a worker can do; each is called with the lock held, drops it around the callback, and takes it again. */

static void do_finish(struct erofs_pool *pool, struct run *run, unsigned int worker)
{
	unsigned int slot = queue_pop(&run->committed);
	int err;

	run->finishing++;
	pthread_mutex_unlock(&pool->lock);
	err = run->ops->finish(run->ctx, slot, worker);
	pthread_mutex_lock(&pool->lock);
	run->finishing--;
	note_error(run, err);
	queue_push(&run->free, slot);
}

static void do_commit(struct erofs_pool *pool, struct run *run)
{
	unsigned int slot = queue_pop(&run->uncommitted);
	int err = 0;

	run->worked[slot] = false;
	if (run->ops->commit) {
		run->committing = true;
		pthread_mutex_unlock(&pool->lock);
		err = run->ops->commit(run->ctx, slot);
		pthread_mutex_lock(&pool->lock);
		run->committing = false;
		run->awaits_commit = false;
		note_error(run, err);
	}
	queue_push(run->ops->finish && err >= 0 ? &run->committed : &run->free, slot);
}

static void do_work(struct erofs_pool *pool, struct run *run, unsigned int worker)
{
	unsigned int slot = queue_pop(&run->free);
	int err;

	run->fetching = true;
	pthread_mutex_unlock(&pool->lock);
	err = run->ops->next(run->ctx, slot);
	pthread_mutex_lock(&pool->lock);
	run->fetching = false;
	if (err != 1) {
		note_error(run, err);
		run->exhausted = err <= 0;
		run->awaits_commit = err == EROFS_POOL_LATER;
		queue_push(&run->free, slot);
		return;
	}
	queue_push(&run->uncommitted, slot);
	pthread_cond_signal(&pool->changed); /* another one can fetch */
	pthread_mutex_unlock(&pool->lock);
	err = run->ops->work(run->ctx, slot, worker);
	pthread_mutex_lock(&pool->lock);
	note_error(run, err);
	run->worked[slot] = true;
}

static bool can_commit(const struct run *run)
{
	return !run->committing && !(run->ops->commits_find_jobs && run->fetching) && run->uncommitted.count &&
	       run->worked[run->uncommitted.items[run->uncommitted.first]];
}

static bool can_fetch(const struct run *run)
{
	return !run->exhausted && !run->awaits_commit && !run->fetching &&
	       !(run->ops->commits_find_jobs && run->committing) && run->free.count;
}

/*
 * Takes the most urgent step there is: first what lets others go on, then what frees a slot. Finishing mostly means writing,
 * and writers of one file wait for each other in the kernel: while one is at it, the next had better work on something new.
 * False if there is nothing to do right now.
 */
static bool step(struct erofs_pool *pool, struct run *run, unsigned int worker)
{
	bool can_work = can_fetch(run);

	if (run->err)
		return false;
	if (can_commit(run))
		do_commit(pool, run);
	else if (run->committed.count && !(run->finishing && can_work))
		do_finish(pool, run, worker);
	else if (can_work)
		do_work(pool, run, worker);
	else
		return false;
	return true;
}

static bool over(const struct run *run)
{
	return !run->busy && (run->err || (run->exhausted && !run->uncommitted.count && !run->committed.count));
}

static void *worker_main(void *arg)
{
	struct erofs_pool *pool = arg;
	unsigned int worker;

	erofs_thread_be_patient();
	pthread_mutex_lock(&pool->lock);
	worker = pool->next_worker++;
	while (!pool->ending) {
		struct run *run = pool->run;
		bool stepped = false;

		if (run) {
			run->busy++;
			stepped = step(pool, run, worker);
			run->busy--;
			if (over(run)) {
				pool->run = NULL;
				pthread_cond_signal(&pool->idle);
			}
		}
		if (stepped)
			pthread_cond_broadcast(&pool->changed);
		else
			pthread_cond_wait(&pool->changed, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void stop_threads(struct erofs_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	while (pool->started)
		pthread_join(pool->threads[--pool->started], NULL);
}

void erofs_pool_free(struct erofs_pool *pool)
{
	if (!pool)
		return;
	stop_threads(pool);
	pthread_cond_destroy(&pool->idle);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}

struct erofs_pool *erofs_pool_new(unsigned int workers)
{
	struct erofs_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	pthread_cond_init(&pool->idle, NULL);
	pool->workers = workers;
	pool->threads = calloc(workers ? workers : 1, sizeof(*pool->threads));
	while (pool->threads && pool->started < workers &&
	       !pthread_create(&pool->threads[pool->started], NULL, worker_main, pool))
		pool->started++;
	if (!pool->threads || pool->started < workers) {
		erofs_pool_free(pool);
		return NULL;
	}
	return pool;
}

unsigned int erofs_pool_width(const struct erofs_pool *pool)
{
	return pool->workers ? pool->workers : 1;
}

/* The serial twin: one slot, one thread, the same order of commits. */
static int run_serial(const struct erofs_pool_ops *ops, void *ctx)
{
	for (;;) {
		int err = ops->next(ctx, 0);

		if (err <= 0)
			return err;
		err = ops->work(ctx, 0, 0);
		if (err >= 0 && ops->commit)
			err = ops->commit(ctx, 0);
		if (err >= 0 && ops->finish)
			err = ops->finish(ctx, 0, 0);
		if (err < 0)
			return err;
	}
}

int erofs_pool_run(struct erofs_pool *pool, const struct erofs_pool_ops *ops, void *ctx, unsigned int slots)
{
	struct run run;
	int err;

	if (!pool->workers)
		return run_serial(ops, ctx);
	err = run_init(&run, ops, ctx, slots);
	if (err)
		return err;
	pthread_mutex_lock(&pool->lock);
	pool->run = &run;
	pthread_cond_broadcast(&pool->changed);
	while (pool->run)
		pthread_cond_wait(&pool->idle, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	run_release(&run);
	return run.err;
}

struct each {
	int (*task)(void *ctx, unsigned int item, unsigned int worker);
	void *ctx;
	unsigned int next, count;
	unsigned int *item; /* by slot */
};

static int each_next(void *ctx, unsigned int slot)
{
	struct each *each = ctx;

	if (each->next == each->count)
		return 0;
	each->item[slot] = each->next++;
	return 1;
}

static int each_work(void *ctx, unsigned int slot, unsigned int worker)
{
	struct each *each = ctx;

	return each->task(each->ctx, each->item[slot], worker);
}

int erofs_pool_each(struct erofs_pool *pool, int (*task)(void *ctx, unsigned int item, unsigned int worker), void *ctx,
		    unsigned int count)
{
	static const struct erofs_pool_ops ops = { .next = each_next, .work = each_work };
	unsigned int slots = 2 * erofs_pool_width(pool);
	struct each each = { .task = task, .ctx = ctx, .count = count };
	int err;

	each.item = calloc(slots, sizeof(*each.item));
	if (!each.item)
		return -ENOMEM;
	err = erofs_pool_run(pool, &ops, &each, slots);
	free(each.item);
	return err;
}

unsigned int erofs_pool_default_workers(void)
{
	cpu_set_t set;
	long count;

	/* More processors than the set has room for: all that are online, then. */
	count = sched_getaffinity(0, sizeof(set), &set) ? sysconf(_SC_NPROCESSORS_ONLN) : CPU_COUNT(&set);
	return count > 0 ? (unsigned int)count : 1;
}
