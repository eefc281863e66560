/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_PLAN_H
#define EROFS_WRITER_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <erofs/build.h>
#include <erofs/inode.h>

#include "lib/tree/tree.h"
#include "lib/util/pages.h"
#include "lib/writer/plan/methods.h"
#include "lib/writer/plan/xattr_plan.h"

/*
 * The plan: everything about an image that follows from the tree and the options alone, so that a file takes the same form in
 * every image. The stages behind it only read it. Files of arrivals are planned one by one, when they arrive.
 */

/* What is decided about one inode; there is one for each, so it is kept small. */
struct erofs_inode_plan {
	uint64_t dir_size : 40; /* bytes of a directory's data */
	uint64_t layout : 3;	/* enum erofs_data_layout; compression may still find another one */
	uint64_t chunkbits : 6; /* log2 of the chunk size of a chunk-based inode, or of one that may become one */
	uint64_t extended : 1;
	uint64_t wants_digest : 1; /* fingerprinted, or another file might have the same data */
	uint64_t has_arrived : 1;  /* planned, and its data placed, before the tree was known */
	uint64_t method : 8;	   /* of a regular file; position in plan->methods */
	uint64_t in_chunks : 1;	   /* a regular file that is stored chunk by chunk: see chunks.h */
};

struct erofs_plan {
	const struct erofs_tree *tree;
	const struct erofs_build_options *options;
	const struct erofs_diag *diag;
	struct erofs_build_summary *summary; /* each stage counts what it does */
	uint32_t blksz;
	enum erofs_build_stage stage; /* in which files are packed: fragments have their own plan */
	bool is_arriving; /* the source's contents come once, in its own order */

	struct erofs_pages inodes; /* struct erofs_inode_plan, by inode number */
	struct erofs_methods methods;
	struct erofs_build_options metabox_options; /* the metabox' data are stored like a file of these options, ... */
	struct erofs_methods metabox;		    /* ... by the one method here; none: there is no metabox */
	struct erofs_xattr_plan xattrs;
	int64_t epoch; /* the mtime of compact inodes */
	uint32_t fixed_nsec;
	bool has_chunks;
	uint32_t first_ino; /* inode numbers of stat(2) that are taken already */
	uint64_t files, file_bytes; /* regular files to read; unknown of arrivals */
	uint64_t data_bound;	    /* bytes of data blocks if nothing is stored only once */
	uint64_t metadata_bound;    /* bytes of metadata, roughly from above */
	/*
	 * What stands from EROFS_SUPERBLOCK_OFFSET on in front of the data: room for the superblock, the device slot and the
	 * compression configurations, and the long-prefix table, whose address in units of 4 bytes has 32 bits and would not
	 * reach behind the data of a large image.
	 */
	struct erofs_buffer front;
	uint32_t prefixes_at; /* bytes from the start of the image */
	uint64_t data_start;  /* the same; begins with a block */
};

void erofs_writer_plan_release(struct erofs_plan *plan);

/* What can be planned before there is a tree: prefix table, methods, where data begin. -ENOMEM, or reported. */
int erofs_writer_plan_begin(struct erofs_plan *plan);

/* Plans the whole tree, which is frozen. -ENOMEM, or reported. */
int erofs_writer_plan_tree(struct erofs_plan *plan);

/* Plans a file that arrives, with what is known by then, under its number. -ENOMEM. */
int erofs_writer_plan_arrival(struct erofs_plan *plan, const struct erofs_tree_inode *inode);

static inline struct erofs_inode_plan *erofs_writer_inode_plan(const struct erofs_plan *plan,
							       const struct erofs_tree_inode *inode)
{
	return erofs_pages_at(&plan->inodes, inode->number);
}

static inline const struct erofs_method *erofs_writer_method(const struct erofs_plan *plan,
							     const struct erofs_tree_inode *inode)
{
	return &plan->methods.items[erofs_writer_inode_plan(plan, inode)->method];
}

/* ---- the metabox (metabox_plan.c) --------------------------------------------------------------------------------------- */

/* Whether the inodes may lie in a metabox: layout decides whether they do. It follows from the options alone. */
static inline bool erofs_writer_may_have_metabox(const struct erofs_plan *plan)
{
	return plan->metabox.count;
}

/* Bytes of the pieces that it is encoded in. */
static inline uint32_t erofs_writer_metabox_piece(const struct erofs_plan *plan)
{
	return plan->metabox_options.extent_size;
}

/*
 * Files of up to so many bytes lie behind their inodes as they are, even where files are compressed; 0: none do. It follows from the
 * options alone, so that equal files are of one kind.
 */
uint32_t erofs_writer_inline_most(const struct erofs_plan *plan);

/* Plans it, when the methods of files are known. -ENOMEM, or reported. */
int erofs_writer_plan_metabox(struct erofs_plan *plan);

/* What the image tells about the algorithms of its files and its metabox, and whether there are records of them. */
struct erofs_compression_configs erofs_writer_plan_configs(const struct erofs_plan *plan);
bool erofs_writer_has_configs(const struct erofs_plan *plan);

