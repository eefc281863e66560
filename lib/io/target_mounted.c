/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/io/target.h"
#include "lib/util/report.h"

/* The file behind a loop device, or behind a partition of one. */
static bool find_backing_file(const struct stat *device, struct stat *file)
{
	static const char *const places[] = { "", "../" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		FILE *stream;
		bool found;

		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%sloop/backing_file", major(device->st_rdev),
			 minor(device->st_rdev), places[i]);
		stream = fopen(path, "re");
		if (!stream)
			continue;
		found = fgets(path, sizeof(path), stream);
		fclose(stream);
		if (!found)
			return false;
		path[strcspn(path, "\n")] = 0;
		return !stat(path, file);
	}
	return false;
}

static bool is_mounted_from(const struct mntent *mount, const struct stat *target)
{
	struct stat source;

	if (strcmp(mount->mnt_type, "erofs") != 0 || mount->mnt_fsname[0] != '/' || stat(mount->mnt_fsname, &source))
		return false;
	if (S_ISBLK(source.st_mode) && !find_backing_file(&source, &source))
		return false;
	return source.st_dev == target->st_dev && source.st_ino == target->st_ino;
}

int erofs_target_check_unused(const struct erofs_target *target, const struct erofs_diag *diag)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char text[2 * PATH_MAX];
	struct mntent mount;
	bool found = false;
	struct stat st;

	if (!mounts)
		return 0;
	while (!fstat(target->fd, &st) && !found && getmntent_r(mounts, &mount, text, sizeof(text)))
		found = is_mounted_from(&mount, &st);
	endmntent(mounts);
	return found ? erofs_report(diag, -EBUSY,
				    "'%s' is an image that is mounted; make the new one under another name",
				    target->path)
		     : 0;
}
