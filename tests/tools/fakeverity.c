/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * A library for LD_PRELOAD that gives files below FAKEVERITY_UNDER an fs-verity digest, for kernels without fs-verity: 32 bytes
 * made of the file's size, inode and time of change, so that another file or a changed one has another one.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/fsverity.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_below(int fd)
{
	const char *under = getenv("FAKEVERITY_UNDER");
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (!under || length < 0)
		return 0;
	path[length] = 0;
	return !strncmp(path, under, strlen(under));
}

int ioctl(int fd, unsigned long request, ...)
{
	struct fsverity_digest *digest;
	struct stat st;
	va_list values;
	void *value;

	va_start(values, request);
	value = va_arg(values, void *);
	va_end(values);
	if (request != FS_IOC_MEASURE_VERITY || !is_below(fd))
		return ((int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl"))(fd, request, value);
	digest = value;
	if (fstat(fd, &st) || digest->digest_size < 32) {
		errno = EOVERFLOW;
		return -1;
	}
	digest->digest_algorithm = FS_VERITY_HASH_ALG_SHA256;
	digest->digest_size = 32;
	memset(digest->digest, 0, 32);
	memcpy(digest->digest, &st.st_size, 8);
	memcpy(digest->digest + 8, &st.st_ino, 8);
	memcpy(digest->digest + 16, &st.st_mtim, 16);
	return 0;
}
