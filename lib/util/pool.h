/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_POOL_H
#define EROFS_UTIL_POOL_H

#include <stdbool.h>

/*
 * Workers for jobs that are prepared in any order and committed in one: the only place where threads are made, but for
 * streams that are read ahead (ahead.h). A pool of no
 * workers does everything on the caller's thread, in the same order of commits, so results never depend on the count.
 *
 * A job lives in a slot, a number below the run's slot count; its data are the caller's, indexed by slot. Its life:
 *
 *	next    takes the next job into a free slot              one thread at a time, in order
 *	work    does what needs nothing but the job              any worker, several at once
 *	commit  decides what depends on the jobs before          one thread at a time, in the order of next
 *	finish  does what the decision allows                    any worker, several at once
 *
 * Between two of these the job's data may be used freely: each hand-over synchronises memory. Work in flight is bounded by
 * the number of slots.
 */

struct erofs_pool;

/* What next says if it can name a job only after another one's commit: it is asked again then. */
#define EROFS_POOL_LATER 2

struct erofs_pool_ops {
	int (*next)(void *ctx, unsigned int slot); /* 1: a job is in the slot; 0: there are no more; EROFS_POOL_LATER */
	int (*work)(void *ctx, unsigned int slot, unsigned int worker);
	int (*commit)(void *ctx, unsigned int slot);			  /* may be NULL */
	int (*finish)(void *ctx, unsigned int slot, unsigned int worker); /* may be NULL */
	bool commits_find_jobs; /* next takes what commits found: neither is called while the other one runs */
};

/* A pool of `workers` threads; 0: the caller's own. NULL when threads or memory are short. */
struct erofs_pool *erofs_pool_new(unsigned int workers);
void erofs_pool_free(struct erofs_pool *pool);

/* How many callbacks can run at once, at least 1; worker numbers are below it. */
unsigned int erofs_pool_width(const struct erofs_pool *pool);

/*
 * Runs jobs until next says that there are no more, or until a callback fails: its negative errno is returned as soon as the
 * jobs in hand have ended; jobs not yet committed are dropped then.
 */
int erofs_pool_run(struct erofs_pool *pool, const struct erofs_pool_ops *ops, void *ctx, unsigned int slots);

/* Runs `task` for 0..count-1, in any order and in parallel. */
int erofs_pool_each(struct erofs_pool *pool, int (*task)(void *ctx, unsigned int item, unsigned int worker), void *ctx,
		    unsigned int count);

/* Threads to use when the user does not say: the processors that this process may run on. */
unsigned int erofs_pool_default_workers(void);

#endif
