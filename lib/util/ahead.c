/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/data_buffer.h"

struct erofs_ahead {
	erofs_ahead_source source;
	void *ctx;
	pthread_t thread;
	bool has_thread;

	/* Between the two threads, with the lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t filled,
		emptied; /* buffers so far; a buffer between the two belongs to the reader, others to the thread */
	bool is_stopped; /* nobody will read any more */
	bool is_ended;	 /* the thread will fill no more */
	int64_t end;	 /* is_ended: what ended the stream */

	size_t at; /* the reader's, in its buffer */
	size_t sizes[EROFS_AHEAD_BUFFERS];
	uint8_t *buffers;
};

/* ---- the thread -------------------------------------------------------------------------------------------------------------- */

/* A buffer for the thread, or NULL if nobody reads any more. */
static uint8_t *wait_for_room(struct erofs_ahead *ahead)
{
	uint8_t *buffer = NULL;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->is_stopped && ahead->filled - ahead->emptied == EROFS_AHEAD_BUFFERS)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	if (!ahead->is_stopped)
		buffer = ahead->buffers + ahead->filled % EROFS_AHEAD_BUFFERS * EROFS_AHEAD_SIZE;
	pthread_mutex_unlock(&ahead->lock);
	return buffer;
}

/* `last`: of the source's calls; 0 or less ends the stream behind these bytes. */
static void hand_over(struct erofs_ahead *ahead, size_t size, int64_t last)
{
	pthread_mutex_lock(&ahead->lock);
	if (size) {
		ahead->sizes[ahead->filled % EROFS_AHEAD_BUFFERS] = size;
		ahead->filled++;
	}
	ahead->is_ended = last <= 0;
	ahead->end = last;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
}

static void *read_on(void *arg)
{
	struct erofs_ahead *ahead = arg;
	int64_t count = 1;
	uint8_t *buffer;

	while (count > 0 && (buffer = wait_for_room(ahead))) {
		size_t size = 0;

		while (size < EROFS_AHEAD_SIZE &&
		       (count = ahead->source(ahead->ctx, buffer + size, EROFS_AHEAD_SIZE - size)) > 0)
			size += (size_t)count;
		hand_over(ahead, size, count);
	}
	return NULL;
}

/* ---- the reader -------------------------------------------------------------------------------------------------------------- */

/* Whether there is a buffer with bytes. */
static bool wait_for_bytes(struct erofs_ahead *ahead)
{
	bool has_bytes;

	pthread_mutex_lock(&ahead->lock);
	while (ahead->filled == ahead->emptied && !ahead->is_ended)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	has_bytes = ahead->filled != ahead->emptied;
	pthread_mutex_unlock(&ahead->lock);
	return has_bytes;
}

static void give_back(struct erofs_ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	ahead->emptied++;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	ahead->at = 0;
}

int64_t erofs_ahead_read(struct erofs_ahead *ahead, void *buf, size_t size)
{
	unsigned int slot = ahead->emptied % EROFS_AHEAD_BUFFERS;
	size_t left;

	if (!ahead->has_thread && pthread_create(&ahead->thread, NULL, read_on, ahead))
		return -EAGAIN;
	ahead->has_thread = true;
	if (!wait_for_bytes(ahead))
		return ahead->end;
	left = ahead->sizes[slot] - ahead->at;
	if (size > left)
		size = left;
	memcpy(buf, ahead->buffers + slot * EROFS_AHEAD_SIZE + ahead->at, size);
	ahead->at += size;
	if (ahead->at == ahead->sizes[slot])
		give_back(ahead);
	return (int64_t)size;
}

/* ---- both ---------------------------------------------------------------------------------------------------------------------- */

struct erofs_ahead *erofs_ahead_new(erofs_ahead_source source, void *ctx)
{
	struct erofs_ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead)
		return NULL;
	ahead->source = source;
	ahead->ctx = ctx;
	ahead->buffers = erofs_data_buffer(EROFS_AHEAD_BUFFERS * EROFS_AHEAD_SIZE);
	if (!ahead->buffers) {
		free(ahead);
		return NULL;
	}
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->changed, NULL);
	return ahead;
}

void erofs_ahead_free(struct erofs_ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->is_stopped = true;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	if (ahead->has_thread)
		pthread_join(ahead->thread, NULL);
	pthread_cond_destroy(&ahead->changed);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead->buffers);
	free(ahead);
}
