/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_LAYERS_H
#define EROFS_SOURCE_SOURCE_OCI_LAYERS_H

#include "lib/source/source_oci.h"
#include "lib/source/source_tar.h"

/*
 * Layers as a source: a first pass over all of them makes the tree, a second one hands out the contents of the files that are in
 * it. The second looks at the blobs' digests again: that costs less than the decompression beside it, holds for registries as for
 * files, and no time stamp has to be trusted.
 */

/* A file that has data, and the member that brings them. */
struct oci_file {
	struct erofs_tree_inode *inode;
	uint64_t member; /* of its layer, counted from 1 */
	size_t layer;
};

struct oci_source {
	struct tar_source tar; /* of the layer in hand; paths and tree are those of all layers */
	struct erofs_oci_image *image;
	size_t first, end;     /* layers */
	bool as_it_is;	       /* a layer for itself: whiteouts are files */
	bool has_pseudo_links; /* the layer in hand has put such into the tree */
	struct oci_layer *layer;
	size_t number;		   /* of the layer in hand */
	uint64_t member;	   /* the last one read */
	struct erofs_buffer files; /* struct oci_file */
	size_t next;
};

/* Begins with a layer. `verify_plain`: its diff_id, too. */
int erofs_source_oci_begin_layer(struct oci_source *source, size_t number, bool verify_plain);
/* The next member: 1; 0 at the end. */
int erofs_source_oci_next_member(struct oci_source *source, struct tar_member *out);
/* Reads the rest of the layer, and checks what it was. */
int erofs_source_oci_end_layer(struct oci_source *source);

/* Adds a member to the tree, or does what it says about lower layers; `*out`: its inode if it is a regular file. */
int erofs_source_oci_apply(struct oci_source *source, const struct tar_member *member, struct erofs_tree_inode **out);

/* At the end of a layer: what AUFS keeps of files with several names goes, and the files stay under those names. */
int erofs_source_oci_forget_pseudo_links(struct oci_source *source);

extern const struct erofs_arrival_ops erofs_source_oci_arrival_ops;

#endif
