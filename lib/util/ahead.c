/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/data_buffer.h"
#include "lib/util/patience.h"
#include "lib/util/report.h"

struct erofs_ahead {
	erofs_ahead_source source;
	erofs_ahead_watch watch; /* or NULL */
	void *ctx, *watch_ctx;
	pthread_t thread, watcher;
	bool has_thread, has_watcher;

	/*
	 * Between the threads, with the lock: buffers so far. One that is filled belongs to the reader and the watcher, who only look
	 * at it, until both are past it; others belong to the thread.
	 */
	pthread_mutex_t lock;
	pthread_cond_t has_room, has_bytes;
	uint64_t filled, emptied, watched;
	bool is_stopped; /* nobody will read any more */
	bool is_ended;	 /* the thread will fill no more */
	int64_t end;	 /* is_ended: what ended the stream */

	struct erofs_held held; /* the thread's; the reader's when it has ended */
	size_t at;		/* the reader's, in its buffer */
	unsigned int count;
	size_t *sizes;
	uint8_t *buffers;
};

static uint8_t *buffer_of(const struct erofs_ahead *ahead, uint64_t number)
{
	return ahead->buffers + number % ahead->count * EROFS_AHEAD_SIZE;
}

/* ---- the thread -------------------------------------------------------------------------------------------------------------- */

static bool is_full(const struct erofs_ahead *ahead)
{
	uint64_t done = ahead->emptied;

	if (ahead->watch && ahead->watched < done)
		done = ahead->watched;
	return ahead->filled - done == ahead->count;
}

/* A buffer for the thread, or NULL if nobody reads any more. */
static uint8_t *wait_for_room(struct erofs_ahead *ahead)
{
	uint8_t *buffer = NULL;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->is_stopped && is_full(ahead))
		pthread_cond_wait(&ahead->has_room, &ahead->lock);
	if (!ahead->is_stopped)
		buffer = buffer_of(ahead, ahead->filled);
	pthread_mutex_unlock(&ahead->lock);
	return buffer;
}

/* `last`: of the source's calls; 0 or less ends the stream behind these bytes. */
static void hand_over(struct erofs_ahead *ahead, size_t size, int64_t last)
{
	pthread_mutex_lock(&ahead->lock);
	if (size) {
		ahead->sizes[ahead->filled % ahead->count] = size;
		ahead->filled++;
	}
	ahead->is_ended = last <= 0;
	ahead->end = last;
	pthread_cond_broadcast(&ahead->has_bytes);
	pthread_mutex_unlock(&ahead->lock);
}

static void *read_on(void *arg)
{
	struct erofs_ahead *ahead = arg;
	int64_t count = 1;
	uint8_t *buffer;

	erofs_report_hold(&ahead->held);
	while (count > 0 && (buffer = wait_for_room(ahead))) {
		size_t size = 0;

		while (size < EROFS_AHEAD_SIZE &&
		       (count = ahead->source(ahead->ctx, buffer + size, EROFS_AHEAD_SIZE - size)) > 0)
			size += (size_t)count;
		hand_over(ahead, size, count);
	}
	return NULL;
}

/* ---- the watcher ------------------------------------------------------------------------------------------------------------- */

/* Whether there is a buffer that was not watched. */
static bool wait_for_more(struct erofs_ahead *ahead)
{
	bool has_more;

	pthread_mutex_lock(&ahead->lock);
	while (ahead->filled == ahead->watched && !ahead->is_ended && !ahead->is_stopped)
		pthread_cond_wait(&ahead->has_bytes, &ahead->lock);
	has_more = ahead->filled != ahead->watched && !ahead->is_stopped;
	pthread_mutex_unlock(&ahead->lock);
	return has_more;
}