/* ---- directories (metabox_plan.c) ----------------------------------------------------------------------------------------- */

/* Whether those that become smaller by it are compressed. It follows from the options alone. */
bool erofs_writer_may_encode_dirs(const struct erofs_plan *plan);

/* By the first of these: as the metabox is, if there may be one, which their inodes lie in, else as files are. */
static inline const struct erofs_methods *erofs_writer_dir_methods(const struct erofs_plan *plan)
{
	return erofs_writer_may_have_metabox(plan) ? &plan->metabox : &plan->methods;
}

/* ---- one inode ------------------------------------------------------------------------------------------------------------ */

/* Whether this inode carries a fingerprint. */
static inline bool erofs_writer_has_fingerprint(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return plan->options->fingerprint != EROFS_DIGEST_NONE && S_ISREG(inode->mode) && inode->size;
}

/* What contents are told apart by; equality is never decided by less than a cryptographic digest. */
static inline enum erofs_digest erofs_writer_digest(const struct erofs_plan *plan)
{
	return plan->options->fingerprint == EROFS_DIGEST_NONE ? EROFS_DIGEST_SHA256 : plan->options->fingerprint;
}

/* Whether an inode's data stay where they are, on another device. */
static inline bool erofs_writer_is_elsewhere(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return plan->options->data_outside && S_ISREG(inode->mode) && inode->size;
}

/* Whether they stay in images beside this one, with an index that the source makes. */
static inline bool erofs_writer_is_thin(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return erofs_writer_is_elsewhere(plan, inode) && plan->tree->source_ops->thin;
}

/*
 * Whether files are stored chunk by chunk, each chunk once: all of them become chunk-based if the caller has given a chunk size,
 * else those for which that is worth it.
 */
static inline bool erofs_writer_wants_chunks(const struct erofs_build_options *options)
{
	return options->chunk_bytes || (options->dedupe_runs && !options->compression_count && !options->data_outside);
}

/* Whether entries of its chunk map, if it has one, name a device. */
static inline bool erofs_writer_has_chunk_indexes(const struct erofs_plan *plan, const struct erofs_tree_inode *inode)
{
	return plan->options->chunk_indexes || plan->options->data_device || erofs_writer_is_elsewhere(plan, inode);
}

/* ---- sizes (plan_sizes.c); of a file that compression changes, see erofs_writer_placed_layout() ------------------------- */

/* Bytes of an inode's data as the image has them. */
uint64_t erofs_writer_data_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode);

/* Bytes of inode and xattrs. */
uint64_t erofs_writer_head_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode);

/* Bytes of a chunk map with chunks of this size behind the xattrs, which end `at` bytes behind the inode's start. */
uint64_t erofs_writer_chunk_map_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t at,
				     unsigned int chunkbits);

/* Bytes of inode, xattrs and chunk map: what lies in front of an inline tail. */
uint64_t erofs_writer_planned_body(const struct erofs_plan *plan, const struct erofs_tree_inode *inode);

/* Bytes of the inline tail, 0 if there is none. */
uint32_t erofs_writer_planned_tail(const struct erofs_plan *plan, const struct erofs_tree_inode *inode);

/* Blocks that the inode's data take outside of the metadata. */
uint64_t erofs_writer_planned_blocks(const struct erofs_plan *plan, const struct erofs_tree_inode *inode);

/* ---- contents on another device (elsewhere.c) --------------------------------------------------------------------------- */

/* Chooses the chunk size of such an inode. */
int erofs_writer_elsewhere_plan(struct erofs_plan *plan, const struct erofs_tree_inode *inode);

/* Makes an entry of its chunk map, of EROFS_CHUNK_INDEX_SIZE bytes. */
void erofs_writer_elsewhere_chunk(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t offset,
				  uint8_t *out);

/* Makes the slot of the device, EROFS_DEVICE_SLOT_SIZE bytes, and what the superblock says of it. */
struct erofs_superblock;
int erofs_writer_thin_devices(const struct erofs_plan *plan, struct erofs_superblock *sb, uint8_t *behind_superblock);

/* Bytes of the index of a thin file behind `head` bytes of inode and xattrs, and those bytes. */
uint64_t erofs_writer_thin_size(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t head);
int erofs_writer_thin_index(const struct erofs_plan *plan, const struct erofs_tree_inode *inode, uint64_t head,
			    uint64_t base, uint8_t *out);

/* Bytes that the device table takes behind the superblock, with the compression configurations of a thin image. */
size_t erofs_writer_devices_size(const struct erofs_plan *plan);
void erofs_writer_elsewhere_device(const struct erofs_plan *plan, struct erofs_superblock *sb, uint8_t *slot);
/* The same for one of `blocks` blocks. */
void erofs_writer_one_device(struct erofs_superblock *sb, uint8_t *slot, uint64_t blocks);

/* The number of that device. */
#define EROFS_ONE_DEVICE 1u

#endif
