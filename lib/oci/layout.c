/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/io/output.h"
#include "lib/oci/fetch.h"
#include "lib/oci/layout_state.h"
#include "lib/util/array.h"
#include "lib/util/report.h"

int erofs_oci_layout_report(const struct oci_layout *layout, int err, const char *what, const char *path)
{
	return erofs_report(layout->diag, err, "cannot %s '%s': %s", what, path, strerror(-err));
}

/* ---- files ---------------------------------------------------------------------------------------------------------------- */

/* blobs/ALGORITHM/HEX below the layout; to be freed. */
static char *blob_path(const struct oci_layout *layout, const struct oci_digest *digest)
{
	int algorithm = (int)strcspn(digest->text, ":");
	char *path;

	return asprintf(&path, "%s/blobs/%.*s/%s", layout->path, algorithm, digest->text,
			digest->text + algorithm + 1) < 0
		       ? NULL
		       : path;
}

char *erofs_oci_layout_temporary(const struct oci_layout *layout)
{
	return erofs_oci_temporary_name(layout->path, "blobs/");
}

static int make_directory(const struct oci_layout *layout, const char *path)
{
	struct stat st;

	if (!mkdir(path, 0777) || (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode)))
		return 0;
	return erofs_oci_layout_report(layout, -errno, "make the directory", path);
}

/* Gives a complete file its name. */
static int place(const struct oci_layout *layout, int fd, const char *temporary, const char *path)
{
	int err = fchmod(fd, 0644) || (!layout->no_sync && fsync(fd)) ? -errno : 0;

	if (!err && rename(temporary, path))
		err = -errno;
	if (!err && !layout->no_sync)
		err = erofs_output_sync_folder(path);
	return err ? erofs_oci_layout_report(layout, err, "write", path) : 0;
}

static int place_blob(struct oci_layout *layout, int fd, const char *temporary, const struct oci_digest *digest)
{
	erofs_auto_free char *path = blob_path(layout, digest);
	erofs_auto_free char *folder = path ? strndup(path, (size_t)(strrchr(path, '/') - path)) : NULL;
	int err = folder ? make_directory(layout, folder) : -ENOMEM;

	if (!err && layout->is_new)
		err = erofs_array_reserve(&layout->made, &layout->made_room, layout->made_count + 1);
	if (!err)
		err = place(layout, fd, temporary, path);
	if (!err && layout->is_new)
		layout->made[layout->made_count++] = erofs_take(path);
	return err;
}

/*
 * A new file with these bytes, under a name that nobody looks for (`*temporary`, to be freed): its descriptor, or an error and no
 * file. `called`: what the message says instead of that name, or NULL.
 */
