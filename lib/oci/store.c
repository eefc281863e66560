/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"

void erofs_oci_store_close(struct oci_store *store)
{
	if (!store)
		return;
	free(store->name);
	store->ops->release(store);
}

char *erofs_oci_blob_path(const struct oci_descriptor *blob)
{
	const char *colon = strchr(blob->digest.text, ':');
	char *path;

	if (blob->path)
		return strdup(blob->path);
	if (!colon ||
	    asprintf(&path, "blobs/%.*s/%s", (int)(colon - blob->digest.text), blob->digest.text, colon + 1) < 0)
		return NULL;
	return path;
}

bool erofs_oci_is_manifest(const struct oci_descriptor *blob)
{
	return strstr(blob->media_type, "manifest") || strstr(blob->media_type, "image.index");
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */

struct file_input {
	struct oci_input input;
	const struct erofs_diag *diag;
	char *name;
	int fd;
};

static int64_t read_file(struct oci_input *input, void *buf, size_t size)
{
	struct file_input *file = (struct file_input *)input;
	ssize_t count;

	do
		count = read(file->fd, buf, size);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return erofs_report(file->diag, -errno, "cannot read '%s': %s", file->name, strerror(errno));
	return count;
}

static void close_file(struct oci_input *input)
{
	struct file_input *file = (struct file_input *)input;

	close(file->fd);
	free(file->name);
	free(file);
}

int erofs_oci_input_of_file(struct oci_input **out, int fd, const char *name, const struct erofs_diag *diag)
{
	struct file_input *file = malloc(sizeof(*file));
	char *copy = strdup(name);

	if (!file || !copy) {
		free(file);
		free(copy);
		return -ENOMEM;
	}
	*file = (struct file_input){
		.input = { .read = read_file, .close = close_file },
		.diag = diag,
		.name = copy,
		.fd = fd,
	};
	*out = &file->input;
	return 0;
}

/* ---- documents -------------------------------------------------------------------------------------------------------- */

int erofs_oci_read_all(struct erofs_buffer *out, struct oci_input *input, const char *name,
		       const struct erofs_diag *diag)
{
	uint8_t part[16384];
	int64_t count;

	out->size = 0;
	while ((count = input->read(input, part, sizeof(part))) > 0) {
		if (out->size + (size_t)count > OCI_DOCUMENT_MAX)
			return erofs_report(diag, -EFBIG, "%s is larger than the %u bytes that a document may have",
					    name, OCI_DOCUMENT_MAX);
		if (erofs_buffer_append(out, part, (size_t)count))
			return -ENOMEM;
	}
	return (int)count;
}
