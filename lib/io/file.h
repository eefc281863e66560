/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_IO_FILE_H
#define EROFS_IO_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* read(2) and write(2) that do all they were asked for, whatever signals and short counts come between. */

/* Reads exactly `length` bytes; -EIO if the file ends before. */
int erofs_file_read_at(int fd, void *buf, size_t length, uint64_t offset);

/* Reads up to `length` bytes; the count, short only at the end of the file. */
int64_t erofs_file_read_some_at(int fd, void *buf, size_t length, uint64_t offset);

/* The same from the file's position on. */
int64_t erofs_file_read(int fd, void *buf, size_t length);

int erofs_file_write_at(int fd, const void *buf, size_t length, uint64_t offset);

/* Changes the vector while it goes. */
int erofs_file_writev_at(int fd, struct iovec *vector, size_t count, uint64_t offset);

/* Size of a regular file or block device; -ENODEV for other kinds. */
int erofs_file_size(uint64_t *size, int fd);

#endif
