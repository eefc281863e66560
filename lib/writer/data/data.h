/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_DATA_H
#define EROFS_WRITER_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/codec/hasher.h"
#include "lib/io/output.h"
#include "lib/util/pages.h"
#include "lib/util/pool.h"
#include "lib/writer/data/dedup.h"
#include "lib/writer/data/fragments.h"
#include "lib/writer/data/tails.h"
#include "lib/writer/data/zone.h"
#include "lib/writer/index/zindex.h"
#include "lib/writer/plan/plan.h"

/*
 * The data of regular files: where they are and what they are. The data stage fills this in; the metadata are made from it.
 * While the stage runs, only its commits change anything here, one after the other.
 */

/* Where a regular file's data went, or those of a directory that is compressed; there is one for each inode, so it is kept small. */
struct erofs_place {
	/* Where its inline tail waits in the tail store, or its extents or its runs of blocks are among the lists of them. */
	uint64_t at : 62;
	uint64_t is_compressed : 1;
	uint64_t is_chunked : 1; /* stored in chunks, and not flat */
	uint32_t blkaddr; /* first block of what is stored; 0: none */
	uint32_t content; /* its number among the distinct contents, or EROFS_CONTENT_NONE */
};

/* Of an algorithm: the cluster that extents of zeros share. */
struct erofs_zero_cluster {
	uint32_t block;
	bool is_wanted;
};

struct erofs_data {
	struct erofs_output *output;
	struct erofs_pages places; /* struct erofs_place, by inode number */
	struct erofs_zone zone;
	struct erofs_dedup dedup;
	uint32_t lost_contents; /* known to it, of files that a later member replaced only */
	struct erofs_tails *tails;
	struct erofs_buffer extent_lists; /* of compressed contents */
	struct erofs_buffer chunk_lists;  /* of those in chunks */
	struct erofs_fragments fragments;
	struct erofs_packed *packed; /* the inode that they lie in, see packed.h; NULL if there are none */
	struct erofs_zero_cluster zeros[EROFS_ALGORITHM_COUNT];
	bool has_compressed;
	bool has_encoded_dirs; /* directories among the compressed inodes, see dirs_encode.h */
	bool has_chunks; /* some are in chunks */
	bool has_packed_tails; /* some of them end with one */
	bool has_shared;       /* some have extents of others */
	/* What segments with repeats or cuts encode to, without these and with them, and with what these add to indexes. */
	uint64_t bytes_without, bytes_with;
	uint64_t fragments_without, fragments_with; /* and what they leave as fragments */
	uint32_t arrived;	       /* files of arrivals, numbered in the order of their coming */
	struct erofs_pages arrivals;   /* const struct erofs_tree_inode *, by that number */
	struct erofs_hasher *uuid_hasher; /* NULL unless the UUID comes from the content */
};

/*
 * Room for the places of the plan's inodes; data begin at plan->data_start, unless they go to a `device` of their own (NULL: to the
 * output). -ENOMEM.
 */
int erofs_writer_data_init(struct erofs_data *data, const struct erofs_plan *plan, struct erofs_output *output,
			   struct erofs_output *device, struct erofs_tails *tails);
void erofs_writer_data_release(struct erofs_data *data);

/* The stage: all files of the tree, or all that arrive. Of arrivals it extends the plan, too. */
int erofs_writer_data_store(struct erofs_data *data, struct erofs_plan *plan, struct erofs_pool *pool);

/* Whether repeats cost more than they saved, or as good as. Then all is better done again without them. */
bool erofs_writer_data_lost_by_repeats(const struct erofs_data *data, const struct erofs_plan *plan);

/* When arrivals have ended and the tree is frozen: files keep their plans and places under their new numbers. */
int erofs_writer_data_adopt(struct erofs_data *data, struct erofs_plan *plan);

/* When the tree is known: what its files have left as fragments becomes the packed inode's data. */
int erofs_writer_data_pack(struct erofs_data *data, const struct erofs_plan *plan, struct erofs_pool *pool);

static inline struct erofs_place *erofs_writer_place(const struct erofs_data *data,
						     const struct erofs_tree_inode *inode)
{
	return erofs_pages_at(&data->places, inode->number);
}

/* ---- sizes, now that it is known what compression did (data_sizes.c) ---------------------------------------------------- */

enum erofs_data_layout erofs_writer_placed_layout(const struct erofs_plan *plan, const struct erofs_data *data,
						  const struct erofs_tree_inode *inode);

/* Log2 of the chunk size of a chunk-based inode. */
unsigned int erofs_writer_placed_chunkbits(const struct erofs_plan *plan, const struct erofs_data *data,
					   const struct erofs_tree_inode *inode);

/* What the index of a compressed inode is made from. */
struct erofs_zindex erofs_writer_zindex(const struct erofs_plan *plan, const struct erofs_data *data,
					const struct erofs_tree_inode *inode);

/* Bytes of inode, xattrs and chunk map or compressed index: what lies in front of an inline tail. */
uint64_t erofs_writer_placed_body(const struct erofs_plan *plan, const struct erofs_data *data,
				  const struct erofs_tree_inode *inode);

/* Bytes of the inline tail, encoded or not, 0 if there is none. */
uint32_t erofs_writer_placed_tail(const struct erofs_plan *plan, const struct erofs_data *data,
				  const struct erofs_tree_inode *inode);

/* The number of the fragment that a regular file ends with, or is; EROFS_FRAGMENT_NONE. */
uint32_t erofs_writer_placed_fragment(const struct erofs_data *data, const struct erofs_tree_inode *inode);

/* Where a regular file's inline tail waits in the tail store. */
uint64_t erofs_writer_placed_tail_at(const struct erofs_data *data, const struct erofs_tree_inode *inode);

/* Blocks that are not compressed ones. */
uint64_t erofs_writer_placed_blocks(const struct erofs_plan *plan, const struct erofs_data *data,
				    const struct erofs_tree_inode *inode);

/* Bytes of the device that hold the file's data, compressed or not. */
struct erofs_span {
	uint64_t start, size;
};
struct erofs_span erofs_writer_placed_span(const struct erofs_plan *plan, const struct erofs_data *data,
					   const struct erofs_tree_inode *inode);

#endif
