/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/buffers.h"

#include <pthread.h>
#include <stdlib.h>

#define PAGE	   4096u
#define ROOM_LEAST (128u << 10) /* what Linux asks for at once, if nobody has told it otherwise */

struct buffers {
	pthread_mutex_t lock; /* of the list */
	struct buffer *idle;
};

struct buffers *buffers_new(void)
{
	struct buffers *new = calloc(1, sizeof(*new));

	if (new)
		pthread_mutex_init(&new->lock, NULL);
	return new;
}

static void free_buffer(struct buffer *buffer)
{
	if (buffer)
		free(buffer->bytes);
	free(buffer);
}

void buffers_free(struct buffers *buffers)
{
	struct buffer *next;

	if (!buffers)
		return;
	for (struct buffer *buffer = buffers->idle; buffer; buffer = next) {
		next = buffer->next;
		free_buffer(buffer);
	}
	pthread_mutex_destroy(&buffers->lock);
	free(buffers);
}

/* NULL: there is none. */
static struct buffer *take_idle(struct buffers *buffers)
{
	struct buffer *buffer;

	pthread_mutex_lock(&buffers->lock);
	buffer = buffers->idle;
	if (buffer)
		buffers->idle = buffer->next;
	pthread_mutex_unlock(&buffers->lock);
	return buffer;
}

static int make_room(struct buffer *buffer, size_t size)
{
	void *bytes;

	if (buffer->room >= size)
		return 0;
	if (size < ROOM_LEAST)
		size = ROOM_LEAST;
	free(buffer->bytes);
	buffer->bytes = NULL;
	buffer->room = 0;
	if (posix_memalign(&bytes, PAGE, size))
		return -1;
	buffer->bytes = bytes;
	buffer->room = size;
	return 0;
}

struct buffer *buffers_take(struct buffers *buffers, size_t size)
{
	struct buffer *buffer = take_idle(buffers);

	if (!buffer)
		buffer = calloc(1, sizeof(*buffer));
	if (!buffer || !make_room(buffer, size))
		return buffer;
	free_buffer(buffer);
	return NULL;
}

void buffers_give_back(struct buffers *buffers, struct buffer *buffer)
{
	pthread_mutex_lock(&buffers->lock);
	buffer->next = buffers->idle;
	buffers->idle = buffer;
	pthread_mutex_unlock(&buffers->lock);
}
