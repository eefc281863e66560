/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/archive/tar_input.h"
#include "lib/util/data_buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <erofs/text.h>

#include "lib/archive/unpack.h"
#include "lib/util/ahead.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

#define STREAM_BUFFER ((size_t)256 * 1024)
/* Headers are mostly far apart: what is read with one is rarely of use. */
#define RANDOM_BUFFER ((size_t)8 * 1024)
#define PIPE_SIZE     (1 << 20)
#define CANCEL_MS     200 /* a silent writer must not keep us from stopping */

static int report_read(const struct erofs_tar_input *input, int err)
{
	return erofs_report(input->diag, err, "cannot read %s: %s", input->name, strerror(-err));
}

/* ---- bytes as they are in the file -------------------------------------------------------------------------------------- */

static bool is_cancelled(const struct erofs_tar_input *input)
{
	return erofs_cancel_requested(input->cancel);
}

/* Waits until there is something to read, or until it does not matter any more. */
static int wait_for_bytes(const struct erofs_tar_input *input)
{
	struct pollfd wanted = { .fd = input->fd, .events = POLLIN };

	while (!is_cancelled(input)) {
		int ready = poll(&wanted, 1, CANCEL_MS);

		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
	return -ECANCELED;
}

/* Whatever one call gives of the file as it is; 0 at the end. Reported. */
static int64_t read_file(void *ctx, void *buf, size_t length)
{
	const struct erofs_tar_input *input = ctx;

	for (;;) {
		int err = is_cancelled(input) ? -ECANCELED : 0;
		ssize_t count;

		if (!err && !input->is_random && input->cancel)
			err = wait_for_bytes(input);
		if (err)
			return err == -ECANCELED ? err : report_read(input, err);
		count = input->is_random ? pread(input->fd, buf, length, (off_t)input->file_at)
					 : read(input->fd, buf, length);
		if (count >= 0)
			return count;
		if (errno != EINTR && errno != EAGAIN)
			return report_read(input, -errno);
	}
}

static int64_t read_unpacked(const struct erofs_tar_input *input, void *buf, size_t length)
{
	int64_t count = input->ahead ? erofs_ahead_read(input->ahead, buf, length)
				     : erofs_archive_unpack_read(input->unpack, buf, length);
	const char *text = count < 0 ? erofs_archive_unpack_failure(input->unpack) : NULL;

	if (count == -EAGAIN && !text)
		return report_read(input, -EAGAIN);
	if (text)
		return erofs_report(input->diag, (int)count, "cannot decompress %s: %s", input->name, text);
	return count;
}

static bool copy(int fd, const uint8_t *bytes, size_t length)
{
	while (length) {
		ssize_t count = write(fd, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		bytes += count;
		length -= (size_t)count;
	}
	return true;
}

static int64_t unpack(void *ctx, void *buf, size_t length)
{
	return erofs_archive_unpack_read(ctx, buf, length);
}

/* Whatever one call gives of the archive; 0 at the end. Reported. */
static int64_t read_some(struct erofs_tar_input *input, void *buf, size_t length)
{
	int64_t count;

	if (input->feed)
		return input->feed(input->feed_ctx, buf, length);
	count = input->unpack ? read_unpacked(input, buf, length) : read_file(input, buf, length);
	if (count > 0)
		input->file_at += (uint64_t)count;
	if (count > 0 && input->is_copied)
		input->is_copied = copy(input->copy_fd, buf, (size_t)count);
	return count;
}

/* ---- bytes of the archive -------------------------------------------------------------------------------------------------- */

static int fill(struct erofs_tar_input *input)
{
	int64_t count = read_some(input, input->buffer, input->buffer_size);

	if (count < 0)
		return (int)count;
	input->at = 0;
	input->filled = (size_t)count;
	return count > 0;
}

static int64_t read_buffered(struct erofs_tar_input *input, uint8_t *buf, size_t length)
{
	size_t have = input->filled - input->at;

	if (have) {
		size_t taken = have < length ? have : length;

		memcpy(buf, input->buffer + input->at, taken);
		input->at += taken;
		return (int64_t)taken;
	}
	if (length < input->buffer_size) {
		int more = fill(input);

		return more > 0 ? read_buffered(input, buf, length) : more;
	}
	/* Much is wanted: past the buffer. */
	return read_some(input, buf, length);
}

int64_t erofs_archive_tar_input_read(struct erofs_tar_input *input, void *buf, size_t length)
{
	uint8_t *to = buf;
	size_t got = 0;

	while (got < length) {
		int64_t count = read_buffered(input, to + got, length - got);

		if (count < 0)
			return count;
		if (!count)
			break;
		got += (size_t)count;
	}
	input->position += got;
	return (int64_t)got;
}

static int64_t skip_random(struct erofs_tar_input *input, uint64_t length)
{
	size_t have = input->filled - input->at;
	uint64_t size = (uint64_t)input->found.st_size;
	uint64_t left = size > input->position ? size - input->position : 0;

	if (length > left)
		length = left;
	input->position += length;
	if (length <= have) {
		input->at += length;
		return (int64_t)length;
	}
	input->at = input->filled = 0;
	input->file_at = input->position;
	return (int64_t)length;
}

int64_t erofs_archive_tar_input_skip(struct erofs_tar_input *input, uint64_t length)
{
	uint64_t skipped = 0;
	uint8_t scrap[16384];

	if (input->is_random)
		return skip_random(input, length);
	while (skipped < length) {
		size_t part = length - skipped < sizeof(scrap) ? (size_t)(length - skipped) : sizeof(scrap);
		int64_t count = erofs_archive_tar_input_read(input, scrap, part);

		if (count < 0)
			return count;
		skipped += (uint64_t)count;
		if ((size_t)count < part)
			break;
	}
	return (int64_t)skipped;
}

int erofs_archive_tar_input_drain(struct erofs_tar_input *input)
{
	int64_t skipped = input->is_random ? 0 : erofs_archive_tar_input_skip(input, INT64_MAX);

	return skipped < 0 ? (int)skipped : 0;
}

bool erofs_archive_tar_input_is_unchanged(const struct erofs_tar_input *input)
{
	struct stat now;

	return !fstat(input->fd, &now) && now.st_size == input->found.st_size &&
	       now.st_mtim.tv_sec == input->found.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == input->found.st_mtim.tv_nsec &&
	       now.st_ctim.tv_sec == input->found.st_ctim.tv_sec && now.st_ctim.tv_nsec == input->found.st_ctim.tv_nsec;
}

static int open_file(struct erofs_tar_input *input, const char *path)
{
	erofs_auto_free char *shown = NULL;

	if (!path || strcmp(path, "-") == 0) {
		input->fd = STDIN_FILENO;
		input->name = strdup("standard input");
		return input->name ? 0 : -ENOMEM;
	}
	shown = erofs_escape(path, strlen(path));
	if (!shown || asprintf(&input->name, "'%s'", shown) < 0) {
		input->name = NULL;
		return -ENOMEM;
	}
	input->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0)
		return erofs_report(input->diag, -errno, "cannot open %s: %s", input->name, strerror(errno));
	input->owns_fd = true;
	return 0;
}

/* Where a regular file is to be read from: standard input may stand somewhere behind its beginning. */
static int look_at_file(struct erofs_tar_input *input)
{
	off_t at;

	if (fstat(input->fd, &input->found))
		return report_read(input, -errno);
	if (S_ISDIR(input->found.st_mode))
		return erofs_report(input->diag, -EISDIR, "%s is a directory, no archive", input->name);
	at = S_ISREG(input->found.st_mode) ? lseek(input->fd, 0, SEEK_CUR) : -1;
	if (at >= 0) {
		input->is_random = true;
		input->position = input->file_at = (uint64_t)at;
	} else if (S_ISFIFO(input->found.st_mode)) {
		fcntl(input->fd, F_SETPIPE_SZ, PIPE_SIZE); /* fewer changes between us and the writer, if we may */
	}
	return 0;
}

/* Looks at the first bytes of a regular file, which stay in the buffer. */
static int look_at_start(struct erofs_tar_input *input, bool *is_packed)
{
	int64_t count = 1;

	while (count > 0 && input->filled < EROFS_UNPACK_START) {
		count = read_some(input, input->buffer + input->filled, input->buffer_size - input->filled);
		if (count < 0)
			return (int)count;
		input->filled += (size_t)count;
	}
	*is_packed = erofs_archive_unpack_is_packed(input->buffer, input->filled);
	return 0;
}

static int begin(struct erofs_tar_input *input)
{
	struct erofs_unpack_input from = { .read = read_file, .ctx = input };
	bool is_packed = false;
	int err;

	input->buffer_size = input->is_random ? RANDOM_BUFFER : STREAM_BUFFER;
	input->buffer = erofs_data_buffer(STREAM_BUFFER);
	if (!input->buffer)
		return -ENOMEM;
	err = input->is_random ? look_at_start(input, &is_packed) : 0;
	if (err || (input->is_random && !is_packed))
		return err;
	/* The file's own position still is where it was. */
	input->is_random = false;
	input->buffer_size = STREAM_BUFFER;
	input->filled = 0;
	input->position = 0;
	input->unpack = erofs_archive_unpack_new(&from);
	if (!input->unpack)
		return -ENOMEM;
	/* A pipe may be silent for long, and the thread could not be stopped. */
	if (is_packed)
		input->ahead = erofs_ahead_new(unpack, input->unpack, EROFS_AHEAD_BUFFERS);
	return 0;
}

int erofs_archive_tar_input_open(struct erofs_tar_input *input, const char *path, const struct erofs_cancel *cancel,
				 const struct erofs_diag *diag)
{
	int err;

	*input = (struct erofs_tar_input){ .fd = -1, .cancel = cancel, .diag = diag };
	err = open_file(input, path);
	if (!err)
		err = look_at_file(input);
	return err ? err : begin(input);
}

int erofs_archive_tar_input_feed(struct erofs_tar_input *input, const char *name,
				 int64_t (*feed)(void *ctx, void *buf, size_t length), void *ctx,
				 const struct erofs_diag *diag)
{
	*input = (struct erofs_tar_input){
		.fd = -1,
		.name = strdup(name),
		.feed = feed,
		.feed_ctx = ctx,
		.diag = diag,
		.buffer_size = STREAM_BUFFER,
		.buffer = erofs_data_buffer(STREAM_BUFFER),
	};
	return input->name && input->buffer ? 0 : -ENOMEM;
}

void erofs_archive_tar_input_close(struct erofs_tar_input *input)
{
	erofs_ahead_free(input->ahead);
	erofs_archive_unpack_free(input->unpack);
	if (input->owns_fd)
		close(input->fd);
	free(input->buffer);
	free(input->name);
	*input = (struct erofs_tar_input){ .fd = -1 };
}
