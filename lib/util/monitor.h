/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_MONITOR_H
#define EROFS_UTIL_MONITOR_H

#include <pthread.h>
#include <stdbool.h>

/*
 * A lock, and a way to wait for a change of what it protects. Files that need no more of threads than this include no other header
 * of theirs. erofs_monitor_hold() gives the lock back at the end of the scope, on every way out.
 */
struct erofs_monitor {
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

/* For variables with static storage, which are never destroyed. */
#define EROFS_MONITOR_INITIALIZER                                                                                      \
	{                                                                                                              \
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                                 \
	}

/* Neither of both fails on Linux, where they allocate nothing. */
static inline void erofs_monitor_init(struct erofs_monitor *monitor)
{
	pthread_mutex_init(&monitor->lock, NULL);
	pthread_cond_init(&monitor->changed, NULL);
}

/* Nobody holds it or waits. */
static inline void erofs_monitor_destroy(struct erofs_monitor *monitor)
{
	pthread_cond_destroy(&monitor->changed);
	pthread_mutex_destroy(&monitor->lock);
}

/* NULL if another thread holds it. */
static inline struct erofs_monitor *erofs_monitor_try(struct erofs_monitor *monitor)
{
	return pthread_mutex_trylock(&monitor->lock) ? NULL : monitor;
}

static inline struct erofs_monitor *erofs_monitor_enter(struct erofs_monitor *monitor)
{
	pthread_mutex_lock(&monitor->lock);
	return monitor;
}

static inline void erofs_monitor_leave(struct erofs_monitor **held)
{
	if (*held)
		pthread_mutex_unlock(&(*held)->lock);
}

/* Holds it from here to the end of the scope. */
#define erofs_monitor_hold(monitor)                                                                                    \
	__attribute__((cleanup(erofs_monitor_leave), unused)) struct erofs_monitor *held_monitor =                     \
		erofs_monitor_enter(monitor)

/* The same if no other thread holds it; whether it does is `held_monitor`. */
#define erofs_monitor_try_hold(monitor)                                                                                \
	__attribute__((cleanup(erofs_monitor_leave))) struct erofs_monitor *held_monitor = erofs_monitor_try(monitor)

/* By a thread that holds it: gives it up until another one has called erofs_monitor_notify(), or for no reason at all. */
static inline void erofs_monitor_wait(struct erofs_monitor *monitor)
{
	pthread_cond_wait(&monitor->changed, &monitor->lock);
}

/* Wakes all that wait. */
static inline void erofs_monitor_notify(struct erofs_monitor *monitor)
{
	pthread_cond_broadcast(&monitor->changed);
}

#endif
