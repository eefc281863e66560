/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef FUSE_OPTIONS_H
#define FUSE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/image.h>

struct options {
	const char *image, *mountpoint;
	struct erofs_image_options open;
	const char **devices; /* what open.devices points to */
	bool foreground, debug;
	bool single_thread, clone_fd;
	unsigned int max_threads, max_idle_threads;
	size_t cache_bytes;
	enum erofs_severity verbosity;
	bool wants_writing; /* "rw" was among the options */
	bool enforces;	    /* Linux is to compare callers with modes: default_permissions, allow_other, allow_root */
	char *passed_on;    /* other mount options, separated by commas; NULL: none */
	char **lists;	    /* copies of what -o got, list_count of them, to which all strings of theirs point */
	size_t list_count;
};

/*
 * Reads the command line. -1: go on; else the status to exit with: --help and --version are done, a mistake is reported.
 * options_release() frees what it allocated.
 */
int options_parse(struct options *options, int argc, char **argv);
void options_release(struct options *options);

#endif
