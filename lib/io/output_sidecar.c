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
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Names that stand for open files have no neighbours. */
static bool has_neighbours(const struct erofs_output *output)
{
	erofs_auto_free char *real = realpath(output->temporary ? output->temporary : output->path, NULL);

	return (output->temporary || output->is_whole) && real && strncmp(real, "/proc/", 6) != 0 &&
	       strncmp(output->path, "/proc/", 6) != 0 && strncmp(output->path, "/dev/", 5) != 0;
}

static int write_sidecar(const struct erofs_output *output, const void *data, size_t size)
{
	int fd = open(output->sidecar_temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), err;

	if (fd < 0)
		return -errno;
	err = erofs_file_write_at(fd, data, size, 0);
	if (!err && output->options.cache_entry && fchmod(fd, 0644))
		err = -errno;
	if (!err && !output->options.no_sync && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static int report(const struct erofs_output *output, int err)
{
	return erofs_report(output->diag, err, "cannot write '%s': %s", output->sidecar, strerror(-err));
}

int erofs_output_add_sidecar(struct erofs_output *output, const char *suffix, const void *data, size_t size)
{
	int err;

	if (output->options.offset || !has_neighbours(output))
		return 0;
	if (asprintf(&output->sidecar, "%s%s", output->path, suffix) < 0) {
		output->sidecar = NULL;
		return -ENOMEM;
	}
	output->sidecar_temporary = erofs_output_temporary_name(output->sidecar);
	if (!output->sidecar_temporary)
		return -ENOMEM;
	err = write_sidecar(output, data, size);
	return err ? report(output, err) : 0;
}

int erofs_output_place_sidecar(struct erofs_output *output)
{
	if (!output->sidecar)
		return 0;
	if (rename(output->sidecar_temporary, output->sidecar))
		return report(output, -errno);
	free(erofs_take(output->sidecar_temporary));
	return 0;
}

void erofs_output_drop_sidecar(struct erofs_output *output)
{
	const char *name = output->sidecar_temporary ? output->sidecar_temporary : output->sidecar;

	if (name)
		unlink(name);
	free(erofs_take(output->sidecar_temporary));
	free(erofs_take(output->sidecar));
}