static void *watch_all(void *arg)
{
	struct erofs_ahead *ahead = arg;

	erofs_thread_be_patient();
	while (wait_for_more(ahead)) {
		ahead->watch(ahead->watch_ctx, buffer_of(ahead, ahead->watched),
			     ahead->sizes[ahead->watched % ahead->count]);
		pthread_mutex_lock(&ahead->lock);
		ahead->watched++;
		pthread_cond_signal(&ahead->has_room);
		/* The reader waits at the end only. */
		if (ahead->is_ended)
			pthread_cond_broadcast(&ahead->has_bytes);
		pthread_mutex_unlock(&ahead->lock);
	}
	return NULL;
}

/* ---- the reader -------------------------------------------------------------------------------------------------------------- */

/* Whether there is a buffer with bytes; if not, all has been watched. */
static bool wait_for_bytes(struct erofs_ahead *ahead)
{
	bool has_bytes;

	pthread_mutex_lock(&ahead->lock);
	while (ahead->filled == ahead->emptied &&
	       (!ahead->is_ended || (ahead->watch && ahead->watched != ahead->filled)))
		pthread_cond_wait(&ahead->has_bytes, &ahead->lock);
	has_bytes = ahead->filled != ahead->emptied;
	pthread_mutex_unlock(&ahead->lock);
	return has_bytes;
}

static void give_back(struct erofs_ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	ahead->emptied++;
	pthread_cond_signal(&ahead->has_room);
	pthread_mutex_unlock(&ahead->lock);
	ahead->at = 0;
}

int64_t erofs_ahead_read(struct erofs_ahead *ahead, void *buf, size_t size)
{
	int err = erofs_ahead_start(ahead);
	size_t left;

	if (err)
		return err;
	if (!wait_for_bytes(ahead)) {
		erofs_report_send_held(&ahead->held);
		return ahead->end;
	}
	left = ahead->sizes[ahead->emptied % ahead->count] - ahead->at;
	if (size > left)
		size = left;
	memcpy(buf, buffer_of(ahead, ahead->emptied) + ahead->at, size);
	ahead->at += size;
	if (size == left)
		give_back(ahead);
	return (int64_t)size;
}

/* ---- all ----------------------------------------------------------------------------------------------------------------------- */

struct erofs_ahead *erofs_ahead_new(erofs_ahead_source source, void *ctx, unsigned int buffers)
{
	struct erofs_ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead)
		return NULL;
	ahead->source = source;
	ahead->ctx = ctx;
	ahead->count = buffers;
	ahead->sizes = calloc(buffers, sizeof(*ahead->sizes));
	ahead->buffers = erofs_data_buffer(buffers * EROFS_AHEAD_SIZE);
	if (!ahead->sizes || !ahead->buffers) {
		free(ahead->sizes);
		free(ahead->buffers);
		free(ahead);
		return NULL;
	}
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->has_room, NULL);
	pthread_cond_init(&ahead->has_bytes, NULL);
	return ahead;
}

void erofs_ahead_set_watch(struct erofs_ahead *ahead, erofs_ahead_watch watch, void *ctx)
{
	ahead->watch = watch;
	ahead->watch_ctx = ctx;
}

int erofs_ahead_start(struct erofs_ahead *ahead)
{
	/* The watcher first: without it the thread would wait for ever. */
	if (ahead->watch && !ahead->has_watcher && pthread_create(&ahead->watcher, NULL, watch_all, ahead))
		return -EAGAIN;
	ahead->has_watcher = ahead->watch;
	if (!ahead->has_thread && pthread_create(&ahead->thread, NULL, read_on, ahead))
		return -EAGAIN;
	ahead->has_thread = true;
	return 0;
}

void erofs_ahead_free(struct erofs_ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->is_stopped = true;
	pthread_cond_signal(&ahead->has_room);
	pthread_cond_broadcast(&ahead->has_bytes);
	pthread_mutex_unlock(&ahead->lock);
	if (ahead->has_thread)
		pthread_join(ahead->thread, NULL);
	if (ahead->has_watcher)
		pthread_join(ahead->watcher, NULL);
	erofs_report_drop_held(&ahead->held);
	pthread_cond_destroy(&ahead->has_bytes);
	pthread_cond_destroy(&ahead->has_room);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead->sizes);
	free(ahead->buffers);
	free(ahead);
}
