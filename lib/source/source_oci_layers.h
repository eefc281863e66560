/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_SOURCE_OCI_LAYERS_H
#define EROFS_SOURCE_SOURCE_OCI_LAYERS_H

#include "lib/source/source_oci.h"
#include "lib/source/source_oci_hidden.h"
#include "lib/source/source_oci_record.h"
#include "lib/source/source_tar.h"

/*
 * Layers as a source. Each is read once, from the top down: what layers above hide is passed over, what they do not is handed out,
 * and all members are kept as records. The tree is made of those when the last layer has been read, the lowest first: what a
 * member means depends on what lies below it. A file that seemed to be hidden and is not (its path, or that of what seemed to
 * hide it, goes through a symbolic link of a lower layer) is then read from its layer again, whose digest is compared
 * again; one that seemed not to be hidden is wiped, as with archives.
 */

/* A file that has data and was passed over, and the member that brings them. */
struct oci_file {
	struct erofs_tree_inode *inode;
	uint64_t member; /* of its layer, counted from 1 */
	size_t layer;
};

#define OCI_LAYERS_AHEAD 3u

struct oci_source {
	struct tar_source tar; /* of the layer in hand; paths and tree are those of all layers */
	struct erofs_oci_image *image;
	size_t first, end;     /* layers */
	bool as_it_is;	       /* a layer for itself: whiteouts are files */
	bool has_pseudo_links; /* the layer in hand has put such into the tree */
	struct oci_layer *layer;
	struct oci_layer *coming[OCI_LAYERS_AHEAD]; /* the next ones, from `number` - 1 down */
	size_t coming_count;
	size_t number;	 /* of the layer in hand */
	uint64_t member; /* the last one read */

	/* the first reading */
	size_t read; /* so many layers were */
	struct oci_hidden hidden;
	struct oci_records *records; /* by layer, from `first` on */
	bool is_complete;	     /* the tree is */

	struct erofs_buffer files; /* struct oci_file */
	size_t next;
};

/* Begins with a layer. `is_first`: it was not read before, and those below it come next. */
int erofs_source_oci_begin_layer(struct oci_source *source, size_t number, bool is_first);
/* The next member: 1; 0 at the end. */
int erofs_source_oci_next_member(struct oci_source *source, struct tar_member *out);
/* Reads the rest of the layer, and checks what it was. */
int erofs_source_oci_end_layer(struct oci_source *source);
/* What messages call a layer; to be freed. NULL: out of memory. */
char *erofs_source_oci_layer_name(const struct oci_source *source, size_t number);

/*
 * Notes what the member hides of lower layers. `*is_wanted`: it is a file with contents that will be in the tree, as far as that
 * is known yet.
 */
int erofs_source_oci_foresee(struct oci_source *source, const struct tar_member *member, bool *is_wanted);

/* Adds a member to the tree, or does what it says about lower layers; `*out`: its inode if it is a regular file. */
int erofs_source_oci_apply(struct oci_source *source, const struct tar_member *member, struct erofs_tree_inode **out);

/* At the end of a layer: what AUFS keeps of files with several names goes, and the files stay under those names. */
int erofs_source_oci_forget_pseudo_links(struct oci_source *source);

/* When all layers have been read: makes the tree, and lists the files that are missing in it. */
int erofs_source_oci_complete(struct oci_source *source);

extern const struct erofs_arrival_ops erofs_source_oci_arrival_ops;

#endif
