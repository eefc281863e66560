/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/oci/store.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * An OCI layout as a directory; or what skopeo calls "dir:", which has the image itself in manifest.json, blobs by the digits of their
 * digest, and manifests of a list as DIGITS.manifest.json.
 */
struct directory {
	struct oci_store store;
	int fd;
	bool is_flat; /* skopeo's */
};

#define FLAT_VERSION "Directory Transport Version: 1."

/* Only regular files: nothing that could wait for ever, or never end. */
static int open_path(const struct directory *directory, struct oci_input **out, const char *path)
{
	const struct oci_store *store = &directory->store;
	erofs_auto_fd int fd = openat(directory->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st))
		return erofs_report(store->diag, -errno, "'%s': cannot open %s: %s", store->name, path,
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return erofs_report(store->diag, -EINVAL, "'%s': %s is no regular file", store->name, path);
	/* However large it may have become: the reader knows what to expect. */
	err = erofs_oci_input_of_file(out, fd, path, store->diag);
	if (!err)
		fd = -1;
	return err;
}

/* To be freed. */
static char *blob_path(const struct directory *directory, const struct oci_descriptor *blob)
{
	const char *digits = strchr(blob->digest.text, ':');
	char *path;

	if (!directory->is_flat || !digits)
		return erofs_oci_blob_path(blob);
	return asprintf(&path, "%s%s", digits + 1, erofs_oci_is_manifest(blob) ? ".manifest.json" : "") < 0 ? NULL
													    : path;
}

static int open_blob(struct oci_store *store, struct oci_input **out, const struct oci_descriptor *blob,
		     const struct erofs_cancel *stop)
{
	erofs_auto_free char *path = blob_path((struct directory *)store, blob);

	(void)stop;
	return path ? open_path((struct directory *)store, out, path) : -ENOMEM;
}

static bool has_blob(struct oci_store *store, const struct oci_descriptor *blob)
{
	erofs_auto_free char *path = blob_path((struct directory *)store, blob);

	return path && !faccessat(((struct directory *)store)->fd, path, F_OK, 0);
}

static int read_path(struct directory *directory, struct erofs_buffer *out, const char *path)
{
	struct oci_input *input;
	int err = open_path(directory, &input, path);

	if (err)
		return err;
	err = erofs_oci_read_all(out, input, path, directory->store.diag);
	input->close(input);
	return err;
}

static int read_root(struct oci_store *store, struct erofs_buffer *out)
{
	return read_path((struct directory *)store, out, store->is_named ? "manifest.json" : "index.json");
}

static void release(struct oci_store *store)
{
	struct directory *directory = (struct directory *)store;

	if (directory->fd >= 0)
		close(directory->fd);
	free(directory);
}

static const struct oci_store_ops directory_ops = {
	.root = read_root,
	.open = open_blob,
	.has = has_blob,
	.release = release,
};

static bool has_file(const struct directory *directory, const char *path)
{
	return !faccessat(directory->fd, path, F_OK, 0);
}

static int check_flat(struct directory *directory)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer text = { 0 };
	struct oci_store *store = &directory->store;
	size_t length = strlen(FLAT_VERSION);
	int err = read_path(directory, &text, "version");

	if (err)
		return err;
	if (text.size < length || memcmp(text.data, FLAT_VERSION, length) != 0)
		return erofs_report(store->diag, -EOPNOTSUPP, "'%s': its file version names none that is known here",
				    store->name);
	directory->is_flat = true;
	store->is_named = true;
	return 0;
}

static int check_layout(struct directory *directory)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer text = { 0 };
	const struct oci_store *store = &directory->store;
	int err;

	if (has_file(directory, "manifest.json") && has_file(directory, "version") &&
	    !has_file(directory, "oci-layout"))
		return check_flat(directory);
	if (!has_file(directory, "oci-layout"))
		return erofs_report(store->diag, -EINVAL, "'%s' is no OCI layout: it has no file oci-layout",
				    store->name);
	err = read_path(directory, &text, "oci-layout");
	if (err)
		return err;
	if (!erofs_oci_layout_is_known(text.data, text.size))
		return erofs_report(store->diag, -EOPNOTSUPP, "'%s': oci-layout is of no version that is known here",
				    store->name);
	return 0;
}

int erofs_oci_store_open_directory(struct oci_store **out, const char *path, const struct erofs_diag *diag)
{
	struct directory *directory = calloc(1, sizeof(*directory));
	int err;

	if (!directory)
		return -ENOMEM;
	*directory = (struct directory){
		.store = { .ops = &directory_ops, .diag = diag, .name = strdup(path), .layers_ahead = 1 }
	};
	directory->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!directory->store.name)
		err = -ENOMEM;
	else if (directory->fd < 0)
		err = erofs_report(diag, -errno, "cannot open '%s': %s", path, strerror(errno));
	else
		err = check_layout(directory);
	if (err)
		erofs_oci_store_close(&directory->store);
	else
		*out = &directory->store;
	return err;
}
