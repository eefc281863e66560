/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_AHEAD_H
#define EROFS_UTIL_AHEAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * A stream that a thread of its own reads ahead, into a ring of buffers of EROFS_AHEAD_SIZE bytes, never more than there are. What comes
 * out is what went in, whichever of the threads is faster. A second thread may watch the bytes in the ring, without a copy.
 *
 * Messages of these threads are held back until the reader gets to where they came: a stream that nobody comes to read to its end is
 * silent.
 */
struct erofs_ahead;

#define EROFS_AHEAD_BUFFERS 12u
#define EROFS_AHEAD_SIZE    ((size_t)1024 * 1024) /* threads wake each other up once for each */

/*
 * Up to `size` bytes: their count, 0 at the end, negative when it fails; not called again after either. Called by the thread
 * alone, from the start until erofs_ahead_read() has returned 0 or less, or erofs_ahead_free() has.
 */
typedef int64_t (*erofs_ahead_source)(void *ctx, void *buf, size_t size);

/* Looks at all bytes, in order; called by its own thread alone, as long as the source may be. */
typedef void (*erofs_ahead_watch)(void *ctx, const void *buf, size_t size);

/* NULL if memory is short: the stream can be read without this then. */
struct erofs_ahead *erofs_ahead_new(erofs_ahead_source source, void *ctx, unsigned int buffers);

/* Before the start. */
void erofs_ahead_set_watch(struct erofs_ahead *ahead, erofs_ahead_watch watch, void *ctx);

/* Starts the threads, if they are not: the first read does it, too. -EAGAIN if one cannot be started. */
int erofs_ahead_start(struct erofs_ahead *ahead);

/*
 * Up to `size` bytes, or what ended the stream, as often as it is asked; then the threads are done with source and watch. -EAGAIN if
 * they cannot be started. One thread at a time.
 */
int64_t erofs_ahead_read(struct erofs_ahead *ahead, void *buf, size_t size);

/* Waits for the calls of source and watch in hand. NULL is fine. */
void erofs_ahead_free(struct erofs_ahead *ahead);

#endif
