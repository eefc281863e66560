/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/oci_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkfs/image.h"
#include "mkfs/summary.h"
#include "mkfs/summary_json.h"

/* CACHE/ALGORITHM/XX/HEX.erofs; to be freed. */
static char *entry_path(const char *cache, const char *diff_id)
{
	int algorithm = (int)strcspn(diff_id, ":");
	const char *hex = diff_id + algorithm + 1;
	char *path;

	return asprintf(&path, "%s/%.*s/%.2s/%s.erofs", cache, algorithm, diff_id, hex, hex) < 0 ? NULL : path;
}

/* 1 or 0; -EEXIST, reported, if something else is there. */
static int has_file(const char *path)
{
	struct stat st;

	if (lstat(path, &st)) {
		if (errno == ENOENT)
			return 0;
		mkfs_refuse("cannot look at '%s': %s", path, strerror(errno));
		return -EEXIST;
	}
	if (S_ISREG(st.st_mode))
		return 1;
	mkfs_refuse("'%s' is no regular file, so no entry of a layer cache", path);
	return -EEXIST;
}

/* An entry without the hash tree that is wanted is made again. */
static int is_complete(const struct mkfs_job *job, const char *path)
{
	int there = has_file(path);
	char *sidecar;

	if (there <= 0 || !job->build.verity)
		return there;
	if (asprintf(&sidecar, "%s.dmverity", path) < 0)
		return -ENOMEM;
	there = has_file(sidecar);
	free(sidecar);
	return there;
}

static int sync_parent(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int parent = fd < 0 ? -1 : openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems cannot do it for folders, and need not. */
	int err = parent < 0 || (fsync(parent) && errno != EINVAL && errno != EOPNOTSUPP) ? -errno : 0;

	if (parent >= 0)
		close(parent);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Another writer may make it at the same time. */
static int make_directory(const struct mkfs_job *job, const char *directory)
{
	int err = mkdir(directory, 0755) ? -errno : 0;
	struct stat st;

	if (!err && !job->options->build.no_sync)
		err = sync_parent(directory);
	if (err == -EEXIST && !stat(directory, &st) && S_ISDIR(st.st_mode))
		return 0;
	if (err)
		mkfs_refuse("cannot make the directory '%s' of the layer cache: %s", directory, strerror(-err));
	return err;
}

/* The cache and the folders in it that lead to an entry, whose path is as it was in the end. */
static int make_directories(const struct mkfs_job *job, char *path)
{
	int err = make_directory(job, job->options->output);

	for (char *slash = path + strlen(job->options->output) + 1; !err && (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		err = make_directory(job, path);
		*slash = '/';
	}
	return err;
}

static int build_entry(struct mkfs_job *job, const struct erofs_diag *diag, char *path, size_t layer)
{
	int there = is_complete(job, path), err;

	job->oci_layer = layer;
	if (there > 0) {
		mkfs_note_kept_entry(job, path);
		if (mkfs_wants_summary(job))
			printf("%s: is there already\n", path);
		return 0;
	}
	err = there ? there : make_directories(job, path);
	if (err)
		return err;
	job->output = path;
	err = mkfs_build_image(job, diag);
	job->output = job->options->output;
	return err;
}

int mkfs_build_cache(struct mkfs_job *job, const struct erofs_diag *diag)
{
	size_t count = erofs_oci_layer_count(job->oci_image);
	int err = make_directory(job, job->options->output);

	for (size_t i = 0; !err && i < count; i++) {
		const char *diff_id = erofs_oci_layer_diff_id(job->oci_image, i);
		char *path;

		if (!diff_id) {
			mkfs_refuse(
				"layers=cache: the configuration of '%s' lists no diff_ids, by which the entries are called",
				job->options->source);
			return -EINVAL;
		}
		path = entry_path(job->options->output, diff_id);
		err = path ? build_entry(job, diag, path, i) : -ENOMEM;
		free(path);
	}
	return err;
}
