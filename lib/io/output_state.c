/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/io/output_state.h"
#include "lib/io/target.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

int erofs_output_report(const struct erofs_output *output, int err, const char *what)
{
	if (err == -ENOSPC && output->expected)
		return erofs_report(output->diag, err, "cannot %s '%s': %s (the image needs up to %" PRIu64 " bytes)",
				    what, output->path, strerror(-err), output->expected);
	return erofs_report(output->diag, err, "cannot %s '%s': %s", what, output->path, strerror(-err));
}

int erofs_output_mark(const struct erofs_output *output)
{
	static const uint8_t bytes[EROFS_TARGET_FRONT] = EROFS_TARGET_UNFINISHED;

	return erofs_file_write_at(output->fd, bytes, sizeof(bytes), output->options.offset);
}

int erofs_output_barrier(struct erofs_output *output)
{
	/* A temporary file has another guard: it has no name yet that anyone would look for. */
	if (!output->is_unfinished || output->options.no_sync || !fdatasync(output->fd))
		return 0;
	return erofs_output_report(output, -errno, "write to");
}

char *erofs_output_temporary_name(const char *path)
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

int erofs_output_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	erofs_auto_free char *folder = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
	erofs_auto_fd int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (!folder)
		return -ENOMEM;
	/* A folder that may be written to, but not read. */
	if (fd < 0 && errno == EACCES) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd >= 0 && !syncfs(fd) ? 0 : -errno;
	}
	if (fd < 0)
		return -errno;
	/* Some file systems cannot do it for folders, and need not. */
	return fsync(fd) && errno != EINVAL && errno != EOPNOTSUPP ? -errno : 0;
}
