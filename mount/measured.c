/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/measured.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fsverity.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/dm_verity.h"

#define DIGEST_MAX 64u

/* A file cannot change any more once it has a digest. */
static void measure_file(struct measured *measured, int fd)
{
	_Alignas(struct fsverity_digest) uint8_t room[sizeof(struct fsverity_digest) + DIGEST_MAX];
	struct fsverity_digest *digest = (struct fsverity_digest *)room;
	size_t size = sizeof(measured->digest), length;

	digest->digest_size = DIGEST_MAX;
	if (ioctl(fd, FS_IOC_MEASURE_VERITY, digest) || digest->digest_size > DIGEST_MAX)
		return;
	length = (size_t)snprintf(measured->digest, size, "%s-",
				  digest->digest_algorithm == FS_VERITY_HASH_ALG_SHA256	  ? "sha256"
				  : digest->digest_algorithm == FS_VERITY_HASH_ALG_SHA512 ? "sha512"
											  : "other");
	for (unsigned int i = 0; i < digest->digest_size; i++)
		length += (size_t)snprintf(measured->digest + length, size - length, "%02x", digest->digest[i]);
}

void measured_take(struct measured *measured, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	*measured = (struct measured){ 0 };
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISBLK(st.st_mode))
		dm_verity_measure(measured, st.st_rdev);
	else
		measure_file(measured, fd);
	close(fd);
}
