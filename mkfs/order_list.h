/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_MKFS_ORDER_LIST_H
#define EROFS_MKFS_ORDER_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <erofs/build.h>

/* The name of the list in the directory of the images. */
#define MKFS_ORDER_LIST "layers.json"

/* A layer, and where its image is. */
struct mkfs_listed_layer {
	const char *diff_id; /* NULL: the configuration does not say */
	const char *digest;
	const char *file;			   /* name in the directory */
	const struct erofs_build_summary *summary; /* of its build, for the root hash */
};

/*
 * Writes the list, lowest layer first, as JSON: complete, or not at all. None of the texts has a character that JSON would want
 * escaped. 0 or -errno, reported.
 */
int mkfs_write_order_list(const char *directory, const struct mkfs_listed_layer *layers, size_t count, bool sync);

#endif
