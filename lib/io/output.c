/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/io/output_state.h"
#include "lib/io/target.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Large enough for long writes to the disk, small enough to begin soon. */
#define WRITEBACK_STEP (UINT64_C(16) << 20)

/* A failure may come when the superblock is written already. */
static void take_back(struct erofs_output *output)
{
	int err;

	if (output->fd < 0)
		output->fd = erofs_output_open_existing(output);
	if (output->fd < 0) {
		erofs_output_report(output, output->fd, "invalidate the image in");
		return;
	}
	err = output->is_whole && !ftruncate(output->fd, 0) ? 0 : erofs_output_mark(output);
	if (!err && !output->options.no_sync && fsync(output->fd))
		err = -errno;
	if (err)
		erofs_output_report(output, err, "invalidate the image in");
}

void erofs_output_close(struct erofs_output *output)
{
	if (!output)
		return;
	if (output->is_unfinished)
		take_back(output);
	if (output->fd >= 0)
		close(output->fd);
	erofs_output_drop_sidecar(output);
	if (output->temporary)
		unlink(output->temporary);
	free(output->temporary);
	free(output->path);
	free(output);
}

static void release_output(struct erofs_output **output)
{
	erofs_output_close(*output);
}

int erofs_output_open(struct erofs_output **out, const char *path, const struct erofs_output_options *options,
		      const struct erofs_diag *diag)
{
	erofs_auto(release_output) struct erofs_output *output = calloc(1, sizeof(*output));
	int err;

	if (!output)
		return -ENOMEM;
	*output = (struct erofs_output){ .fd = -1, .capacity = UINT64_MAX, .path = strdup(path), .diag = diag };
	if (options)
		output->options = *options;
	err = output->path ? erofs_output_open_target(output) : -ENOMEM;
	if (!err)
		*out = erofs_take(output);
	return err;
}

void erofs_output_revoke(struct erofs_output *output)
{
	if (!output->is_new)
		output->is_unfinished = true;
	else if (unlink(output->path))
		erofs_output_report(output, -errno, "remove");
}

void erofs_output_expect(struct erofs_output *output, uint64_t bytes)
{
	output->expected = bytes;
}

/*
 * Has the system begin to write while we still compress, so that there is less left to wait for in the end. The rest of
 * what is dirty is its business, and errors are told by fsync(). The write that crosses a step of the image does it: data are
 * appended, so each step is crossed about once, and no count is needed that all threads would share.
 */
static void start_writeback(const struct erofs_output *output, uint64_t offset, uint64_t length)
{
	if (!output->options.no_sync && offset / WRITEBACK_STEP != (offset + length) / WRITEBACK_STEP)
		(void)sync_file_range(output->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int erofs_output_writev(struct erofs_output *output, struct iovec *vector, size_t count, uint64_t offset)
{
	uint64_t length = 0;
	int err;

	for (size_t i = 0; i < count; i++)
		length += vector[i].iov_len;
	if (offset > output->capacity || length > output->capacity - offset)
		return erofs_output_report(output, -ENOSPC, "write to");
	err = erofs_file_writev_at(output->fd, vector, count, output->options.offset + offset);
	if (err)
		return erofs_output_report(output, err, "write to");
	start_writeback(output, offset, length);
	return 0;
}

int erofs_output_write(struct erofs_output *output, const void *data, size_t size, uint64_t offset)
{
	struct iovec vector = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };

	return erofs_output_writev(output, &vector, 1, offset);
}

int erofs_output_write_zeros(struct erofs_output *output, uint64_t size, uint64_t offset)
{
	static const uint8_t zeros[64 * 1024];
	int err = 0;

	while (!err && size) {
		size_t part = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);

		err = erofs_output_write(output, zeros, part, offset);
		offset += part;
		size -= part;
	}
	return err;
}

int erofs_output_read(struct erofs_output *output, void *data, size_t size, uint64_t offset)
{
	int err = erofs_file_read_at(output->fd, data, size, output->options.offset + offset);

	return err ? erofs_output_report(output, err, "read back from") : 0;
}

bool erofs_output_has_scratch(const struct erofs_output *output)
{
	return output->temporary || (output->is_whole && output->is_unfinished);
}

int erofs_output_write_scratch(struct erofs_output *output, const void *data, size_t size, uint64_t offset)
{
	return erofs_file_write_at(output->fd, data, size, output->options.offset + offset);
}

void erofs_output_drop_scratch(struct erofs_output *output, uint64_t size, uint64_t offset)
{
	/* Where that is not possible, the commit cuts it off. */
	(void)!fallocate(output->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)(output->options.offset + offset), (off_t)size);
}

/* Some file systems tell of a full disk, or of a server that is gone, only now. */
static int close_file(struct erofs_output *output)
{
	int fd = output->fd;

	output->fd = -1;
	return close(fd) ? -errno : 0;
}

/* What stands at the start of a finished file: nothing, of an image. */
static int write_mark(const struct erofs_output *output)
{
	static const char none[sizeof(EROFS_TARGET_UNFINISHED)], data[sizeof(none)] = EROFS_TARGET_DATA;

	if (output->temporary && !output->options.has_data_alone)
		return 0;
	return erofs_file_write_at(output->fd, output->options.has_data_alone ? data : none, sizeof(none),
				   output->options.offset);
}

/* Sets the size, and returns when all of it is on the disk. */
static int finish_file(struct erofs_output *output, uint64_t size)
{
	int err = write_mark(output);

	if (!err && (output->temporary || output->is_whole) &&
	    ftruncate(output->fd, (off_t)(output->options.offset + size)))
		err = -errno;
	if (!err && output->options.cache_entry && fchmod(output->fd, 0644))
		err = -errno;
	if (!err && !output->options.no_sync && fsync(output->fd))
		err = -errno;
	if (!err)
		err = close_file(output);
	return err ? erofs_output_report(output, err, "write to") : 0;
}

static int take_name(struct erofs_output *output)
{
	int err = erofs_output_place_sidecar(output);

	if (err)
		return err;
	if (rename(output->temporary, output->path))
		return erofs_output_report(output, -errno, "create");
	err = output->options.no_sync ? 0 : erofs_output_sync_folder(output->path);
	if (err) {
		unlink(output->path);
		err = erofs_output_report(output, err, "write the folder of");
	}
	free(erofs_take(output->temporary));
	return err;
}

/* In place: the sidecar is there before the image is complete. */
static int commit_in_place(struct erofs_output *output, uint64_t size)
{
	int err = erofs_output_place_sidecar(output);

	if (!err)
		err = finish_file(output, size);
	if (!err && output->sidecar && !output->options.no_sync) {
		err = erofs_output_sync_folder(output->sidecar);
		if (err)
			erofs_output_report(output, err, "write the folder of");
	}
	return err;
}

static int commit_new(struct erofs_output *output, uint64_t size)
{
	int err = finish_file(output, size);

	if (err)
		return err;
	return output->options.cache_entry ? erofs_output_take_entry(output) : take_name(output);
}

int erofs_output_commit(struct erofs_output *output, uint64_t size)
{
	int err = output->temporary ? commit_new(output, size) : commit_in_place(output, size);

	if (err)
		return err;
	output->is_unfinished = false;
	free(erofs_take(output->sidecar_temporary));
	free(erofs_take(output->sidecar));
	return 0;
}
