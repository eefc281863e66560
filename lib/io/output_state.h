/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_IO_OUTPUT_STATE_H
#define EROFS_IO_OUTPUT_STATE_H

#include "lib/io/output.h"

/* What output.c and output_open.c share. */

struct erofs_output {
	int fd;
	struct erofs_output_options options;
	uint64_t capacity; /* of a block device behind the offset; else UINT64_MAX */
	uint64_t expected; /* bytes; 0: not known */
	char *path;
	char *temporary;	 /* NULL: in place, or committed */
	char *sidecar;		 /* NULL: none */
	char *sidecar_temporary; /* NULL: it has its name */
	bool is_device;
	bool is_new; /* not in place */
	bool is_whole;	    /* in place, and all of the file is the image */
	bool is_unfinished; /* in place: what was there is gone, and the image is not complete */
	const struct erofs_diag *diag;
};

/* The target, in place or under a temporary name. On failure erofs_output_close() cleans up. */
int erofs_output_open_target(struct erofs_output *output);

/* Opens an existing target for writing; a negative errno, not reported. */
int erofs_output_open_existing(const struct erofs_output *output);

/*
 * In place: overwrites the front, so that nothing there looks like a finished image, with a mark by which a later build
 * recognizes what a killed one left.
 */
int erofs_output_mark(const struct erofs_output *output);

/* "dir/.name.random" beside a file. NULL: out of memory. */
char *erofs_output_temporary_name(const char *path);

/* Gives the sidecar its name. A negative errno, reported. */
int erofs_output_place_sidecar(struct erofs_output *output);

/* Gives a cache's entry, file and sidecar, their names, unless another writer was faster. Reported. */
int erofs_output_take_entry(struct erofs_output *output);

/* Removes what there is of the sidecar, under either name. */
void erofs_output_drop_sidecar(struct erofs_output *output);

int erofs_output_report(const struct erofs_output *output, int err, const char *what);

#endif
