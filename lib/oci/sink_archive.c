/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/archive/tar_write.h"
#include "lib/codec/hasher.h"
#include "lib/io/file.h"
#include "lib/io/output.h"
#include "lib/oci/fetch.h"
#include "lib/oci/sink.h"
#include "lib/util/array.h"
#include "lib/util/report.h"

/*
 * An archive of a layout: a new file beside the target, which takes its name when it is whole. The blobs come in the order in which the image
 * is converted, whether they were made, or found in the archive that was there before: so the same image is the same archive.
 */

#define PART ((size_t)256 * 1024)

struct archive_sink {
	struct oci_sink sink;
	char *path, *folder, *temporary;
	bool no_sync;
	const struct erofs_diag *diag;
	const struct erofs_cancel *cancel;
	int fd;
	uint64_t at;		 /* the end so far */
	struct oci_store *store; /* what was there before: silent; or NULL */
	struct oci_digest *blobs;
	size_t count, room;
};

static struct archive_sink *of(struct oci_sink *sink)
{
	return (struct archive_sink *)sink;
}

static int report_write(const struct archive_sink *archive, int err)
{
	return erofs_report(archive->diag, err, "cannot write '%s': %s", archive->path, strerror(-err));
}

/* ---- members -------------------------------------------------------------------------------------------------------------- */

static bool is_written(const struct archive_sink *archive, const struct oci_digest *digest)
{
	for (size_t i = 0; i < archive->count; i++)
		if (strcmp(archive->blobs[i].text, digest->text) == 0)
			return true;
	return false;
}

static int write_bytes(struct archive_sink *archive, const void *bytes, size_t size)
{
	int err = erofs_file_write_at(archive->fd, bytes, size, archive->at);

	archive->at += size;
	return err ? report_write(archive, err) : 0;
}

static int write_header(struct archive_sink *archive, const char *path, uint64_t size)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer header = { 0 };
	int err = erofs_archive_tar_write_file(&header, path, size);

	return err ? err : write_bytes(archive, header.data, header.size);
}

static int write_zeros(struct archive_sink *archive, unsigned int size)
{
	static const uint8_t zeros[2 * TAR_BLOCK];

	return write_bytes(archive, zeros, size);
}

static int write_file(struct archive_sink *archive, const char *path, const void *bytes, size_t size)
{
	int err = write_header(archive, path, size);

	if (!err)
		err = write_bytes(archive, bytes, size);
	return err ? err : write_zeros(archive, erofs_archive_tar_padding(size));
}

static int begin_blob(struct archive_sink *archive, const struct oci_digest *digest, uint64_t size)
{
	const struct oci_descriptor blob = { .digest = *digest };
	erofs_auto_free char *path = erofs_oci_blob_path(&blob);

	return path ? write_header(archive, path, size) : -ENOMEM;
}

static int end_blob(struct archive_sink *archive, const struct oci_digest *digest, uint64_t size)
{
	int err = write_zeros(archive, erofs_archive_tar_padding(size));

	if (!err)
		err = erofs_array_reserve(&archive->blobs, &archive->room, archive->count + 1);
	if (!err)
		archive->blobs[archive->count++] = *digest;
	return err;
}

/* ---- blobs ---------------------------------------------------------------------------------------------------------------- */

static struct oci_store *there(struct oci_sink *sink)
{
	return of(sink)->store;
}

static char *temporary(struct oci_sink *sink)
{
	return erofs_oci_temporary_name(of(sink)->folder, "");
}

/* A whole file as a blob. */
static int add_file(struct archive_sink *archive, int fd, const struct oci_digest *digest, uint64_t size)
{
	erofs_auto_free uint8_t *part = malloc(PART);
	int err = part ? begin_blob(archive, digest, size) : -ENOMEM;

	for (uint64_t at = 0; !err && at < size;) {
		size_t count = size - at < PART ? (size_t)(size - at) : PART;

		if (erofs_cancel_requested(archive->cancel))
			return -ECANCELED;
		err = erofs_file_read_at(fd, part, count, at);
		if (err)
			return erofs_report(archive->diag, err, "cannot read what is to be in '%s': %s", archive->path,
					    strerror(-err));
		err = write_bytes(archive, part, count);
		at += count;
	}
	return err ? err : end_blob(archive, digest, size);
}

static int take(struct oci_sink *sink, const char *path, struct oci_digest *digest, uint64_t *size)
{
	struct archive_sink *archive = of(sink);
	erofs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t raw[EROFS_DIGEST_MAX];
	int err = fd < 0 ? -errno : erofs_oci_hash_file(fd, EROFS_DIGEST_SHA256, raw, size);

	if (err)
		return erofs_report(archive->diag, err, "cannot read '%s': %s", path, strerror(-err));
	erofs_oci_digest_name(digest, raw);
	return is_written(archive, digest) ? 0 : add_file(archive, fd, digest, *size);
}

static int fetch(struct archive_sink *archive, struct oci_store *from, const struct oci_descriptor *blob,
		 const struct erofs_diag *diag)
{
	erofs_auto_free char *path = erofs_oci_temporary_name(archive->folder, "");
	erofs_auto_fd int fd = -1;
	int err = path ? erofs_oci_fetch(path, from, blob, diag) : -ENOMEM;

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? erofs_report(archive->diag, -errno, "cannot open '%s': %s", path, strerror(errno))
		     : add_file(archive, fd, &blob->digest, blob->size);
	unlink(path);
	return err;
}

