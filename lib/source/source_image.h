/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_IMAGE_H
#define EROFS_SOURCE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/image.h>
#include <erofs/source.h>
#include <erofs/walk.h>

#include "lib/source/source_filter.h"
#include "lib/source/source_label.h"
#include "lib/tree/tree.h"

/* The image source: what its parts share. */

/* What overlayfs would make of an inode; known only when images are merged. */
enum image_mark {
	IMAGE_OPAQUE = 1,     /* directory: nothing of lower images shows through */
	IMAGE_WHITEOUT = 2,   /* hides a name of lower images */
	IMAGE_XWHITEOUTS = 4, /* directory: marked empty files in it are whiteouts, too */
};

struct image_origin {
	const struct image_layer *layer;
	uint64_t nid;
	uint8_t marks; /* enum image_mark */
};

/* One of the images. */
struct image_layer {
	const char *path; /* as the user gave it, copied */
	struct erofs_image *image;
	bool is_upper; /* there is another one below */
};

struct image_source {
	struct erofs_tree *tree;
	struct image_layer *layers; /* lowest first */
	size_t layer_count;
	/* during the scan */
	const struct erofs_scan_options *options;
	const struct erofs_diag *diag;
	struct erofs_filter *filter;
	struct erofs_labels *labels;
};

/* Why something of an image cannot be read, in words. */
const char *erofs_image_why(int err);

/* Working memory for the attributes of one inode. */
struct image_scratch {
	struct erofs_buffer names, values, found;
};
void erofs_image_scratch_release(struct image_scratch *scratch);

/*
 * Fills in all attributes of an inode that has its place in the tree. Attributes of overlayfs are obeyed instead of kept when
 * images are merged. Reports what cannot be read.
 */
int erofs_image_fill_inode(struct image_source *source, const struct image_layer *layer, struct erofs_tree_inode *inode,
			   const struct erofs_inode *from, struct image_scratch *scratch);
int erofs_image_fill_xattrs(struct image_source *source, const struct image_layer *layer,
			    struct erofs_tree_inode *inode, const struct erofs_inode *from,
			    struct image_scratch *scratch);

/* Makes struct erofs_tree_entry in a buffer the entries of a directory. -ENOMEM. */
int erofs_image_keep_entries(struct erofs_tree *tree, struct erofs_tree_inode *dir, const struct erofs_buffer *entries);

/*
 * Lays the tree `upper` over the tree `lower` (NULL: over nothing), as overlayfs would: what results is in `upper`, without
 * whiteouts.
 */
int erofs_image_merge(struct erofs_tree *tree, struct erofs_tree_inode *lower, struct erofs_tree_inode *upper);

extern const struct erofs_source_ops erofs_image_source_ops;

#endif
