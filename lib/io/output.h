/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_IO_OUTPUT_H
#define EROFS_IO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <erofs/diag.h>

/*
 * Where an image is written. A regular file is built under a temporary name beside the target and takes its name when it is
 * complete; a block device, or a file in which the image starts at an offset, is written in place, after what might look like
 * an image there has been wiped. Writes may come from several threads at once; failures are reported once each.
 */
struct erofs_output;

int erofs_output_open(struct erofs_output **out, const char *path, uint64_t offset, const struct erofs_diag *diag);

/* Closes, and removes the temporary file if the output was not committed. */
void erofs_output_close(struct erofs_output *output);

/* How much the image may need, for the message when there is no room. */
void erofs_output_expect(struct erofs_output *output, uint64_t bytes);

/* Offsets count from the image's start. The vector is changed. */
int erofs_output_write(struct erofs_output *output, const void *data, size_t size, uint64_t offset);
int erofs_output_writev(struct erofs_output *output, struct iovec *vector, size_t count, uint64_t offset);

/* Reads back what was written. */
int erofs_output_read(struct erofs_output *output, void *data, size_t size, uint64_t offset);

/* Whether any offset may be used as scratch space until the commit: a file of our own, which may have holes. */
bool erofs_output_has_scratch(const struct erofs_output *output);

/* The same as erofs_output_write() for scratch space, but silent: who has no room there can do without. */
int erofs_output_write_scratch(struct erofs_output *output, const void *data, size_t size, uint64_t offset);

/* Gives scratch space back to the file system, if that can be told so. */
void erofs_output_drop_scratch(struct erofs_output *output, uint64_t size, uint64_t offset);

/* Makes everything written so far reach a device before what is written next; nothing to do for regular files. */
int erofs_output_barrier(struct erofs_output *output);

/* Sets the final size and gives the file its name. */
int erofs_output_commit(struct erofs_output *output, uint64_t size);

#endif
