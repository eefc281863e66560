/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io/output_state.h"
#include "lib/util/cleanup.h"

/*
 * An entry is a file and its sidecar, which two renames put into their places. A lock on the folder keeps the pairs of two writers
 * apart; it goes with the descriptor, so a killed writer leaves none. Where folders cannot be locked, equal writers are safe all
 * the same, because they make equal files.
 */
static int lock_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	erofs_auto_free char *folder = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	while (fd >= 0 && flock(fd, LOCK_EX) && errno == EINTR)
		;
	return fd;
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* A sidecar that lost its writer says nothing about a file that comes without one. */
static int drop_stale(const struct erofs_output *output)
{
	erofs_auto_free char *stale = NULL;

	if (output->sidecar)
		return 0;
	if (asprintf(&stale, "%s.dmverity", output->path) < 0) {
		stale = NULL;
		return -ENOMEM;
	}
	return unlink(stale) && errno != ENOENT ? erofs_output_report(output, -errno, "replace the sidecar of") : 0;
}

static int take_names(struct erofs_output *output)
{
	int err = drop_stale(output);

	if (!err)
		err = erofs_output_place_sidecar(output);
	if (err)
		return err;
	if (rename(output->temporary, output->path))
		return erofs_output_report(output, -errno, "create");
	free(erofs_take(output->temporary));
	/* Whole it is, whatever becomes of the folder: no reason to take it from those that use it already. */
	free(erofs_take(output->sidecar));
	err = output->options.no_sync ? 0 : erofs_output_sync_folder(output->path);
	return err ? erofs_output_report(output, err, "write the folder of") : 0;
}

int erofs_output_take_entry(struct erofs_output *output)
{
	int lock = lock_folder(output->path), err = 0;

	/* Another writer was faster, and somebody may use what it made. */
	if (is_file(output->path) && (!output->sidecar || is_file(output->sidecar))) {
		erofs_output_drop_sidecar(output);
		unlink(output->temporary);
		free(erofs_take(output->temporary));
	} else {
		err = take_names(output);
	}
	if (lock >= 0)
		close(lock);
	return err;
}
