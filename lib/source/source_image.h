/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SOURCE_IMAGE_H
#define EROFS_SOURCE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/compress.h>
#include <erofs/image.h>
#include <erofs/source.h>
#include <erofs/walk.h>

#include "lib/reader/reader.h"
#include "lib/source/source_filter.h"
#include "lib/source/source_label.h"
#include "lib/source/source_losses.h"
#include "lib/tree/tree.h"

/* The image source: what its parts share. */

/* What overlayfs would make of an inode; known only when images are merged. */
enum image_mark {
	IMAGE_OPAQUE = 1,   /* directory: nothing of lower images shows through */
	IMAGE_WHITEOUT = 2, /* empty file: hides a name of lower images */
};

struct image_origin {
	const struct image_layer *layer;
	uint64_t nid;
	uint8_t marks; /* enum image_mark */
	/* Regular files of an image that is taken over: */
	int8_t algorithm;	       /* enum erofs_algorithm; -1: stored flat */
	bool has_small;		       /* clusters of one block */
	uint64_t encoded_end;	       /* see struct erofs_content */
	const struct image_thin *thin; /* of a thin image */
};

/* How a regular file lies in its image, for another one that only points there. */
struct image_thin {
	const struct image_layer *layer;
	uint8_t layout;
	bool has_block;
	uint32_t u;	   /* a block of its image if it has one */
	unsigned int unit; /* bytes of an entry of the index; 0: there is none */
	uint64_t count;	   /* of them */
	bool has_header;   /* of a compressed file */
	uint8_t header[EROFS_ZMAP_HEADER_SIZE];
	uint8_t *entries;		 /* addresses count from the image's own first block */
	struct erofs_thin_chunk *chunks; /* instead of entries */
	uint8_t *tail;
	uint32_t tail_size;
	const uint8_t *digest; /* carried over; or NULL */
};

/* How the files of an image that is taken over are stored. */
struct image_storage {
	uint32_t algorithms;	  /* in use: bitmap */
	uint32_t largest_cluster; /* bytes */
	uint32_t piece_size;	  /* bytes, of a file of encoded extents; 0: none is known */
	uint64_t full_files, compact_files, extent_files, inline_files, tail_files;
	uint64_t recoded_files; /* that are encoded anew, all or in part */
	bool interlaced;
	bool has_encoded_dirs;
	bool has_zeros;	      /* clusters: some extents take no data */
	bool for_old_kernels; /* the new image needs no kernel that its source does not need */
};

/* One of the images. */
struct image_layer {
	const char *path; /* as the user gave it, copied */
	struct erofs_image *image;
	bool is_upper;		/* there is another one below */
	unsigned int number;	/* among the images */
	uint64_t first_block;	/* of a thin image: behind those of the images before it */
	char tag[65];		/* of a thin image: digest of the file */
	uint64_t index_entries; /* of a thin image: of all indexes taken over so far */
	struct erofs_losses losses;
};

struct image_source {
	struct erofs_tree *tree;
	struct image_layer *layers; /* lowest first */
	size_t layer_count;
	/* during the scan */
	const struct erofs_scan_options *options; /* own_options */
	struct erofs_scan_options own_options;
	const struct erofs_diag *diag;
	struct erofs_filter *filter;
	struct erofs_labels *labels;
	/* of an image that is taken over */
	bool takes_over;
	bool is_thin;		   /* contents stay in the images */
	bool carries;		   /* fingerprints of the images */
	enum erofs_digest carried; /* their algorithm, as soon as there is one */
	uint32_t thin_features;
	struct erofs_compression_configs thin_configs; /* what any of them needs */
	bool thin_has_records;			       /* some have them written down */
	struct image_storage storage;
	uint8_t encodings[EROFS_ALGORITHM_COUNT]; /* position of the algorithm in the build's list */
};

/* Why something of an image cannot be read, in words. */
const char *erofs_source_image_why(int err);

/* Working memory for the attributes of one inode. */
struct image_scratch {
	struct erofs_buffer names, values, found;
};
void erofs_source_image_scratch_release(struct image_scratch *scratch);

/*
 * Fills in all attributes of an inode that has its place in the tree. Attributes of overlayfs are obeyed instead of kept when
 * images are merged. Reports what cannot be read.
 */
int erofs_source_image_fill_inode(struct image_source *source, struct image_layer *layer,
				  struct erofs_tree_inode *inode, const struct erofs_inode *from,
				  struct image_scratch *scratch);
int erofs_source_image_fill_xattrs(struct image_source *source, struct image_layer *layer,
				   struct erofs_tree_inode *inode, const struct erofs_inode *from,
				   struct image_scratch *scratch);

