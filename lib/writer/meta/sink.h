/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_SINK_H
#define EROFS_WRITER_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/codec/hasher.h"
#include "lib/io/output.h"
#include "lib/util/buffer.h"

/* A row of bytes that goes to the output in large pieces, and into a digest on the way. One thread. */
struct erofs_sink {
	struct erofs_output *output;
	struct erofs_hasher *hasher; /* NULL: none */
	struct erofs_buffer pending;
	uint64_t position; /* in the output, of the next byte appended */
};

/* Begins at `position` of the output. */
void erofs_writer_sink_init(struct erofs_sink *sink, struct erofs_output *output, uint64_t position,
			    struct erofs_hasher *hasher);
void erofs_writer_sink_release(struct erofs_sink *sink);

int erofs_writer_sink_append(struct erofs_sink *sink, const void *data, size_t size);

/* Zeros up to `position`, which is not behind what has been appended. */
int erofs_writer_sink_pad(struct erofs_sink *sink, uint64_t position);

/* Writes what is pending. */
int erofs_writer_sink_flush(struct erofs_sink *sink);

#endif