/* What was there before is brought over. */
static int has(struct oci_sink *sink, const struct oci_descriptor *blob)
{
	struct archive_sink *archive = of(sink);
	uint64_t at = archive->at;
	int err;

	if (is_written(archive, &blob->digest))
		return 1;
	if (!archive->store || !archive->store->ops->has(archive->store, blob))
		return 0;
	err = fetch(archive, archive->store, blob, NULL);
	if (!err)
		return 1;
	/* Damaged there, it is made again. */
	return archive->at == at && err != -ENOMEM && err != -ECANCELED ? 0 : err;
}

static int copy(struct oci_sink *sink, struct oci_store *from, const struct oci_descriptor *blob)
{
	int there = has(sink, blob);

	if (there)
		return there < 0 ? there : 0;
	return fetch(of(sink), from, blob, of(sink)->diag);
}

static int put(struct oci_sink *sink, struct oci_digest *digest, const char *type, const void *bytes, size_t size)
{
	struct archive_sink *archive = of(sink);
	int err = erofs_oci_digest_make(digest, bytes, size);

	(void)type;
	if (err || is_written(archive, digest))
		return err;
	err = begin_blob(archive, digest, size);
	if (!err)
		err = write_bytes(archive, bytes, size);
	return err ? err : end_blob(archive, digest, size);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */

static int write_index(struct archive_sink *archive, struct json_object *descriptors)
{
	erofs_auto_json struct json_object *index = erofs_oci_index_new();
	const char *text;

	if (!index || json_object_object_add(index, "manifests", json_object_get(descriptors)))
		return -ENOMEM;
	text = erofs_oci_json_document(index);
	return text ? write_file(archive, "index.json", text, strlen(text)) : -ENOMEM;
}

static int publish(struct oci_sink *sink, struct json_object *descriptors)
{
	struct archive_sink *archive = of(sink);
	int err = write_index(archive, descriptors);

	if (!err)
		err = write_zeros(archive, 2 * TAR_BLOCK);
	if (err)
		return err;
	if (!archive->no_sync && fsync(archive->fd))
		err = -errno;
	if (!err && rename(archive->temporary, archive->path))
		err = -errno;
	if (err)
		return report_write(archive, err);
	free(archive->temporary);
	archive->temporary = NULL;
	if (!archive->no_sync)
		err = erofs_output_sync_folder(archive->path);
	return err ? report_write(archive, err) : 0;
}

static void close_sink(struct oci_sink *sink)
{
	struct archive_sink *archive = of(sink);

	if (archive->fd >= 0)
		close(archive->fd);
	if (archive->temporary)
		unlink(archive->temporary);
	erofs_oci_store_close(archive->store);
	free(archive->temporary);
	free(archive->folder);
	free(archive->path);
	free(archive->blobs);
	free(archive);
}

static const struct oci_sink_ops archive_ops = {
	.there = there,
	.has = has,
	.put = put,
	.copy = copy,
	.temporary = temporary,
	.take = take,
	.publish = publish,
	.close = close_sink,
};

/* Nothing but such an archive is replaced. */
static int look_at_old(struct archive_sink *archive)
{
	struct stat st;

	if (stat(archive->path, &st))
		return errno == ENOENT ? 0
				       : erofs_report(archive->diag, -errno, "cannot look at '%s': %s", archive->path,
						      strerror(errno));
	if (S_ISREG(st.st_mode) && !st.st_size)
		return 0;
	if (S_ISREG(st.st_mode) &&
	    !erofs_oci_store_open_archive(&archive->store, archive->path, archive->cancel, NULL) &&
	    !archive->store->is_saved)
		return 0;
	return erofs_report(archive->diag, -EEXIST, "'%s' is there, and is no archive of an OCI layout", archive->path);
}

static int begin(struct archive_sink *archive)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	char *temporary = erofs_oci_temporary_name(archive->folder, "");

	if (!temporary)
		return -ENOMEM;
	archive->fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (archive->fd < 0) {
		free(temporary);
		return erofs_report(archive->diag, -errno, "cannot create a file for '%s': %s", archive->path,
				    strerror(errno));
	}
	archive->temporary = temporary;
	return write_file(archive, "oci-layout", layout, sizeof(layout) - 1);
}

int erofs_oci_sink_open_archive(struct oci_sink **out, const char *path, const struct oci_sink_options *options)
{
	struct archive_sink *archive = calloc(1, sizeof(*archive));
	const char *slash = strrchr(path, '/');
	int err;

	if (!archive)
		return -ENOMEM;
	*archive = (struct archive_sink){
		.sink = { .ops = &archive_ops },
		.path = strdup(path),
		.folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup("."),
		.no_sync = options->no_sync,
		.diag = options->diag,
		.cancel = options->cancel,
		.fd = -1,
	};
	err = archive->path && archive->folder ? look_at_old(archive) : -ENOMEM;
	if (!err)
		err = begin(archive);
	if (err)
		close_sink(&archive->sink);
	else
		*out = &archive->sink;
	return err;
}
