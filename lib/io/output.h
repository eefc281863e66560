/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_IO_OUTPUT_H
#define EROFS_IO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <erofs/diag.h>

/*
 * Where an image is written. A file that does not exist yet is built under a temporary name beside the target and takes its
 * name when it is complete. What exists is written in place, so that it keeps its mode, owner and other names: a regular
 * file, which is emptied first, a block device, a region of either behind an offset. What might look like an image there is
 * wiped first, the superblock is written last, and a failure leaves none. Writes may come from several threads at once;
 * failures are reported once each.
 */
struct erofs_output;

struct erofs_output_options {
	uint64_t offset; /* bytes in front of the image, left alone */
	bool force;	 /* overwrite whatever is there */
	/*
	 * Others write and use the same name: a file that is there is not written in place, but stays until the new one, of mode
	 * 0644, takes its name, and for good if it came while the new one was made. Not with an offset.
	 */
	bool cache_entry;
	bool no_sync; /* leave it to the system when the image reaches the disk */
	/*
	 * The file holds the data of an image, and no superblock: they begin at EROFS_OUTPUT_DATA_START, and a mark in front of them
	 * tells later builds that the file may be overwritten.
	 */
	bool has_data_alone;
};

#define EROFS_OUTPUT_DATA_START 4096u

/*
 * Opens the target. Without `force` an existing one has to be empty, zeroed, an EROFS image, or what a killed build left; of
 * devices only other contents that are known count: file systems, partition tables. `options` may be NULL.
 */
int erofs_output_open(struct erofs_output **out, const char *path, const struct erofs_output_options *options,
		      const struct erofs_diag *diag);

/* Closes; if the output was not committed, removes the temporary file, or wipes the front of the target. */
void erofs_output_close(struct erofs_output *output);

/* How much the image may need, for the message when there is no room. */
void erofs_output_expect(struct erofs_output *output, uint64_t bytes);

/* Offsets count from the image's start, the first 1024 bytes belong to nobody. The vector is changed. */
int erofs_output_write(struct erofs_output *output, const void *data, size_t size, uint64_t offset);
int erofs_output_writev(struct erofs_output *output, struct iovec *vector, size_t count, uint64_t offset);

/* Writes `size` zeros. */
int erofs_output_write_zeros(struct erofs_output *output, uint64_t size, uint64_t offset);

/* Reads back what was written. */
int erofs_output_read(struct erofs_output *output, void *data, size_t size, uint64_t offset);

/* Whether any offset may be used as scratch space until the commit: a file of our own, which may have holes. */
bool erofs_output_has_scratch(const struct erofs_output *output);

/* The same as erofs_output_write() for scratch space, but silent: the caller can do without room there. */
int erofs_output_write_scratch(struct erofs_output *output, const void *data, size_t size, uint64_t offset);

/* Gives scratch space back to the file system, if that can be told so. */
void erofs_output_drop_scratch(struct erofs_output *output, uint64_t size, uint64_t offset);

/* In place: makes everything written so far reach the disk before what is written next. */
int erofs_output_barrier(struct erofs_output *output);

/*
 * Gives the file a companion called by its name and `suffix`, which has its name before the file does. Where the output is not a file
 * as a whole (a device, a region behind an offset, a file known by its descriptor only), there is none. Fails as the output does.
 */
int erofs_output_add_sidecar(struct erofs_output *output, const char *suffix, const void *data, size_t size);

/* Sets the final size, gives a new file its name, and returns when all of that is on the disk. */
int erofs_output_commit(struct erofs_output *output, uint64_t size);

/*
 * Undoes a commit, before the output is closed: a file that was made is gone again, what was there before is unfinished. For an
 * output that is worth nothing without another one.
 */
void erofs_output_revoke(struct erofs_output *output);

/* Brings the name of a file to the disk. A negative errno, not reported. */
int erofs_output_sync_folder(const char *path);

#endif
