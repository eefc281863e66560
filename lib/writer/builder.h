/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_BUILDER_H
#define EROFS_WRITER_BUILDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <erofs/build.h>
#include <erofs/inode.h>

#include "lib/writer/data/compress.h"
#include "lib/writer/data/contents.h"
#include "lib/writer/data/gaps.h"
#include "lib/writer/data/tails.h"
#include "lib/writer/plan/xattr_plan.h"
#include "lib/writer/index/zindex.h"
#include "lib/io/output.h"
#include "lib/tree/tree.h"
#include "lib/util/pool.h"

/*
 * One build, stage by stage: plan (form and data layout of each inode) -> pack (data blocks) -> layout (nids) -> emit
 * (metadata blocks, superblock last). Each stage fills in members that the later ones only read.
 */

/* What is decided about one inode. Kept small: there is one for each. */
struct inode_plan {
	uint64_t position; /* layout: bytes from the start of the inode zone */
	union {
		uint64_t tail_at;  /* pack: where a regular file's inline tail waits in the tail store */
		uint64_t list_at;  /* pack: where a compressed file's extents are among the lists of them */
		uint64_t dir_size; /* plan: size of a directory's data */
	};
	uint32_t blkaddr;  /* pack, layout: first block of its data */
	uint32_t content;  /* pack: its number among the distinct contents, or EROFS_CONTENT_NONE */
	uint8_t layout;	   /* plan: enum erofs_data_layout; pack, where compression gains something */
	uint8_t chunkbits; /* plan: log2 of the chunk size of a chunk-based inode */
	bool extended;	   /* plan */
	bool is_placed;	   /* pack: by a streamed source, before it could be planned */
	bool wants_digest; /* plan: fingerprinted, or another file might have the same blocks */
	uint8_t way;	   /* plan: how a regular file is compressed */
	const struct erofs_tree_inode *inode;
};

/* The plans of so many inodes lie together; they stay where they are while a streamed source adds more. */
#define EROFS_PLANS_PER_PAGE 4096u

struct erofs_builder {
	const struct erofs_tree *tree;
	const struct erofs_build_options *options;
	const struct erofs_diag *diag;
	struct erofs_build_summary *summary;
	struct erofs_output *output;
	struct erofs_pool *pool;
	uint32_t blksz;

	/* plan */
	struct inode_plan **plan_pages; /* see erofs_plan() */
	uint32_t plan_page_count;
	uint32_t
		arrived; /* files of a streamed source; until it ends, inodes are numbered in the order of their coming */
	bool is_streamed;
	struct erofs_xattr_plan xattrs;
	int64_t epoch;
	uint32_t fixed_nsec;
	uint64_t data_bound;	    /* bytes of data blocks if nothing is shared */
	uint64_t metadata_bound;    /* bytes of metadata, roughly from above */
	uint64_t files, file_bytes; /* regular files to read */
	bool has_chunks;
	struct erofs_compress_plan compress; /* no ways: nothing is compressed */
	/*
	 * What stands from EROFS_SUPERBLOCK_OFFSET on in front of the data: room for the superblock and the compression
	 * configurations, and the long-prefix table, whose address in units of 4 bytes has 32 bits and would not reach behind
	 * the data of a large image.
	 */
	struct erofs_buffer front;
	uint32_t prefixes_at; /* bytes from the start of the image */

	/* pack; while it runs, only commits change these */
	struct erofs_contents contents;
	struct erofs_tails tails;
	uint64_t next_byte;		  /* of the device */
	struct erofs_gaps gaps;		  /* in front of data that begin with a block; for what does not */
	struct erofs_buffer extent_lists; /* of compressed contents */
	bool has_compressed;
	bool is_stale;			  /* what is not written holds old bytes */
	struct erofs_hasher *uuid_hasher; /* NULL unless the UUID comes from the content */

	/* layout: all in bytes from the start of the inode zone, which lies at block meta_blkaddr; nids: erofs_plan_nid() */
	uint32_t *by_position; /* inode numbers in the order of their positions */
	uint64_t meta_blkaddr;
	uint64_t zone_size;
	uint64_t shared_xattrs_at;
	uint64_t metadata_size; /* up to the end of the image */
};

