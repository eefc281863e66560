/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/oci_each.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkfs/image.h"
#include "mkfs/order_list.h"

/* What layers=each has made so far, to be taken away should a later layer fail. */
struct made_image {
	char *path;
	bool is_new; /* there was nothing in its place */
	struct erofs_build_summary summary;
};

struct made {
	struct made_image *images;
	size_t count;
	bool made_directory;
};

/* DIR/sha256-HEX.erofs; to be freed. */
static char *layer_path(const struct mkfs_job *job, const char *directory, size_t layer)
{
	const char *digest = erofs_oci_layer_digest(job->oci_image, layer);
	const char *colon = strchr(digest, ':');
	char *path;

	if (asprintf(&path, "%s/%.*s-%s.erofs", directory, (int)(colon - digest), digest, colon + 1) < 0)
		return NULL;
	return path;
}

/* The same layer may be there twice. */
static const struct made_image *find_made(const struct made *made, const char *path)
{
	for (size_t i = 0; i < made->count; i++)
		if (strcmp(made->images[i].path, path) == 0)
			return &made->images[i];
	return NULL;
}

/*
 * The order of the layers is known only to the manifest, so it is written down beside the images. A layer that is there twice is
 * in the list twice.
 */
static int list_order(const struct mkfs_job *job, const struct made *made)
{
	size_t count = erofs_oci_layer_count(job->oci_image);
	struct mkfs_listed_layer *layers = calloc(count + 1, sizeof(*layers));
	int err = layers ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < count; i++) {
		const struct made_image *image;
		char *path = layer_path(job, job->options->output, i);

		if (!path) {
			err = -ENOMEM;
			break;
		}
		image = find_made(made, path);
		free(path);
		layers[i] = (struct mkfs_listed_layer){
			.diff_id = erofs_oci_layer_diff_id(job->oci_image, i),
			.digest = erofs_oci_layer_digest(job->oci_image, i),
			.file = strrchr(image->path, '/') + 1,
			.summary = &image->summary,
		};
	}
	if (!err)
		err = mkfs_write_order_list(job->options->output, layers, count, !job->options->build.no_sync);
	free(layers);
	return err;
}

static int build_layer(struct mkfs_job *job, const struct erofs_diag *diag, struct made *made, size_t layer)
{
	char *path = layer_path(job, job->options->output, layer);
	int err = 0;

	if (!path)
		return -ENOMEM;
	if (find_made(made, path)) {
		free(path);
		return 0;
	}
	made->images[made->count] = (struct made_image){ .path = path, .is_new = access(path, F_OK) != 0 };
	job->output = path;
	job->oci_layer = layer;
	err = mkfs_build_image(job, diag);
	job->output = job->options->output;
	if (err)
		free(path);
	else
		made->images[made->count++].summary = job->summary;
	return err;
}

static int make_directory(struct made *made, const char *directory)
{
	struct stat st;

	made->made_directory = !mkdir(directory, 0777);
	if (made->made_directory || (errno == EEXIST && !stat(directory, &st) && S_ISDIR(st.st_mode)))
		return 0;
	mkfs_refuse("cannot make the directory '%s' for the images of the layers: %s", directory, strerror(errno));
	return -EEXIST;
}

/* The images are on the disk, and their names; that of the list has to be, and that of a new folder. */
static int sync_directories(const struct mkfs_options *options)
{
	const char *directory = options->output;
	int fd, parent, err = 0;

	if (options->build.no_sync)
		return 0;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	parent = fd < 0 ? -1 : openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems cannot do it for folders, and need not. */
	if (parent < 0 || ((fsync(fd) || fsync(parent)) && errno != EINVAL && errno != EOPNOTSUPP))
		err = -errno;
	if (err)
		mkfs_refuse("cannot write the folder of '%s': %s", directory, strerror(-err));
	if (parent >= 0)
		close(parent);
	if (fd >= 0)
		close(fd);
	return err;
}

static void remove_image(const struct made_image *image)
{
	char *sidecar;

	unlink(image->path);
	if (!image->summary.has_verity || asprintf(&sidecar, "%s.dmverity", image->path) < 0)
		return;
	unlink(sidecar);
	free(sidecar);
}

static void take_back(const struct made *made, const char *directory)
{
	char *list;

	for (size_t i = 0; i < made->count; i++)
		if (made->images[i].is_new)
			remove_image(&made->images[i]);
	if (!made->made_directory)
		return;
	if (asprintf(&list, "%s/" MKFS_ORDER_LIST, directory) >= 0) {
		unlink(list);
		free(list);
	}
	rmdir(directory);
}

static void release_made(struct made *made)
{
	for (size_t i = 0; i < made->count; i++)
		free(made->images[i].path);
	free(made->images);
}

int mkfs_build_each(struct mkfs_job *job, const struct erofs_diag *diag)
{
	size_t count = erofs_oci_layer_count(job->oci_image);
	const char *directory = job->options->output;
	/* One more: an image may have no layers. */
	struct made made = { .images = calloc(count + 1, sizeof(*made.images)) };
	int err = made.images ? make_directory(&made, directory) : -ENOMEM;

	for (size_t i = 0; !err && i < count; i++)
		err = build_layer(job, diag, &made, i);
	if (!err)
		err = list_order(job, &made);
	if (!err)
		err = sync_directories(job->options);
	if (err)
		take_back(&made, directory);
	release_made(&made);
	return err;
}
