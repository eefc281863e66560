/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/io/output_state.h"
#include "lib/io/target.h"
#include "lib/util/report.h"

/* Unlike mkstemp(), this leaves the mode to the umask. */
static int open_beside(struct erofs_output *output)
{
	for (int tries = 0; tries < 100; tries++) {
		char *name = erofs_output_temporary_name(output->path);

		if (!name)
			return -ENOMEM;
		output->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (output->fd >= 0) {
			output->temporary = name;
			output->is_new = true;
			return 0;
		}
		free(name);
		if (errno != EEXIST)
			break;
	}
	return erofs_output_report(output, -errno, "create");
}

/*
 * A file that came open from the caller: its name under /proc may lead to a file that we may not open, but have. -1 if the
 * path is no such name, or the file is not open for what we need.
 */
static int copy_inherited(const char *path)
{
	static const char *const folders[] = { "/proc/self/fd/", "/dev/fd/" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t length = strlen(folders[i]);
		int number, flags, end = 0;

		if (strncmp(path, folders[i], length) != 0 || sscanf(path + length, "%9d%n", &number, &end) != 1 ||
		    path[length + (size_t)end])
			continue;
		flags = fcntl(number, F_GETFL);
		/* With O_APPEND every write would go to the end. */
		if (flags >= 0 && (flags & O_ACCMODE) == O_RDWR && !(flags & O_APPEND))
			return fcntl(number, F_DUPFD_CLOEXEC, 3);
	}
	return -1;
}

int erofs_output_open_existing(const struct erofs_output *output)
{
	/* O_EXCL without O_CREAT: a device that is mounted is busy. */
	int fd = open(output->path, O_RDWR | O_CLOEXEC | (output->is_device ? O_EXCL : 0));
	int err = -errno;

	if (fd < 0 && !output->is_device && err == -EACCES)
		fd = copy_inherited(output->path);
	return fd < 0 ? err : fd;
}

static int measure_device(struct erofs_output *output)
{
	uint64_t size;
	int err = erofs_file_size(&size, output->fd);

	if (err)
		return erofs_output_report(output, err, "open");
	if (output->options.offset > size)
		return erofs_report(output->diag, -ENOSPC, "offset %" PRIu64 " lies behind the end of '%s'",
				    output->options.offset, output->path);
	output->capacity = size - output->options.offset;
	return 0;
}

/* What is there must be ours to overwrite. */
static int check_content(const struct erofs_output *output)
{
	const struct erofs_target target = {
		.fd = output->fd,
		.path = output->path,
		.offset = output->options.offset,
		.is_device = output->is_device,
		.has_data_alone = output->options.has_data_alone,
	};
	int err = output->is_whole ? erofs_target_check_unused(&target, output->diag) : 0;

	if (err)
		return err;
	return output->options.force ? erofs_target_forget(&target, output->diag)
				     : erofs_target_check_content(&target, output->diag);
}

static int open_in_place(struct erofs_output *output)
{
	int err;

	output->fd = erofs_output_open_existing(output);
	if (output->fd < 0)
		return erofs_output_report(output, output->fd, "open");
	output->is_whole = !output->is_device && !output->options.offset;
	err = output->is_device ? measure_device(output) : 0;
	if (!err)
		err = check_content(output);
	if (err)
		return err;
	/* As long as this fails, the old image is as it was. */
	if (output->is_whole && ftruncate(output->fd, 0))
		return erofs_output_report(output, -errno, "write to");
	output->is_unfinished = true;
	err = erofs_output_mark(output);
	if (err)
		return erofs_output_report(output, err, "write to");
	return erofs_output_barrier(output);
}

static int open_new(struct erofs_output *output)
{
	struct stat st;

	/* What is no link has come since: it takes that one's place, as it would have a moment later. */
	if (!lstat(output->path, &st) && S_ISLNK(st.st_mode))
		return erofs_report(output->diag, -ENOENT,
				    "cannot create '%s': it is a symbolic link to something that does not exist",
				    output->path);
	return open_beside(output);
}

int erofs_output_open_target(struct erofs_output *output)
{
	struct stat st;

	if (stat(output->path, &st)) {
		if (errno != ENOENT || !*output->path)
			return erofs_output_report(output, -errno, "create");
		return open_new(output);
	}
	if (S_ISDIR(st.st_mode))
		return erofs_output_report(output, -EISDIR, "write to");
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return erofs_report(output->diag, -EINVAL,
				    "cannot write to '%s': neither a regular file nor a block device", output->path);
	if (output->options.cache_entry && S_ISREG(st.st_mode))
		return open_beside(output);
	output->is_device = S_ISBLK(st.st_mode);
	return open_in_place(output);
}
