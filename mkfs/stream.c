/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mkfs/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool names_stdout(const char *path)
{
	static const char *const names[] = { "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

/* What belongs beside an image. */
static bool check_options(const struct mkfs_options *options)
{
	const char *unfit = options->vmdk_path		 ? "--vmdk-desc"
			    : options->build.data_device ? "--blobdev"
			    : options->build.offset	 ? "--offset"
			    : options->json		 ? "--json"
							 : NULL;

	if (options->input == MKFS_OCI && options->oci_layers != MKFS_FLATTEN)
		return mkfs_refuse("--oci: standard output is one image, and layers= makes several");
	return !unfit || mkfs_refuse("%s has no place where standard output is the image", unfit);
}

bool mkfs_begin_stream(struct mkfs_stream *stream, struct mkfs_options *options)
{
	const char *directory;
	struct stat st;

	stream->fd = -1;
	if (!names_stdout(options->output))
		return true;
	if (fstat(STDOUT_FILENO, &st))
		return mkfs_refuse("standard output, which the image should go to: %s", strerror(errno));
	if (isatty(STDOUT_FILENO))
		return mkfs_refuse("standard output is a terminal, no place for an image");
	/* A file is written in place, as under its name. */
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
		options->output = "/dev/stdout";
		return true;
	}
	if (!check_options(options))
		return false;
	stream->fd = erofs_open_nameless(&directory);
	if (stream->fd < 0)
		return mkfs_refuse("cannot make a file in '%s' (TMPDIR) for the image until it is finished: %s",
				   directory, strerror(-stream->fd));
	snprintf(stream->path, sizeof(stream->path), "/proc/self/fd/%d", stream->fd);
	options->output = stream->path;
	options->build.no_sync = options->is_stream = true;
	return true;
}

static int write_all(const char *buffer, size_t size)
{
	while (size) {
		ssize_t done = write(STDOUT_FILENO, buffer, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		buffer += done;
		size -= (size_t)done;
	}
	return 0;
}

static int send(int fd)
{
	static char buffer[256 * 1024];
	off_t at = 0;
	ssize_t size;
	int err = 0;

	while (!err && (size = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		err = write_all(buffer, (size_t)size);
		at += size;
	}
	return err ? err : size < 0 ? -errno : 0;
}

int mkfs_end_stream(struct mkfs_stream *stream, int err)
{
	if (stream->fd < 0)
		return err;
	if (!err) {
		err = send(stream->fd);
		if (err)
			mkfs_refuse("cannot write the image to standard output: %s", strerror(-err));
	}
	close(stream->fd);
	return err;
}
