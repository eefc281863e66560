/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_LAYOUT_H
#define EROFS_WRITER_LAYOUT_H

#include <stdint.h>

#include <erofs/inode.h>

#include "lib/writer/data/data.h"

/*
 * The places of the metadata, in memory only, when plan and data are done. Metadata begin at block meta_blkaddr. There lies the inode
 * zone; or, with a metabox, what does not lie in it. Places in the zone or in the metabox are bytes from its start.
 */
struct erofs_layout {
	uint32_t blksz;
	bool has_metabox;      /* inodes and shared xattrs are its data */
	uint64_t *positions;   /* of inodes, by inode number */
	uint32_t *blkaddrs;    /* first block of directories and long symlinks, by inode number; 0: none */
	uint32_t *by_position; /* inode numbers in the order of their positions */
	uint32_t *with_blocks; /* numbers of the inodes that have a blkaddr, in the order of these */
	uint32_t with_blocks_count;
	uint64_t meta_blkaddr;
	uint64_t zone_size;
	uint64_t shared_xattrs_at;
	uint64_t metadata_size; /* bytes of the image from meta_blkaddr to the end of what is needed */
	uint64_t stored_end;	/* where what is not encoded ends, bytes from the image's start */
	uint64_t encoded_end;	/* the same of encoded directories, which follow it, with or without a metabox behind them */
	uint64_t image_size;	/* bytes from the image's start, with what aligns the end */

	uint64_t metabox_size; /* bytes of the metabox' data, 0: there is none */
	/* The inode of the metabox, bytes from the image's start. It lies behind the data, whose size is known when they are encoded. */
	uint64_t metabox_inode_at;
	uint64_t packed_at; /* the same of the packed inode, which is the last of all */
};

/* -ENOMEM; -EFBIG, reported. */
int erofs_writer_lay_out(struct erofs_layout *layout, const struct erofs_plan *plan, const struct erofs_data *data);
void erofs_writer_layout_release(struct erofs_layout *layout);

/* Adds `size` bytes of metadata at the end, and sets the size of the image. -EFBIG, reported. */
int erofs_writer_layout_extend(struct erofs_layout *layout, const struct erofs_plan *plan, uint64_t size);

/* Reports that the image would be too large; -EFBIG. */
int erofs_writer_layout_report_size(const struct erofs_plan *plan);

/*
 * The block that nids count from. It is the one in front of the inode zone, or of the metabox' inode, where the superblock or data
 * are: so none is 0, which readdir(3) takes for an entry that is no more, and the image is no larger for it. Linux gives inodes in a metabox
 * numbers of at least 2^31.
 */
static inline uint64_t erofs_writer_nid_blkaddr(const struct erofs_layout *layout)
{
	return (layout->has_metabox ? layout->metabox_inode_at / layout->blksz : layout->meta_blkaddr) - 1;
}

static inline uint64_t erofs_writer_nid(const struct erofs_layout *layout, uint32_t inode_number)
{
	if (layout->has_metabox)
		return EROFS_NID_IN_METABOX | layout->positions[inode_number] / EROFS_NID_SLOT;
	return (layout->blksz + layout->positions[inode_number]) / EROFS_NID_SLOT;
}

static inline uint64_t erofs_writer_packed_nid(const struct erofs_layout *layout)
{
	return (layout->packed_at - erofs_writer_nid_blkaddr(layout) * layout->blksz) / EROFS_NID_SLOT;
}

static inline uint64_t erofs_writer_metabox_nid(const struct erofs_layout *layout)
{
	return (layout->blksz + layout->metabox_inode_at % layout->blksz) / EROFS_NID_SLOT;
}

#endif
