/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_STREAM_H
#define EROFS_MKFS_STREAM_H

#include "mkfs/options.h"

/*
 * "-" or /dev/stdout as the image: a pipe gets it when it is finished, for the superblock comes last and stands in front. Until then it is
 * a file without a name.
 */
struct mkfs_stream {
	int fd; /* -1: the image is no stream */
	char path[32];
};

/* If it is one, the options' output becomes that file. False when reported; mkfs_end_stream() is needed either way. */
bool mkfs_begin_stream(struct mkfs_stream *stream, struct mkfs_options *options);

/* Sends the finished image, if `err` is 0. Returns that, or a negative errno, reported. */
int mkfs_end_stream(struct mkfs_stream *stream, int err);

#endif
