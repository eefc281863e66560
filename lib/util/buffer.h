/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_BUFFER_H
#define EROFS_UTIL_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* A growing byte buffer; zero-initialised it is empty and ready. */
struct erofs_buffer {
	uint8_t *data;
	size_t size;	 /* bytes in use */
	size_t capacity; /* bytes allocated */
};

void erofs_buffer_release(struct erofs_buffer *buffer);

/* Makes room for `capacity` bytes in all; contents stay. -ENOMEM leaves the buffer unchanged. */
int erofs_buffer_reserve(struct erofs_buffer *buffer, size_t capacity);

/* Appends `size` bytes. -ENOMEM leaves the buffer unchanged. */
int erofs_buffer_append(struct erofs_buffer *buffer, const void *data, size_t size);

/* Appends `size` zero bytes. */
int erofs_buffer_append_zeros(struct erofs_buffer *buffer, size_t size);

/* Appends text without its NUL. */
int erofs_buffer_append_text(struct erofs_buffer *buffer, const char *text);

#endif