/* Makes struct erofs_tree_entry in a buffer the entries of a directory. -ENOMEM. */
int erofs_source_image_keep_entries(struct erofs_tree *tree, struct erofs_tree_inode *dir,
				    const struct erofs_buffer *entries);

/*
 * Lays the tree `upper` over the tree `lower` (NULL: over nothing), as overlayfs would: what results is in `upper`, without
 * whiteouts unless options->keep_overlay is set.
 */
int erofs_source_image_merge(struct image_source *source, struct erofs_tree_inode *lower,
			     struct erofs_tree_inode *upper);

/*
 * Contents. A reader is for one thread.
 */
struct image_reader {
	const struct erofs_diag *diag;
	/* The inode read last: a file is mostly read to its end before the next one. */
	const struct erofs_tree_inode *inode;
	struct erofs_inode from;
	bool has_map; /* its index is open */
	struct erofs_zmap map;
};

/* Reads the inode, if it is not the one at hand. */
int erofs_source_image_load(struct image_reader *reader, const struct erofs_tree_inode *inode);
int erofs_source_image_report_content(const struct image_reader *reader, int err, const struct erofs_tree_inode *inode);

/* Of struct erofs_source_ops. */
int erofs_source_image_reader_new(void **out, void *source, const struct erofs_diag *diag);
void erofs_source_image_reader_free(void *reader);
int erofs_source_image_open_content(void *reader, struct erofs_content *out, const struct erofs_tree_inode *inode);
int erofs_source_image_read_content(void *reader, struct erofs_content *content, void *buf, size_t length,
				    uint64_t offset);
int erofs_source_image_close_content(void *reader, struct erofs_content *content);
void erofs_source_image_abandon_content(struct erofs_content *content);
void erofs_source_image_release(void *source);

/* ---- encoded contents (source_image_encoded.c) ---- */

/* Finds out how a directory is stored. */
void erofs_source_image_survey_dir(struct image_source *source, const struct image_layer *layer,
				   const struct erofs_inode *from);

/* Finds out how a regular file is stored, and what of it can be taken over. */
void erofs_source_image_survey(struct image_source *source, struct erofs_tree_inode *inode,
			       const struct erofs_inode *from);

/* How the image is stored, as options that build another one like it. -ENOMEM. */
int erofs_source_image_describe(struct image_source *source, struct erofs_build_options *build);

int erofs_source_image_encoding(void *source, const struct erofs_tree_inode *inode, bool *small);
int erofs_source_image_encoded(void *reader, struct erofs_content *content, struct erofs_encoded_extent *out,
			       uint64_t offset);
int erofs_source_image_read_extent(void *reader, struct erofs_content *content,
				   const struct erofs_encoded_extent *extent, void *buf);

/* ---- contents that stay where they are (source_image_thin.c, source_image_thin_index.c) ---- */

/* Looks at the images, which are open; reports what cannot be pointed to. */
int erofs_source_image_thin_begin(struct image_source *source);

/* Finds the tags of the images (source_image_tag.c), in parallel. Reports. */
int erofs_source_image_make_tags(struct image_source *source);

/*
 * Fingerprints that are carried over (source_image_carry.c): whether there are any to be had; that of a file, reported if it
 * cannot be believed; and what `build` says of them.
 */
int erofs_source_image_carry_begin(struct image_source *source);
int erofs_source_image_carry(struct image_source *source, struct image_thin *thin, const struct erofs_tree_inode *inode,
			     const struct erofs_inode *from);
int erofs_source_image_carry_end(struct image_source *source, struct erofs_build_options *build);

/* Finds out how a regular file is stored. Reports. */
int erofs_source_image_thin_survey(struct image_source *source, const struct image_layer *layer,
				   struct erofs_tree_inode *inode, const struct erofs_inode *from);

/* Counts the entries of an index before there is memory for them. -EUCLEAN: there cannot be so many. */
int erofs_source_image_thin_count(struct image_source *source, const struct image_thin *thin);

/* Takes over the index of a compressed file. What it names lies inside the image on success. */
int erofs_source_image_thin_zmap(struct image_source *source, struct image_thin *thin, const struct erofs_inode *from);

/* What all sources of images do alike. */
#define EROFS_SOURCE_IMAGE_OPS                                                                                         \
	.reader_new = erofs_source_image_reader_new, .reader_free = erofs_source_image_reader_free,                    \
	.open = erofs_source_image_open_content, .read = erofs_source_image_read_content,                              \
	.close = erofs_source_image_close_content, .abandon = erofs_source_image_abandon_content,                      \
	.release = erofs_source_image_release

extern const struct erofs_source_ops erofs_source_image_thin_ops;
extern const struct erofs_source_ops erofs_source_image_source_ops;
extern const struct erofs_source_ops erofs_source_image_restamp_ops;

#endif
