/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/oci/layout.h"
#include "lib/oci/sink.h"

/* A layout directory. */
struct directory_sink {
	struct oci_sink sink;
	struct oci_layout *layout;
	struct oci_store *store; /* the same to read from; NULL: it was not there */
};

static struct oci_layout *layout_of(struct oci_sink *sink)
{
	return ((struct directory_sink *)sink)->layout;
}

static struct oci_store *there(struct oci_sink *sink)
{
	return ((struct directory_sink *)sink)->store;
}

static int has(struct oci_sink *sink, const struct oci_descriptor *blob)
{
	return erofs_oci_layout_has(layout_of(sink), &blob->digest, blob->size);
}

static int put(struct oci_sink *sink, struct oci_digest *digest, const char *type, const void *bytes, size_t size)
{
	(void)type;
	return erofs_oci_layout_put(layout_of(sink), digest, bytes, size);
}

static int copy(struct oci_sink *sink, struct oci_store *from, const struct oci_descriptor *blob)
{
	return erofs_oci_layout_copy(layout_of(sink), from, blob);
}

static char *temporary(struct oci_sink *sink)
{
	return erofs_oci_layout_temporary(layout_of(sink));
}

static int take(struct oci_sink *sink, const char *path, struct oci_digest *digest, uint64_t *size)
{
	return erofs_oci_layout_take(layout_of(sink), path, digest, size);
}

static int publish(struct oci_sink *sink, struct json_object *descriptors)
{
	return erofs_oci_layout_publish(layout_of(sink), descriptors);
}

static void close_sink(struct oci_sink *sink)
{
	struct directory_sink *directory = (struct directory_sink *)sink;

	erofs_oci_layout_close(directory->layout);
	erofs_oci_store_close(directory->store);
	free(directory);
}

static const struct oci_sink_ops directory_ops = {
	.there = there,
	.has = has,
	.put = put,
	.copy = copy,
	.temporary = temporary,
	.take = take,
	.publish = publish,
	.close = close_sink,
};

int erofs_oci_sink_open_directory(struct oci_sink **out, const char *path, const struct oci_sink_options *options)
{
	struct directory_sink *directory = calloc(1, sizeof(*directory));
	int err;

	if (!directory)
		return -ENOMEM;
	directory->sink.ops = &directory_ops;
	err = erofs_oci_layout_open(&directory->layout, path, options->no_sync, options->diag);
	/* One that cannot be read has nothing to find. */
	if (!err && erofs_oci_store_open_directory(&directory->store, path, NULL))
		directory->store = NULL;
	if (err)
		close_sink(&directory->sink);
	else
		*out = &directory->sink;
	return err;
}
