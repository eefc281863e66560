/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_BUFFERS_H
#define FUSE_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory for answers: taken for one answer by one thread, idle meanwhile. There are as many as threads have ever answered at once.
 */
struct buffers;

struct buffer {
	struct buffer *next; /* idle ones */
	uint8_t *bytes;	     /* begins with a page */
	size_t room;
};

/* NULL: out of memory. */
struct buffers *buffers_new(void);

/* No buffer is taken any more. NULL is fine. */
void buffers_free(struct buffers *buffers);

/* At least `size` bytes. NULL: out of memory. */
struct buffer *buffers_take(struct buffers *buffers, size_t size);
void buffers_give_back(struct buffers *buffers, struct buffer *buffer);

#endif
