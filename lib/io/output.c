/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* The bytes that make an image out of a row of bytes, and what stands around them. */
#define WIPE_START 0u
#define WIPE_SIZE  4096u

struct erofs_output {
	int fd;
	uint64_t offset;
	uint64_t capacity; /* of a block device behind the offset; else UINT64_MAX */
	uint64_t expected; /* bytes; 0: not known */
	char *path;	   /* the target, symbolic links resolved */
	char *temporary;   /* NULL: in place, or committed */
	bool is_device;
	const struct erofs_diag *diag;
};

static void release_output(struct erofs_output **output)
{
	erofs_output_close(*output);
}

void erofs_output_close(struct erofs_output *output)
{
	if (!output)
		return;
	if (output->fd >= 0)
		close(output->fd);
	if (output->temporary)
		unlink(output->temporary);
	free(output->temporary);
	free(output->path);
	free(output);
}

static int report(const struct erofs_output *output, int err, const char *what)
{
	if (err == -ENOSPC && output->expected)
		return erofs_report(output->diag, err, "cannot %s '%s': %s (the image needs up to %" PRIu64 " bytes)",
				    what, output->path, strerror(-err), output->expected);
	return erofs_report(output->diag, err, "cannot %s '%s': %s", what, output->path, strerror(-err));
}

/* "dir/.name.random" beside the target. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash + 1 - path) : 0;
	uint32_t random = 0;
	char *name;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)getpid();
	/* Cut, so that no legal target makes an illegal name. */
	return asprintf(&name, "%.*s.%.200s.%08" PRIx32, dir_len, path, path + dir_len, random) < 0 ? NULL : name;
}

/* Unlike mkstemp(), this leaves the mode to the umask. */
static int open_beside(struct erofs_output *output)
{
	for (int tries = 0; tries < 100; tries++) {
		output->temporary = temporary_name(output->path);
		if (!output->temporary)
			return -ENOMEM;
		output->fd = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (output->fd >= 0)
			return 0;
		/* Not ours: it must not be removed. */
		free(erofs_take(output->temporary));
		if (errno != EEXIST)
			break;
	}
	return report(output, -errno, "create");
}

static int open_in_place(struct erofs_output *output)
{
	static const uint8_t zeros[WIPE_SIZE];
	int err;

	/* O_EXCL without O_CREAT: a device that is mounted is busy. */
	output->fd = open(output->path, O_RDWR | O_CLOEXEC | (output->is_device ? O_EXCL : O_CREAT), 0666);
	if (output->fd < 0)
		return report(output, -errno, "open");
	if (output->is_device) {
		uint64_t size;

		err = erofs_file_size(&size, output->fd);
		if (err)
			return report(output, err, "open");
		if (output->offset > size)
			return erofs_report(output->diag, -ENOSPC, "offset %" PRIu64 " lies behind the end of '%s'",
					    output->offset, output->path);
		output->capacity = size - output->offset;
	}
	err = erofs_output_write(output, zeros, sizeof(zeros), WIPE_START);
	return err ? err : erofs_output_barrier(output);
}

/* Looks at what is there: a link is followed to what it names, so that the link itself survives. */
static int examine_target(struct erofs_output *output, const char *path)
{
	struct stat st;
	bool exists = !stat(path, &st);

	if (!exists && errno == ENOENT && !lstat(path, &st))
		return erofs_report(output->diag, -ENOENT,
				    "cannot create '%s': it is a symbolic link to something that does not exist", path);
	output->path = exists ? realpath(path, NULL) : strdup(path);
	if (!output->path)
		return exists ? erofs_report(output->diag, -errno, "cannot resolve '%s': %s", path, strerror(errno))
			      : -ENOMEM;
	if (!exists && (errno != ENOENT || !*path))
		return report(output, -errno, "create");
	output->is_device = exists && S_ISBLK(st.st_mode);
	if (exists && S_ISDIR(st.st_mode))
		return report(output, -EISDIR, "write to");
	if (exists && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return erofs_report(output->diag, -EINVAL,
				    "cannot write to '%s': neither a regular file nor a block device", path);
	return 0;
}

int erofs_output_open(struct erofs_output **out, const char *path, uint64_t offset, const struct erofs_diag *diag)
{
	erofs_auto(release_output) struct erofs_output *output = calloc(1, sizeof(*output));
	int err;

	if (!output)
		return -ENOMEM;
	*output = (struct erofs_output){ .fd = -1, .offset = offset, .capacity = UINT64_MAX, .diag = diag };
	err = examine_target(output, path);
	if (!err)
		err = output->is_device || offset ? open_in_place(output) : open_beside(output);
	if (!err)
		*out = erofs_take(output);
	return err;
}

void erofs_output_expect(struct erofs_output *output, uint64_t bytes)
{
	output->expected = bytes;
}

int erofs_output_writev(struct erofs_output *output, struct iovec *vector, size_t count, uint64_t offset)
{
	uint64_t length = 0;
	int err;

	for (size_t i = 0; i < count; i++)
		length += vector[i].iov_len;
	if (offset > output->capacity || length > output->capacity - offset)
		return report(output, -ENOSPC, "write to");
	err = erofs_file_writev_at(output->fd, vector, count, output->offset + offset);
	return err ? report(output, err, "write to") : 0;
}

int erofs_output_write(struct erofs_output *output, const void *data, size_t size, uint64_t offset)
{
	struct iovec vector = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };

	return erofs_output_writev(output, &vector, 1, offset);
}

int erofs_output_read(struct erofs_output *output, void *data, size_t size, uint64_t offset)
{
	int err = erofs_file_read_at(output->fd, data, size, output->offset + offset);

	return err ? report(output, err, "read back from") : 0;
}

bool erofs_output_has_scratch(const struct erofs_output *output)
{
	return output->temporary;
}

int erofs_output_write_scratch(struct erofs_output *output, const void *data, size_t size, uint64_t offset)
{
	return erofs_file_write_at(output->fd, data, size, output->offset + offset);
}

void erofs_output_drop_scratch(struct erofs_output *output, uint64_t size, uint64_t offset)
{
	/* Where that is not possible, the commit cuts it off. */
	(void)!fallocate(output->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(output->offset + offset),
			 (off_t)size);
}

int erofs_output_barrier(struct erofs_output *output)
{
	return output->is_device && fsync(output->fd) ? report(output, -errno, "write to") : 0;
}

int erofs_output_commit(struct erofs_output *output, uint64_t size)
{
	int err = erofs_output_barrier(output);

	if (err || !output->temporary)
		return err;
	if (ftruncate(output->fd, (off_t)size))
		return report(output, -errno, "write to");
	/* Some file systems tell of a full disk only now. */
	if (close(output->fd)) {
		output->fd = -1;
		return report(output, -errno, "write to");
	}
	output->fd = -1;
	if (rename(output->temporary, output->path))
		return report(output, -errno, "create");
	free(erofs_take(output->temporary));
	return 0;
}
