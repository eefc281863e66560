/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef MOUNT_REQUEST_H
#define MOUNT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the command line of mount.erofs asks for. */

/* An option for the kernel's file system; value NULL: a flag. */
struct mount_option {
	const char *key;
	const char *value;
};

/* Through what the kernel reads the image. */
enum mount_backing {
	BACKING_ANY, /* the file itself, where the kernel can, else a loop device */
	BACKING_FILE,
	BACKING_LOOP,
};

struct mount_request {
	const char *source;
	const char *target;
	const char *mount_namespace; /* of -N, NULL: the caller's */
	bool fake;		     /* everything but the mount */
	bool verbose;
	bool sloppy; /* options that the kernel does not know are left out */
	bool remount;
	bool inode_share;
	bool require_share; /* a mount without sharing is an error */
	bool verify;	    /* fingerprints are compared before the image is mounted */
	const char *domain; /* domain_id=, NULL: none */
	const char *device_dir;
	enum mount_backing backing;
	uint64_t offset;     /* of the image in its file, by a loop device */
	uint64_t size_limit; /* of the loop device, 0: the whole file */
	uint64_t fs_offset;  /* fsoffset=, which the kernel gets, too */
	uint64_t attr_set;   /* MOUNT_ATTR_... */
	uint64_t attr_clear;
	const char **devices; /* device=, in the order of the device table */
	size_t device_count;
	struct mount_option *options; /* all others, for the kernel */
	size_t option_count;
	char **texts; /* owned: what the strings above point into */
	size_t text_count;
};

/*
 * Reads the command line. -1: go on; else the status to exit with: --help and --version are done, a mistake is reported.
 * request_release() frees what it allocated, whatever was returned.
 */
int request_parse(struct mount_request *request, int argc, char **argv);
void request_release(struct mount_request *request);

/*
 * Adds what one -o says: options separated by commas, of which those between double quotes are none. Returns like
 * request_parse(). In request_options.c.
 */
int request_add_options(struct mount_request *request, const char *list);

/*
 * " (did you mean 'NAME'?)" for a name of -o that nobody knows, or "". Returns `out`, of TOOL_HINT_MAX bytes (common/nearest.h). In
 * request_options.c.
 */
const char *request_option_hint(char *out, const char *key);

#endif
