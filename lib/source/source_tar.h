/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_TAR_H
#define EROFS_SOURCE_TAR_H

#include <erofs/source.h>

#include "lib/source/source_filter.h"
#include "lib/source/source_label.h"
#include "lib/source/source_losses.h"
#include "lib/archive/tar_member.h"
#include "lib/tree/tree_paths.h"

/* The archive source: what its parts share. */

/* A range of data of a sparse file. */
struct tar_range {
	uint64_t start, end; /* of the file */
	uint64_t stored;     /* bytes of the ranges before it */
};

/* Where the data of a regular file are in the archive. */
struct tar_file {
	uint64_t data_at;
	bool is_sparse;
	size_t count; /* of ranges that are stored, one behind the other */
	struct tar_range ranges[];
};

/* The number of the first range that ends behind `offset`; file->count if none does. */
size_t erofs_source_tar_find_range(const struct tar_file *file, uint64_t offset);

struct tar_source {
	struct erofs_tree *tree;
	const struct erofs_scan_options *options; /* own_options */
	struct erofs_scan_options own_options;
	const struct erofs_diag *diag;
	struct erofs_tar_input input;
	struct tar_members members;
	struct erofs_paths paths;
	struct erofs_filter *filter;
	struct erofs_labels *labels;
	struct erofs_buffer scratch, found;
	struct erofs_losses losses;
	bool is_complete; /* the end of the archive was seen */
	bool passes_by;	  /* nobody will ask where in the input a file is */
	/* The inode of the member that is added, a regular file, with all its attributes; NULL: it is to be made. */
	struct erofs_tree_inode *known;

	/* the member that is arriving */
	const struct tar_file *file;
	uint64_t file_at, file_size;
	size_t range; /* the first one that does not lie before file_at */
};

/* The next member that is a regular file with data, all members on the way added to the tree: 1; 0 at the end. */
int erofs_source_tar_next_file(struct tar_source *source, struct erofs_tree_inode **out);

/* Adds one member; `*out` is its inode if it is a regular file, else NULL. */
int erofs_source_tar_add_member(struct tar_source *source, const struct tar_member *member,
				struct erofs_tree_inode **out);

/* Whether the path as a member gives it is left out: 1, 0; -ENOMEM. */
int erofs_source_tar_excludes(struct tar_source *source, const char *path);

/* Gives a regular file what its member says of its contents: size, place, holes. */
int erofs_source_tar_set_file(struct tar_source *source, struct erofs_tree_inode *inode,
			      const struct tar_member *member);

/* Gives an inode the attributes of its member, and its label. */
int erofs_source_tar_set_xattrs(struct tar_source *source, struct erofs_tree_inode *inode,
				const struct tar_extended *extended, const char *path);

/* Counts what of them the format cannot hold. */
void erofs_source_tar_note_losses(struct tar_source *source, const struct tar_extended *extended, const char *path);

/* When the tree is complete: labels for directories that no member describes. */
int erofs_source_tar_label_missing_parents(struct tar_source *source);

extern const struct erofs_source_ops erofs_source_tar_source_ops;
extern const struct erofs_arrival_ops erofs_source_tar_arrival_ops;

#endif
