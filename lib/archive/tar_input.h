/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_ARCHIVE_TAR_INPUT_H
#define EROFS_ARCHIVE_TAR_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <erofs/diag.h>

/*
 * The bytes of an archive, one after the other, decompressed if need be: from a regular file, of which what is of no interest
 * is not read, or from anything else that can be read. Failures are reported.
 */
struct erofs_tar_input {
	int fd;
	bool owns_fd;
	bool is_random;	   /* a regular file that is not compressed: read_at works, from any thread */
	uint64_t position; /* of the next byte; of the decompressed ones, if they are compressed */
	char *name;	   /* for messages */

	struct erofs_ahead *ahead;   /* of a file: reads on in `unpack`, which is its thread's until the end; or NULL */
	struct erofs_unpack *unpack; /* not is_random: what the bytes of the file come through */
	/* Where the bytes come from instead of a file: as many as there are, 0 at the end, negative when that has been reported. */
	int64_t (*feed)(void *ctx, void *buf, size_t length);
	void *feed_ctx;

	/* All bytes of the archive go there, too, as they are read; false again when that has failed. The fd is the caller's. */
	bool is_copied;
	int copy_fd;

	const struct erofs_cancel *cancel;
	const struct erofs_diag *diag;

	uint8_t *buffer; /* bytes of the archive */
	size_t buffer_size, at, filled;
	uint64_t file_at;  /* is_random: position of what the buffer will be filled with next */
	struct stat found; /* is_random: the file as it was when it was opened */
};

/* `path` NULL or "-": standard input. */
int erofs_archive_tar_input_open(struct erofs_tar_input *input, const char *path, const struct erofs_cancel *cancel,
				 const struct erofs_diag *diag);
/* Bytes that a function has, uncompressed ones. */
int erofs_archive_tar_input_feed(struct erofs_tar_input *input, const char *name,
				 int64_t (*feed)(void *ctx, void *buf, size_t length), void *ctx,
				 const struct erofs_diag *diag);
void erofs_archive_tar_input_close(struct erofs_tar_input *input);

/* The next `length` bytes: their count, which is smaller at the end of the input only. */
int64_t erofs_archive_tar_input_read(struct erofs_tar_input *input, void *buf, size_t length);

/* Steps over `length` bytes, likewise. */
int64_t erofs_archive_tar_input_skip(struct erofs_tar_input *input, uint64_t length);

/* Reads what is left, so that the process that writes into the pipe can end in peace, and a checksum at the end is looked at. */
int erofs_archive_tar_input_drain(struct erofs_tar_input *input);

/* is_random: whether the file is what it was when it was opened. */
bool erofs_archive_tar_input_is_unchanged(const struct erofs_tar_input *input);

#endif