/* The plan of the inode with this number. */
static inline struct inode_plan *erofs_plan(const struct erofs_builder *builder, uint32_t number)
{
	return &builder->plan_pages[number / EROFS_PLANS_PER_PAGE][number % EROFS_PLANS_PER_PAGE];
}

/*
 * The block that nids count from. It is the one in front of the inode zone, where the superblock or data are: so none is 0,
 * which readdir(3) takes for an entry that is no more, and the image is no larger for it.
 */
static inline uint64_t erofs_nid_blkaddr(const struct erofs_builder *builder)
{
	return builder->meta_blkaddr - 1;
}

/* The nid of the inode with this number, once it has its place. */
static inline uint64_t erofs_plan_nid(const struct erofs_builder *builder, uint32_t number)
{
	return (builder->blksz + erofs_plan(builder, number)->position) / EROFS_NID_SLOT;
}

/*
 * Makes room for the plans of so many inodes, zeroed: at once if `all`, else erofs_plans_add() does it one by one. -ENOMEM.
 */
int erofs_plans_init(struct erofs_builder *builder, uint32_t count, bool all);
void erofs_plans_release(struct erofs_builder *builder);

int erofs_plans_add(struct erofs_builder *builder, uint32_t number);

/* Bytes of an inode's data as the image has them. */
static inline uint64_t erofs_plan_size(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	return S_ISDIR(inode->mode) ? erofs_plan(builder, inode->number)->dir_size : inode->size;
}

/* Whether this inode carries a fingerprint. */
static inline bool erofs_plan_has_fingerprint(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	return builder->options->fingerprint != EROFS_DIGEST_NONE && S_ISREG(inode->mode) && inode->size;
}

static inline bool erofs_plan_is_compressed(const struct inode_plan *plan)
{
	return plan->layout == EROFS_LAYOUT_COMPRESSED_FULL || plan->layout == EROFS_LAYOUT_COMPRESSED_COMPACT;
}

/* What the index of a compressed inode is made from. */
struct erofs_zindex erofs_plan_zindex(const struct erofs_builder *builder, const struct erofs_tree_inode *inode);

/* Bytes of inode, xattrs and chunk map or compressed index: all that lies in front of an inline tail. */
uint64_t erofs_plan_body_size(const struct erofs_builder *builder, const struct erofs_tree_inode *inode);

/* Bytes of the inline tail, 0 if there is none. */
uint32_t erofs_plan_tail_size(const struct erofs_builder *builder, const struct erofs_tree_inode *inode);

/* Blocks that the inode's data take outside the metadata. */
uint64_t erofs_plan_blocks(const struct erofs_builder *builder, const struct erofs_tree_inode *inode);

/* What can be planned before there is a tree: prefix table, compression, where data begin. */
int erofs_build_plan_begin(struct erofs_builder *builder);

/* Plans a file of a streamed source, with what is known when its data come, and numbers it. */
int erofs_build_plan_arrival(struct erofs_builder *builder, struct erofs_tree_inode *inode);

/* When a streamed source has ended and the tree is frozen: files keep their places under their new numbers. */
int erofs_build_adopt(struct erofs_builder *builder);

/* Whether an inode's data stay where they are, on another device. */
static inline bool erofs_plan_is_outside(const struct erofs_builder *builder, const struct erofs_tree_inode *inode)
{
	return builder->options->data_outside && S_ISREG(inode->mode) && inode->size;
}

/* Chooses the chunk size of such an inode. */
int erofs_outside_plan(struct erofs_builder *builder, const struct erofs_tree_inode *inode);

/* An entry of its chunk map, of EROFS_CHUNK_INDEX_SIZE bytes. */
void erofs_outside_encode_chunk(const struct erofs_builder *builder, const struct erofs_tree_inode *inode,
				uint64_t offset, uint8_t *out);

/* The slot of the device, in builder->front, and what the superblock says of it. */
struct erofs_superblock;
void erofs_outside_encode_device(struct erofs_builder *builder, struct erofs_superblock *sb);

/* The stages. */
int erofs_build_plan(struct erofs_builder *builder);
int erofs_build_pack(struct erofs_builder *builder);
int erofs_build_layout(struct erofs_builder *builder);
int erofs_build_emit(struct erofs_builder *builder);

static inline bool erofs_build_cancelled(const struct erofs_builder *builder)
{
	return erofs_cancel_requested(builder->options->cancel);
}

#endif
