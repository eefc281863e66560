/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/sink.h"

#include <assert.h>

#define SINK_BUFFER ((size_t)512 * 1024)

void erofs_writer_sink_init(struct erofs_sink *sink, struct erofs_output *output, uint64_t position,
			    struct erofs_hasher *hasher)
{
	*sink = (struct erofs_sink){ .output = output, .position = position, .hasher = hasher };
}

void erofs_writer_sink_release(struct erofs_sink *sink)
{
	erofs_buffer_release(&sink->pending);
}

int erofs_writer_sink_flush(struct erofs_sink *sink)
{
	struct erofs_buffer *pending = &sink->pending;
	int err = sink->hasher ? erofs_hasher_append(sink->hasher, pending->data, pending->size) : 0;

	if (!err)
		err = erofs_output_write(sink->output, pending->data, pending->size, sink->position - pending->size);
	pending->size = 0;
	return err;
}

static int flush_full(struct erofs_sink *sink)
{
	return sink->pending.size < SINK_BUFFER ? 0 : erofs_writer_sink_flush(sink);
}

int erofs_writer_sink_append(struct erofs_sink *sink, const void *data, size_t size)
{
	int err = erofs_buffer_append(&sink->pending, data, size);

	if (err)
		return err;
	sink->position += size;
	return flush_full(sink);
}

int erofs_writer_sink_pad(struct erofs_sink *sink, uint64_t position)
{
	assert(position >= sink->position);
	while (sink->position < position) {
		uint64_t left = position - sink->position;
		size_t size = left < SINK_BUFFER ? (size_t)left : SINK_BUFFER;
		int err = erofs_buffer_append_zeros(&sink->pending, size);

		if (err)
			return err;
		sink->position += size;
		err = flush_full(sink);
		if (err)
			return err;
	}
	return 0;
}
