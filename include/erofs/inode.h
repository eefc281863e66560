/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_INODE_H
#define EROFS_INODE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An on-disk inode as a decoded record, in host byte order. Names are the format's own (Linux, fs/erofs/erofs_fs.h).
 */

#define EROFS_NID_SLOT		  32u /* an inode lies at inode zone + 32 * nid */
#define EROFS_NID_IN_METABOX	  (UINT64_C(1) << 63) /* ... or, without this bit, at 32 * nid in the metabox' data */
#define EROFS_INODE_COMPACT_SIZE  32u
#define EROFS_INODE_EXTENDED_SIZE 64u
#define EROFS_NAME_MAX		  255u	      /* bytes of one path component */
#define EROFS_SYMLINK_MAX	  4095u	      /* bytes of a symlink's target */
#define EROFS_NULL_BLOCK	  0xffffffffu /* a hole where a block address is expected */

enum erofs_data_layout {
	EROFS_LAYOUT_FLAT_PLAIN = 0,
	EROFS_LAYOUT_COMPRESSED_FULL = 1,
	EROFS_LAYOUT_FLAT_INLINE = 2,
	EROFS_LAYOUT_COMPRESSED_COMPACT = 3,
	EROFS_LAYOUT_CHUNK_BASED = 4,
};

/* Types in directory entries. */
enum erofs_file_type {
	EROFS_FT_UNKNOWN = 0,
	EROFS_FT_REG = 1,
	EROFS_FT_DIR = 2,
	EROFS_FT_CHR = 3,
	EROFS_FT_BLK = 4,
	EROFS_FT_FIFO = 5,
	EROFS_FT_SOCK = 6,
	EROFS_FT_SYMLINK = 7,
};

/* Chunk format (low half of i_u of a chunk-based inode). */
#define EROFS_CHUNK_FORMAT_BLKBITS_MASK 0x001fu /* log2 of blocks per chunk */
#define EROFS_CHUNK_FORMAT_INDEXES	0x0020u /* 8-byte entries with a device id */
#define EROFS_CHUNK_FORMAT_48BIT	0x0040u
#define EROFS_CHUNK_FORMAT_KNOWN	0x007fu

struct erofs_inode {
	uint64_t nid;
	bool extended;	  /* 64-byte body; else 32 */
	bool dot_omitted; /* a directory without an entry `.`; some 48BIT images */
	enum erofs_data_layout layout;
	uint16_t mode;	       /* type and permission bits as in st_mode */
	uint16_t xattr_icount; /* size of the inline xattr area in its own unit, see erofs_xattr_area_size() */
	uint32_t uid, gid;
	uint32_t nlink;
	uint32_t ino; /* 32-bit inode number as shown to 32-bit programs */
	uint64_t size;
	int64_t mtime; /* seconds since 1970, may be negative */
	uint32_t mtime_nsec;
	/*
	 * i_u as stored: flat layouts: first block; compressed: number of compressed blocks; character and block devices:
	 * rdev as encoded by the format; chunk-based: chunk format; else 0.
	 */
	uint32_t u;
	uint16_t startblk_hi; /* upper half of the first block; 48BIT only */
};

static inline uint32_t erofs_inode_body_size(const struct erofs_inode *inode)
{
	return inode->extended ? EROFS_INODE_EXTENDED_SIZE : EROFS_INODE_COMPACT_SIZE;
}

static inline bool erofs_inode_is_compressed(const struct erofs_inode *inode)
{
	return inode->layout == EROFS_LAYOUT_COMPRESSED_FULL || inode->layout == EROFS_LAYOUT_COMPRESSED_COMPACT;
}

/* The largest device numbers that the format can hold: 12 bits of major, 20 of minor. */
#define EROFS_RDEV_MAJOR_MAX 0xfffu
#define EROFS_RDEV_MINOR_MAX 0xfffffu

/* Device number of the format <-> major and minor: (minor & 0xff) | major << 8 | (minor & ~0xff) << 12. */
static inline uint32_t erofs_encode_rdev(uint32_t major, uint32_t minor)
{
	return (minor & 0xffu) | (major << 8) | ((minor & ~0xffu) << 12);
}

static inline uint32_t erofs_rdev_major(uint32_t rdev)
{
	return (rdev >> 8) & 0xfffu;
}

static inline uint32_t erofs_rdev_minor(uint32_t rdev)
{
	return (rdev & 0xffu) | ((rdev >> 12) & 0xfff00u);
}

#endif
