/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/trusted.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mount/loop.h"
#include "mount/say.h"

/* Of loop devices over loop devices. */
#define DEPTH_MAX 8u

/* Block devices are root's group's, too: Debian's "disk", whose members can become root with it. */
static mode_t others(const struct stat *st)
{
	return S_ISBLK(st->st_mode) ? S_IWOTH : S_IWGRP | S_IWOTH;
}

static int judge(const char *image, const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return say_error("%s: %s", path, strerror(errno));
	if (st.st_uid == 0 && (!(st.st_mode & others(&st)) || (S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX)))
		return 0;
	return say_error("%s: not verified: others than root can change %s", image, path);
}

static int trusted_name(const char *path)
{
	char real[PATH_MAX], *slash = real;
	int status;

	if (!realpath(path, real))
		return say_error("%s: %s", path, strerror(errno));
	status = judge(path, "/");
	while (!status && (slash = strchr(slash + 1, '/'))) {
		*slash = 0;
		status = judge(path, real);
		*slash = '/';
	}
	return status ? status : judge(path, real);
}

int trusted_path(const char *path)
{
	char at[PATH_MAX], below[PATH_MAX];
	int status, err = 0;

	snprintf(at, sizeof(at), "%s", path);
	for (unsigned int depth = 0; depth < DEPTH_MAX; depth++) {
		status = trusted_name(at);
		if (status)
			return status;
		err = loop_find_below(at, below, sizeof(below));
		if (err == -ENOENT)
			return 0;
		if (err)
			return say_error("%s: not verified: the file below it cannot be found", at);
		strcpy(at, below);
	}
	return say_error("%s: not verified: too many loop devices", path);
}
