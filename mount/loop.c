/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define TRIES_MAX 64u

static int configure(int device, int file, uint64_t offset, uint64_t size_limit)
{
	struct loop_config config = {
		.fd = (uint32_t)file,
		.info = { .lo_offset = offset,
			  .lo_sizelimit = size_limit,
			  .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
	};

	return ioctl(device, LOOP_CONFIGURE, &config) ? -errno : 0;
}

int loop_attach(int *device, char *path, int file, uint64_t offset, uint64_t size_limit)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int err = control < 0 ? -errno : -EBUSY;

	/* Somebody else may take a free device between the two calls. */
	for (unsigned int i = 0; err == -EBUSY && i < TRIES_MAX; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0) {
			err = -errno;
			break;
		}
		snprintf(path, LOOP_PATH_SIZE, "/dev/loop%d", number);
		*device = open(path, O_RDONLY | O_CLOEXEC);
		if (*device < 0) {
			err = -errno;
			break;
		}
		err = configure(*device, file, offset, size_limit);
		if (err)
			close(*device);
	}
	if (control >= 0)
		close(control);
	return err;
}

static int status_of(const char *device, struct loop_info64 *info)
{
	struct stat st;
	int fd, err = 0;

	if (stat(device, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode) || major(st.st_rdev) != LOOP_MAJOR)
		return -ENOENT;
	fd = open(device, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, LOOP_GET_STATUS64, info))
		err = -errno;
	close(fd);
	return err;
}

/* The name, from where the kernel tells it in full; the structure has room for 63 bytes of it. */
static int read_name(uint32_t number, char *path, size_t size)
{
	char at[64];
	ssize_t length;
	int fd;

	snprintf(at, sizeof(at), "/sys/block/loop%u/loop/backing_file", number);
	fd = open(at, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ENOENT;
	length = read(fd, path, size - 1);
	close(fd);
	if (length < 1)
		return -ENOENT;
	path[length - (path[length - 1] == '\n')] = 0;
	return 0;
}

static int find_below(const char *device, struct loop_info64 *info, char *path, size_t size)
{
	struct stat st;
	int err = status_of(device, info);

	if (err)
		return -ENOENT;
	/* The name may be another file's by now, or nobody's. */
	if (read_name(info->lo_number, path, size) || stat(path, &st) || st.st_ino != info->lo_inode ||
	    (!S_ISBLK(st.st_mode) && st.st_dev != info->lo_device))
		return -ESTALE;
	return 0;
}

int loop_find_below(const char *device, char *path, size_t size)
{
	struct loop_info64 info;

	return find_below(device, &info, path, size);
}

int loop_backing_file(const char *device, char *path, size_t size)
{
	struct loop_info64 info;
	struct stat st;

	if (find_below(device, &info, path, size) || stat(path, &st) || !S_ISREG(st.st_mode))
		return -ENOENT;
	return info.lo_flags & LO_FLAGS_AUTOCLEAR && !info.lo_offset && !info.lo_sizelimit ? 0 : -ENOENT;
}

bool loop_is_attached(const char *device)
{
	struct loop_info64 info;

	return !status_of(device, &info);
}
