/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/oci/layout_state.h"
#include "lib/util/report.h"

/* index.json: read, changed and written again under a lock on the directory, so that no writer loses what another one added. */

static const char *name_in(struct json_object *descriptor)
{
	return erofs_oci_json_string(erofs_oci_json_object(descriptor, "annotations"),
				     "org.opencontainers.image.ref.name");
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Whether a descriptor that is there gives way to a new one. */
static bool is_replaced(struct json_object *old, struct json_object *descriptors)
{
	for (size_t i = 0; i < json_object_array_length(descriptors); i++) {
		struct json_object *new = json_object_array_get_idx(descriptors, i);

		if (same_text(name_in(old), name_in(new)))
			return true;
		if (!name_in(old) && !name_in(new) &&
		    same_text(erofs_oci_json_string(old, "digest"), erofs_oci_json_string(new, "digest")))
			return true;
	}
	return false;
}

static int read_index(const struct oci_layout *layout, struct json_object **out, const char *path)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer bytes = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	struct oci_input *input;

	*out = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : erofs_oci_layout_report(layout, -errno, "open", path);
	err = erofs_oci_input_of_file(&input, fd, path, layout->diag);
	if (err) {
		close(fd);
		return err;
	}
	err = erofs_oci_read_all(&bytes, input, path, layout->diag);
	input->close(input);
	if (!err)
		err = erofs_oci_json_parse(out, bytes.data, bytes.size);
	if (err != -EINVAL && (err || erofs_oci_json_array(*out, "manifests")))
		return err;
	return erofs_report(layout->diag, -EINVAL, "'%s' is no index of a layout", path);
}

/* The index with the new descriptors behind those that stay. */
static int merge(struct json_object *index, struct json_object *descriptors)
{
	struct json_object *old = erofs_oci_json_array(index, "manifests"), *all = json_object_new_array();

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; old && i < json_object_array_length(old); i++) {
		struct json_object *descriptor = json_object_array_get_idx(old, i);

		if (!is_replaced(descriptor, descriptors))
			json_object_array_add(all, json_object_get(descriptor));
	}
	for (size_t i = 0; i < json_object_array_length(descriptors); i++)
		json_object_array_add(all, json_object_get(json_object_array_get_idx(descriptors, i)));
	json_object_object_add(index, "manifests", all);
	return 0;
}

static int change_index(struct oci_layout *layout, struct json_object *descriptors, const char *path)
{
	erofs_auto_json struct json_object *index = NULL;
	const char *text;
	int err = read_index(layout, &index, path);

	if (err)
		return err;
	if (!index)
		index = erofs_oci_index_new();
	err = index ? merge(index, descriptors) : -ENOMEM;
	if (err)
		return err;
	text = erofs_oci_json_document(index);
	return text ? erofs_oci_layout_write(layout, path, text, strlen(text)) : -ENOMEM;
}

int erofs_oci_layout_publish(struct oci_layout *layout, struct json_object *descriptors)
{
	erofs_auto_fd int lock = open(layout->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	erofs_auto_free char *path = NULL;
	int err;

	if (lock < 0)
		return erofs_oci_layout_report(layout, -errno, "open", layout->path);
	while (flock(lock, LOCK_EX) && errno == EINTR)
		;
	if (asprintf(&path, "%s/index.json", layout->path) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	err = change_index(layout, descriptors, path);
	if (!err)
		layout->is_new = false;
	return err;
}
