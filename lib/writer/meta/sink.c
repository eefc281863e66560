/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/meta/sink.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/data_buffer.h"

int erofs_writer_sink_init(struct erofs_sink *sink, struct erofs_output *output, uint64_t position,
			   struct erofs_hasher *hasher)
{
	*sink = (struct erofs_sink){
		.output = output,
		.hasher = hasher,
		.pending = erofs_data_buffer(EROFS_SINK_SIZE),
		.position = position,
	};
	return sink->pending ? 0 : -ENOMEM;
}

void erofs_writer_sink_release(struct erofs_sink *sink)
{
	free(sink->pending);
	sink->pending = NULL;
}

int erofs_writer_sink_flush(struct erofs_sink *sink)
{
	int err = sink->hasher ? erofs_hasher_append(sink->hasher, sink->pending, sink->size) : 0;

	if (!err && sink->size)
		err = erofs_output_write(sink->output, sink->pending, sink->size, sink->position - sink->size);
	sink->size = 0;
	return err;
}

/* Appends what fits, zeros where there is no data, and says how much that was. */
static size_t fill(struct erofs_sink *sink, const void *data, uint64_t size)
{
	size_t room = EROFS_SINK_SIZE - sink->size;
	size_t part = size < room ? (size_t)size : room;

	if (data)
		memcpy(sink->pending + sink->size, data, part);
	else
		memset(sink->pending + sink->size, 0, part);
	sink->size += part;
	sink->position += part;
	return part;
}

static int flush_full(struct erofs_sink *sink)
{
	return sink->size < EROFS_SINK_SIZE ? 0 : erofs_writer_sink_flush(sink);
}

int erofs_writer_sink_append(struct erofs_sink *sink, const void *data, size_t size)
{
	const uint8_t *rest = data;
	int err = 0;

	while (!err && size) {
		size_t part = fill(sink, rest, size);

		rest += part;
		size -= part;
		err = flush_full(sink);
	}
	return err;
}

int erofs_writer_sink_pad(struct erofs_sink *sink, uint64_t position)
{
	int err = 0;

	assert(position >= sink->position);
	while (!err && sink->position < position) {
		fill(sink, NULL, position - sink->position);
		err = flush_full(sink);
	}
	return err;
}