static int write_temporary(const struct oci_layout *layout, char **temporary, const char *called, const void *bytes,
			   size_t size)
{
	int fd, err;

	*temporary = erofs_oci_layout_temporary(layout);
	if (!*temporary)
		return -ENOMEM;
	fd = open(*temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return erofs_oci_layout_report(layout, -errno, "create", *temporary);
	err = erofs_file_write_at(fd, bytes, size, 0);
	if (!err)
		return fd;
	erofs_oci_layout_report(layout, err, "write", called ? called : *temporary);
	close(fd);
	unlink(*temporary);
	return err;
}

int erofs_oci_layout_write(const struct oci_layout *layout, const char *path, const void *bytes, size_t size)
{
	erofs_auto_free char *temporary = NULL;
	erofs_auto_fd int fd = write_temporary(layout, &temporary, path, bytes, size);
	int err = fd < 0 ? fd : place(layout, fd, temporary, path);

	if (fd >= 0 && err)
		unlink(temporary);
	return err;
}

/* ---- blobs ---------------------------------------------------------------------------------------------------------------- */

int erofs_oci_layout_has(const struct oci_layout *layout, const struct oci_digest *digest, uint64_t size)
{
	erofs_auto_free char *path = blob_path(layout, digest);
	erofs_auto_fd int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	uint8_t raw[EROFS_DIGEST_MAX];
	struct stat st;
	uint64_t found;
	int err;

	if (!path)
		return -ENOMEM;
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
		return 0;
	err = erofs_oci_hash_file(fd, digest->algorithm, raw, &found);
	if (err)
		return erofs_oci_layout_report(layout, err, "read", path);
	return found == size && memcmp(raw, digest->raw, erofs_digest_size(digest->algorithm)) == 0;
}

int erofs_oci_layout_take(struct oci_layout *layout, const char *temporary, struct oci_digest *digest, uint64_t *size)
{
	erofs_auto_fd int fd = open(temporary, O_RDWR | O_CLOEXEC);
	uint8_t raw[EROFS_DIGEST_MAX];
	int err = fd < 0 ? -errno : erofs_oci_hash_file(fd, EROFS_DIGEST_SHA256, raw, size);

	if (err)
		return erofs_oci_layout_report(layout, err, "read", temporary);
	erofs_oci_digest_name(digest, raw);
	return place_blob(layout, fd, temporary, digest);
}

int erofs_oci_layout_put(struct oci_layout *layout, struct oci_digest *digest, const void *bytes, size_t size)
{
	erofs_auto_free char *temporary = NULL;
	erofs_auto_fd int fd = write_temporary(layout, &temporary, NULL, bytes, size);
	uint64_t found;
	int err = fd < 0 ? fd : erofs_oci_layout_take(layout, temporary, digest, &found);

	if (fd >= 0 && err)
		unlink(temporary);
	return err;
}

/* ---- blobs of others ------------------------------------------------------------------------------------------------------ */

int erofs_oci_layout_copy(struct oci_layout *layout, struct oci_store *from, const struct oci_descriptor *blob)
{
	erofs_auto_free char *temporary = erofs_oci_layout_temporary(layout);
	erofs_auto_fd int fd = -1;
	int err = temporary ? erofs_oci_layout_has(layout, &blob->digest, blob->size) : -ENOMEM;

	if (err)
		return err > 0 ? 0 : err;
	err = erofs_oci_fetch(temporary, from, blob, layout->diag);
	if (err)
		return err;
	fd = open(temporary, O_RDWR | O_CLOEXEC);
	err = fd < 0 ? erofs_oci_layout_report(layout, -errno, "open", temporary)
		     : place_blob(layout, fd, temporary, &blob->digest);
	if (err)
		unlink(temporary);
	return err;
}

/* ---- the directory -------------------------------------------------------------------------------------------------------- */

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = dir;

	while (empty && (entry = readdir(dir)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (dir)
		closedir(dir);
	return empty;
}

static int make_layout(struct oci_layout *layout)
{
	erofs_auto_free char *blobs = NULL, *mark = NULL;
	struct stat st;
	int err;

	if (asprintf(&mark, "%s/oci-layout", layout->path) < 0 || asprintf(&blobs, "%s/blobs", layout->path) < 0)
		return -ENOMEM;
	layout->is_new = !mkdir(layout->path, 0777);
	if (!layout->is_new && (errno != EEXIST || stat(layout->path, &st) || !S_ISDIR(st.st_mode)))
		return erofs_oci_layout_report(layout, -errno, "make the directory", layout->path);
	if (!layout->is_new && access(mark, F_OK) && !is_empty(layout->path) && access(blobs, F_OK))
		return erofs_report(layout->diag, -EEXIST, "'%s' is neither empty nor an OCI layout", layout->path);
	err = make_directory(layout, blobs);
	if (!err && access(mark, F_OK))
		err = erofs_oci_layout_write(layout, mark, "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
	return err;
}

int erofs_oci_layout_open(struct oci_layout **out, const char *path, bool no_sync, const struct erofs_diag *diag)
{
	struct oci_layout *layout = calloc(1, sizeof(*layout));
	int err;

	if (!layout)
		return -ENOMEM;
	*layout = (struct oci_layout){ .diag = diag, .path = strdup(path), .no_sync = no_sync };
	err = layout->path ? make_layout(layout) : -ENOMEM;
	if (err)
		erofs_oci_layout_close(layout);
	else
		*out = layout;
	return err;
}

/* Folders that hold what is not ours stay. */
static void take_back(const struct oci_layout *layout)
{
	static const char *const names[] = { "oci-layout", "blobs/sha256", "blobs/sha512", "blobs", "." };

	for (size_t i = 0; i < layout->made_count; i++)
		unlink(layout->made[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		erofs_auto_free char *path = NULL;

		if (asprintf(&path, "%s/%s", layout->path, names[i]) < 0) {
			path = NULL;
			continue;
		}
		if (names[i][0] == '.')
			rmdir(layout->path);
		else if (rmdir(path))
			unlink(path);
	}
}

void erofs_oci_layout_close(struct oci_layout *layout)
{
	if (!layout)
		return;
	if (layout->is_new && layout->path)
		take_back(layout);
	for (size_t i = 0; i < layout->made_count; i++)
		free(layout->made[i]);
	free(layout->made);
	free(layout->path);
	free(layout);
}
