/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/trusted.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mount/say.h"

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

int trusted_path(const char *path)
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
