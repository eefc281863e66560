/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/io/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io/file.h"

int erofs_device_open(struct erofs_device *out, const char *path, uint64_t base)
{
	/* Without O_NONBLOCK a FIFO would wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t size;
	int err;

	if (fd < 0)
		return -errno;
	err = erofs_file_size(&size, fd);
	if (!err && base > size)
		err = -ERANGE;
	if (err) {
		close(fd);
		return err;
	}
	*out = (struct erofs_device){ .is_open = true, .fd = fd, .base = base, .size = size - base };
	return 0;
}

void erofs_device_use_memory(struct erofs_device *out, const void *data, uint64_t size)
{
	*out = (struct erofs_device){ .fd = -1, .memory = data, .size = size };
}

void erofs_device_close(struct erofs_device *device)
{
	if (device->is_open)
		close(device->fd);
	*device = (struct erofs_device){ 0 };
}

int erofs_device_read(const struct erofs_device *device, void *buf, size_t length, uint64_t offset)
{
	if (offset > device->size || length > device->size - offset)
		return -ERANGE;
	if (!length)
		return 0;
	if (device->memory) {
		memcpy(buf, device->memory + offset, length);
		return 0;
	}
	return erofs_file_read_at(device->fd, buf, length, device->base + offset);
}
