/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <erofs/api.h>

#include "lib/util/cleanup.h"

int64_t erofs_file_read_some_at(int fd, void *buf, size_t length, uint64_t offset)
{
	uint8_t *to = buf;
	size_t got = 0;

	while (got < length) {
		ssize_t count = pread(fd, to + got, length - got, (off_t)(offset + got));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		got += (size_t)count;
	}
	return (int64_t)got;
}

int erofs_file_read_at(int fd, void *buf, size_t length, uint64_t offset)
{
	int64_t got = erofs_file_read_some_at(fd, buf, length, offset);

	return got < 0 ? (int)got : (uint64_t)got < length ? -EIO : 0;
}

int64_t erofs_file_read(int fd, void *buf, size_t length)
{
	uint8_t *to = buf;
	size_t got = 0;

	while (got < length) {
		ssize_t count = read(fd, to + got, length - got);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		got += (size_t)count;
	}
	return (int64_t)got;
}

int erofs_file_write_at(int fd, const void *buf, size_t length, uint64_t offset)
{
	struct iovec vector = { .iov_base = (void *)(uintptr_t)buf, .iov_len = length };

	return erofs_file_writev_at(fd, &vector, 1, offset);
}

/* Steps over `count` bytes that have been written. */
static void advance(struct iovec **vector, size_t *entries, size_t count)
{
	while (*entries && count >= (*vector)->iov_len) {
		count -= (*vector)->iov_len;
		(*vector)++;
		(*entries)--;
	}
	if (*entries) {
		(*vector)->iov_base = (uint8_t *)(*vector)->iov_base + count;
		(*vector)->iov_len -= count;
	}
}

int erofs_file_writev_at(int fd, struct iovec *vector, size_t count, uint64_t offset)
{
	advance(&vector, &count, 0);
	while (count) {
		ssize_t written = pwritev(fd, vector, count < IOV_MAX ? (int)count : IOV_MAX, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		if (!written)
			return -EIO;
		offset += (uint64_t)written;
		advance(&vector, &count, (size_t)written);
	}
	return 0;
}

int erofs_file_size(uint64_t *size, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode)) {
		*size = (uint64_t)st.st_size;
		return 0;
	}
	if (!S_ISBLK(st.st_mode))
		return -ENODEV;
	return ioctl(fd, BLKGETSIZE64, size) ? -errno : 0;
}

/* NFS, FAT and others have no files without a name; those kernels that do not know the flag say EISDIR. */
static int open_for_a_moment(const char *directory)
{
	erofs_auto_free char *name = NULL;
	int fd;

	if (asprintf(&name, "%s/erofs.XXXXXX", directory) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

int erofs_open_nameless(const char **directory)
{
	const char *wanted = getenv("TMPDIR");
	const char *place = wanted && *wanted ? wanted : "/var/tmp";
	int fd = open(place, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, S_IRUSR | S_IWUSR);

	if (directory)
		*directory = place;
	if (fd >= 0)
		return fd;
	return errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ? open_for_a_moment(place) : -errno;
}
