/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_SUPERBLOCK_H
#define EROFS_SUPERBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/api.h>

/*
 * The superblock as a decoded record, in host byte order. Names are the format's own (Linux, fs/erofs/erofs_fs.h).
 */

#define EROFS_SUPERBLOCK_OFFSET 1024u /* bytes from the start of the image */
#define EROFS_SUPERBLOCK_SIZE	128u  /* without extension slots */
#define EROFS_SUPER_MAGIC	0xE0F5E1E2u
#define EROFS_VOLUME_NAME_MAX	15u /* bytes; the field has 16, one stays NUL */

/* feature_compat: a reader may ignore a bit it does not know. */
#define EROFS_FEATURE_COMPAT_SB_CHKSUM		  0x00000001u
#define EROFS_FEATURE_COMPAT_MTIME		  0x00000002u
#define EROFS_FEATURE_COMPAT_XATTR_FILTER	  0x00000004u
#define EROFS_FEATURE_COMPAT_SHARED_EA_IN_METABOX 0x00000008u
#define EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX	  0x00000010u
#define EROFS_FEATURE_COMPAT_ISHARE_XATTRS	  0x00000020u
#define EROFS_FEATURE_COMPAT_KNOWN		  0x0000003fu

/* feature_incompat: a reader must refuse a bit it does not know. Some bits have two names. */
#define EROFS_FEATURE_INCOMPAT_ZERO_PADDING   0x00000001u
#define EROFS_FEATURE_INCOMPAT_COMPR_CFGS     0x00000002u
#define EROFS_FEATURE_INCOMPAT_BIG_PCLUSTER   0x00000002u
#define EROFS_FEATURE_INCOMPAT_CHUNKED_FILE   0x00000004u
#define EROFS_FEATURE_INCOMPAT_DEVICE_TABLE   0x00000008u
#define EROFS_FEATURE_INCOMPAT_COMPR_HEAD2    0x00000008u
#define EROFS_FEATURE_INCOMPAT_ZTAILPACKING   0x00000010u
#define EROFS_FEATURE_INCOMPAT_FRAGMENTS      0x00000020u
#define EROFS_FEATURE_INCOMPAT_DEDUPE	      0x00000020u
#define EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES 0x00000040u
#define EROFS_FEATURE_INCOMPAT_48BIT	      0x00000080u
#define EROFS_FEATURE_INCOMPAT_METABOX	      0x00000100u
#define EROFS_FEATURE_INCOMPAT_KNOWN	      0x000001ffu

struct erofs_superblock {
	uint32_t magic;
	uint32_t checksum; /* CRC-32C as stored; meaningful with SB_CHKSUM */
	uint32_t feature_compat;
	uint32_t feature_incompat;
	uint8_t blkszbits;	/* log2 of the block size */
	uint8_t sb_extslots;	/* superblock size = 128 + 16 * this */
	uint64_t root_nid;	/* rootnid_8b if 48BIT says so, else rootnid_2b */
	uint64_t inos;		/* number of inodes */
	int64_t epoch;		/* seconds; mtime of every compact inode */
	uint32_t fixed_nsec;	/* its nanoseconds */
	uint32_t build_time;	/* seconds from epoch to the time of the build, 0: not recorded */
	uint64_t blocks;	/* blocks of the primary device */
	uint32_t meta_blkaddr;	/* block where the inode zone starts */
	uint32_t xattr_blkaddr; /* block where the shared xattr zone starts */
	uint8_t uuid[16];
	char volume_name[17];	       /* always NUL-terminated here */
	uint16_t available_compr_algs; /* bitmap with COMPR_CFGS, else the LZ4 window; 0: no compressed inode */
	uint16_t extra_devices;
	uint16_t devt_slotoff;		/* device table at byte 128 * this */
	uint8_t dirblkbits;		/* must be 0 */
	uint8_t xattr_prefix_count;	/* records of the long-prefix table, at most 128 */
	uint32_t xattr_prefix_start;	/* the table starts at byte 4 * this */
	uint8_t xattr_filter_reserved;	/* must be 0 for the name filter to count */
	uint8_t ishare_xattr_prefix_id; /* long prefix that is the whole fingerprint name; with ISHARE_XATTRS */
	uint64_t packed_nid;		/* inode that holds fragments, 0: none */
	uint64_t metabox_nid;		/* METABOX only; decoded only with an extension slot */
};

static inline uint32_t erofs_block_size(const struct erofs_superblock *sb)
{
	return 1u << sb->blkszbits;
}

static inline bool erofs_has_compat(const struct erofs_superblock *sb, uint32_t bits)
{
	return (sb->feature_compat & bits) == bits;
}

static inline bool erofs_has_incompat(const struct erofs_superblock *sb, uint32_t bits)
{
	return (sb->feature_incompat & bits) == bits;
}

/* A kernel version; 0.0: none. */
struct erofs_kernel {
	unsigned int major, minor;
};

/*
 * Oldest upstream Linux, on pages of 4 KiB, that mounts such an image and reads it, as far as the superblock says. Unknown
 * feature bits do not count.
 */
EROFS_API struct erofs_kernel erofs_superblock_oldest_kernel(const struct erofs_superblock *sb);

/* Whether the four bytes at EROFS_SUPERBLOCK_OFFSET say that an image begins there. */
static inline bool erofs_is_magic(const uint8_t *bytes)
{
	return (bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24) == EROFS_SUPER_MAGIC;
}

#endif
