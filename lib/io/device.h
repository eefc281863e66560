/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_IO_DEVICE_H
#define EROFS_IO_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A read-only row of bytes: a file, a block device, or memory. Reading is safe from several threads at once. Zero-initialised
 * it is closed and empty.
 */
struct erofs_device {
	bool is_open; /* fd is to be closed */
	int fd;
	const uint8_t *memory; /* borrowed */
	uint64_t base;	       /* bytes in front of the first one */
	uint64_t size;	       /* bytes from base on */
};

/*
 * Opens a regular file or block device read-only; what stands in front of `base` does not count. -ENODEV for any other
 * kind of file, -ERANGE if `base` lies behind its end.
 */
int erofs_device_open(struct erofs_device *out, const char *path, uint64_t base);

void erofs_device_use_memory(struct erofs_device *out, const void *data, uint64_t size);
void erofs_device_close(struct erofs_device *device);

/* Reads exactly `length` bytes. -ERANGE if they are not all inside the device, else -EIO and the like. */
int erofs_device_read(const struct erofs_device *device, void *buf, size_t length, uint64_t offset);

#endif
