/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "mount/remembered.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/measured.h"
#include "mount/say.h"

int remembered_measure(struct remembered *record, const struct mount_image *image, const struct mount_request *request)
{
	struct measured measured;
	size_t size = 0;
	FILE *text = open_memstream(&record->text, &size);

	if (!text)
		return say_no_memory();
	measured_take(&measured, image->path);
	strcpy(record->name, measured.digest);
	fprintf(text, "%s\noffset %" PRIu64 "\n%s\n", erofs_version(), request->offset + request->fs_offset,
		measured.details);
	for (size_t i = 0; *record->name && i < image->device_count; i++) {
		measured_take(&measured, image->devices[i]);
		fprintf(text, "%s %s\n", measured.digest, measured.details);
		if (!*measured.digest)
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
