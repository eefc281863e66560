/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_AHEAD_H
#define EROFS_UTIL_AHEAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * A stream that a thread of its own reads ahead, into a ring of buffers: EROFS_AHEAD_BUFFERS of EROFS_AHEAD_SIZE bytes, never
 * more. What comes out is what went in, whichever of the two threads is faster.
 */
struct erofs_ahead;

#define EROFS_AHEAD_BUFFERS 6u
#define EROFS_AHEAD_SIZE    ((size_t)256 * 1024)

/*
 * Up to `size` bytes: their count, 0 at the end, negative when it fails; not called again after either. Called by the thread
 * alone, from the first call of erofs_ahead_read() until that has returned 0 or less, or erofs_ahead_free() has.
 */
typedef int64_t (*erofs_ahead_source)(void *ctx, void *buf, size_t size);

/* NULL if memory or threads are short: the stream can be read without this then. The thread starts with the first read. */
struct erofs_ahead *erofs_ahead_new(erofs_ahead_source source, void *ctx);

/*
 * Up to `size` bytes, or what ended the stream, as often as it is asked; then the thread is done with the source. -EAGAIN if the
 * thread cannot be started. One thread at a time.
 */
int64_t erofs_ahead_read(struct erofs_ahead *ahead, void *buf, size_t size);

/* Waits for the call of the source in hand. NULL is fine. */
void erofs_ahead_free(struct erofs_ahead *ahead);

#endif
