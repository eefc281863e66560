/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_SINK_H
#define EROFS_WRITER_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/codec/hasher.h"
#include "lib/io/output.h"

/* Every write but the last has this size, so that all of them begin with a page of the output if the first one does. */
#define EROFS_SINK_SIZE ((size_t)512 * 1024)

/* A row of bytes that goes to the output in large pieces, and into a digest on the way. One thread. */
struct erofs_sink {
	struct erofs_output *output;
	struct erofs_hasher *hasher; /* NULL: none */
	uint8_t *pending;	     /* EROFS_SINK_SIZE bytes */
	size_t size;		     /* pending */
	uint64_t position;	     /* in the output, of the next byte appended */
};

/* Begins at `position` of the output. -ENOMEM. */
int erofs_writer_sink_init(struct erofs_sink *sink, struct erofs_output *output, uint64_t position,
			   struct erofs_hasher *hasher);
void erofs_writer_sink_release(struct erofs_sink *sink);

int erofs_writer_sink_append(struct erofs_sink *sink, const void *data, size_t size);

/* Zeros up to `position`, which is not behind what has been appended. */
int erofs_writer_sink_pad(struct erofs_sink *sink, uint64_t position);

/* Writes what is pending. */
int erofs_writer_sink_flush(struct erofs_sink *sink);

#endif
