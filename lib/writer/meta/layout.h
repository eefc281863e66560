/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_WRITER_LAYOUT_H
#define EROFS_WRITER_LAYOUT_H

#include <stdint.h>

#include <erofs/inode.h>

#include "lib/writer/data/data.h"

/*
 * The places of the metadata, in memory only, when plan and data are done. All in bytes from the start of the inode zone, which
 * lies at block meta_blkaddr.
 */
struct erofs_layout {
	uint32_t blksz;
	uint64_t *positions;   /* of inodes, by inode number */
	uint32_t *blkaddrs;    /* first block of directories and long symlinks, by inode number; 0: none */
	uint32_t *by_position; /* inode numbers in the order of their positions */
	uint32_t *with_blocks; /* numbers of the inodes that have a blkaddr, in the order of these */
	uint32_t with_blocks_count;
	uint64_t meta_blkaddr;
	uint64_t zone_size;
	uint64_t shared_xattrs_at;
	uint64_t metadata_size; /* up to the end of what is needed */
	uint64_t image_size;	/* bytes from the image's start, with what aligns the end */
};

/* -ENOMEM; -EFBIG, reported. */
int erofs_writer_lay_out(struct erofs_layout *layout, const struct erofs_plan *plan, const struct erofs_data *data);
void erofs_writer_layout_release(struct erofs_layout *layout);

/*
 * The block that nids count from. It is the one in front of the inode zone, where the superblock or data are: so none is 0,
 * which readdir(3) takes for an entry that is no more, and the image is no larger for it.
 */
static inline uint64_t erofs_writer_nid_blkaddr(const struct erofs_layout *layout)
{
	return layout->meta_blkaddr - 1;
}

static inline uint64_t erofs_writer_nid(const struct erofs_layout *layout, uint32_t inode_number)
{
	return (layout->blksz + layout->positions[inode_number]) / EROFS_NID_SLOT;
}

#endif
