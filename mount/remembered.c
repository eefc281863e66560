/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/remembered.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fsverity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/say.h"

#define DIGEST_MAX 64u

/* "sha256-<hex>", or "" without one. The file cannot change any more once it has one. */
static void measure(char *text, size_t size, const char *path)
{
	_Alignas(struct fsverity_digest) uint8_t room[sizeof(struct fsverity_digest) + DIGEST_MAX];
	struct fsverity_digest *digest = (struct fsverity_digest *)room;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), length;

	*text = 0;
	if (fd < 0)
		return;
	digest->digest_size = DIGEST_MAX;
	if (!ioctl(fd, FS_IOC_MEASURE_VERITY, digest) && digest->digest_size <= DIGEST_MAX) {
		length = snprintf(text, size, "%s-",
				  digest->digest_algorithm == FS_VERITY_HASH_ALG_SHA256	  ? "sha256"
				  : digest->digest_algorithm == FS_VERITY_HASH_ALG_SHA512 ? "sha512"
											  : "other");
		for (unsigned int i = 0; i < digest->digest_size; i++)
			length += snprintf(text + length, size - (size_t)length, "%02x", digest->digest[i]);
	}
	close(fd);
}

int remembered_measure(struct remembered *record, const struct mount_image *image, const struct mount_request *request)
{
	char digest[sizeof(record->name)];
	size_t size = 0;
	FILE *text = open_memstream(&record->text, &size);

	if (!text)
		return say_no_memory();
	measure(record->name, sizeof(record->name), image->path);
	fprintf(text, "%s\noffset %" PRIu64 "\n", erofs_version(), request->offset + request->fs_offset);
	for (size_t i = 0; *record->name && i < image->device_count; i++) {
		measure(digest, sizeof(digest), image->devices[i]);
		fprintf(text, "%s\n", digest);
		if (!*digest)
			record->name[0] = 0;
	}
	return fclose(text) ? say_no_memory() : 0;
}

void remembered_release(struct remembered *record)
{
	free(record->text);
}

/* The directory, or a negative errno: -EPERM if others could have written into it. */
static int open_directory(bool make)
{
	struct stat st;
	int fd;

	if (make && mkdir(REMEMBERED_DIR, 0700) && errno != EEXIST)
		return -errno;
	fd = open(REMEMBERED_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

bool remembered_is_known(const struct remembered *record)
{
	int directory = *record->name ? open_directory(false) : -ENOENT;
	size_t length = strlen(record->text);
	bool known = false;
	char *read_back;
	int fd;

	if (directory < 0)
		return false;
	fd = openat(directory, record->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	close(directory);
	if (fd < 0)
		return false;
	/* One byte more than it may have. */
	read_back = malloc(length + 1);
	known = read_back && read(fd, read_back, length + 1) == (ssize_t)length &&
		!memcmp(read_back, record->text, length);
	free(read_back);
	close(fd);
	return known;
}

/* Whole, or not there at all. */
static int write_record(int directory, const struct remembered *record)
{
	char draft[64];
	size_t length = strlen(record->text);
	int fd, err = 0;

	snprintf(draft, sizeof(draft), ".%ld", (long)getpid());
	unlinkat(directory, draft, 0);
	fd = openat(directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, record->text, length) != (ssize_t)length)
		err = errno ? -errno : -EIO;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(directory, draft, directory, record->name))
		err = -errno;
	if (err)
		unlinkat(directory, draft, 0);
	return err;
}

void remembered_add(const struct remembered *record)
{
	int directory = *record->name ? open_directory(true) : -ENOENT;
	int err = directory;

	if (!*record->name)
		return;
	if (directory >= 0) {
		err = write_record(directory, record);
		close(directory);
	}
	if (err < 0)
		say_warning(REMEMBERED_DIR ": the image is not remembered: %s",
			    err == -EPERM ? "others than root can write there" : strerror(-err));
}
