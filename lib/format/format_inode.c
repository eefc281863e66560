/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_inode.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/format/le.h"

#define FORMAT_EXTENDED	    0x1u
#define FORMAT_LAYOUT_SHIFT 1
#define FORMAT_LAYOUT_MASK  0x7u
/* Bit 4, not a directory: nlink is 1 and a compact inode's +6 field holds the upper half of the first block (48BIT). */
#define FORMAT_NLINK_1 0x10u
/* Bit 4, directory: it does without an entry for itself. */
#define FORMAT_DOT_OMITTED 0x10u

struct disk_inode_compact {
	erofs_le16 format;
	erofs_le16 xattr_icount;
	erofs_le16 mode;
	erofs_le16 nlink;
	erofs_le32 size;
	erofs_le32 mtime; /* 48BIT images: seconds after epoch */
	erofs_le32 u;
	erofs_le32 ino;
	erofs_le16 uid;
	erofs_le16 gid;
	uint8_t reserved[4];
};
_Static_assert(sizeof(struct disk_inode_compact) == EROFS_INODE_COMPACT_SIZE, "compact inode size");

struct disk_inode_extended {
	erofs_le16 format;
	erofs_le16 xattr_icount;
	erofs_le16 mode;
	erofs_le16 startblk_hi;
	erofs_le64 size;
	erofs_le32 u;
	erofs_le32 ino;
	erofs_le32 uid;
	erofs_le32 gid;
	erofs_le64 mtime;
	erofs_le32 mtime_nsec;
	erofs_le32 nlink;
	uint8_t reserved[16];
};
_Static_assert(sizeof(struct disk_inode_extended) == EROFS_INODE_EXTENDED_SIZE, "extended inode size");
_Static_assert(offsetof(struct disk_inode_extended, mtime) == 32, "mtime of an extended inode");

static erofs_le16 encode_format(const struct erofs_inode *inode)
{
	unsigned int format = (unsigned int)inode->layout << FORMAT_LAYOUT_SHIFT;

	if (inode->extended)
		format |= FORMAT_EXTENDED;
	if (S_ISDIR(inode->mode) && inode->dot_omitted)
		format |= FORMAT_DOT_OMITTED;
	return erofs_put16((uint16_t)format);
}

static size_t encode_compact(const struct erofs_inode *inode, uint8_t *out)
{
	struct disk_inode_compact disk = {
		.format = encode_format(inode),
		.xattr_icount = erofs_put16(inode->xattr_icount),
		.mode = erofs_put16(inode->mode),
		.nlink = erofs_put16((uint16_t)inode->nlink),
		.size = erofs_put32((uint32_t)inode->size),
		.u = erofs_put32(inode->u),
		.ino = erofs_put32(inode->ino),
		.uid = erofs_put16((uint16_t)inode->uid),
		.gid = erofs_put16((uint16_t)inode->gid),
	};

	memcpy(out, &disk, sizeof(disk));
	return sizeof(disk);
}

static size_t encode_extended(const struct erofs_inode *inode, uint8_t *out)
{
	struct disk_inode_extended disk = {
		.format = encode_format(inode),
		.xattr_icount = erofs_put16(inode->xattr_icount),
		.mode = erofs_put16(inode->mode),
		.startblk_hi = erofs_put16(inode->startblk_hi),
		.size = erofs_put64(inode->size),
		.u = erofs_put32(inode->u),
		.ino = erofs_put32(inode->ino),
		.uid = erofs_put32(inode->uid),
		.gid = erofs_put32(inode->gid),
		.mtime = erofs_put64((uint64_t)inode->mtime),
		.mtime_nsec = erofs_put32(inode->mtime_nsec),
		.nlink = erofs_put32(inode->nlink),
	};

	memcpy(out, &disk, sizeof(disk));
	return sizeof(disk);
}

size_t erofs_inode_encode(const struct erofs_inode *inode, uint8_t *out)
{
	return inode->extended ? encode_extended(inode, out) : encode_compact(inode, out);
}

static void decode_compact(struct erofs_inode *out, const uint8_t *in, const struct erofs_superblock *sb)
{
	struct disk_inode_compact disk;

	memcpy(&disk, in, sizeof(disk));
	out->size = erofs_get32(disk.size);
	out->u = erofs_get32(disk.u);
	out->ino = erofs_get32(disk.ino);
	out->uid = erofs_get16(disk.uid);
	out->gid = erofs_get16(disk.gid);
	/* Added to the epoch by every Linux >= 6.15, whatever the features; written as 0 for older ones. */
	out->mtime = (int64_t)((uint64_t)sb->epoch + erofs_get32(disk.mtime));
	out->mtime_nsec = sb->fixed_nsec;
	if (!S_ISDIR(out->mode) && (erofs_get16(disk.format) & FORMAT_NLINK_1)) {
		out->nlink = 1;
		out->startblk_hi = erofs_get16(disk.nlink);
	} else {
		out->nlink = erofs_get16(disk.nlink);
		out->startblk_hi = 0;
	}
}

static void decode_extended(struct erofs_inode *out, const uint8_t *in)
{
	struct disk_inode_extended disk;

	memcpy(&disk, in, sizeof(disk));
	out->startblk_hi = erofs_get16(disk.startblk_hi);
	out->size = erofs_get64(disk.size);
	out->u = erofs_get32(disk.u);
	out->ino = erofs_get32(disk.ino);
	out->uid = erofs_get32(disk.uid);
	out->gid = erofs_get32(disk.gid);
	out->mtime = (int64_t)erofs_get64(disk.mtime);
	out->mtime_nsec = erofs_get32(disk.mtime_nsec);
	out->nlink = erofs_get32(disk.nlink);
}

int erofs_inode_decode(struct erofs_inode *out, const uint8_t *in, size_t avail, const struct erofs_superblock *sb,
		       const char **reason)
{
	struct disk_inode_compact head;
	unsigned int format, layout;

	if (avail < sizeof(head)) {
		*reason = "inode is cut off by the end of the image";
		return -EUCLEAN;
	}
	memcpy(&head, in, sizeof(head));
	format = erofs_get16(head.format);
	layout = (format >> FORMAT_LAYOUT_SHIFT) & FORMAT_LAYOUT_MASK;
	out->extended = format & FORMAT_EXTENDED;
	out->mode = erofs_get16(head.mode);
	out->xattr_icount = erofs_get16(head.xattr_icount);
	out->dot_omitted = S_ISDIR(out->mode) && (format & FORMAT_DOT_OMITTED);
	if (layout > EROFS_LAYOUT_CHUNK_BASED) {
		*reason = "unknown data layout";
		return -EUCLEAN;
	}
	out->layout = (enum erofs_data_layout)layout;
	if (erofs_file_type_of_mode(out->mode) == EROFS_FT_UNKNOWN) {
		*reason = "mode without a file type";
		return -EUCLEAN;
	}
	if (!out->extended) {
		decode_compact(out, in, sb);
		return 0;
	}
	if (avail < EROFS_INODE_EXTENDED_SIZE) {
		*reason = "inode is cut off by the end of the image";
		return -EUCLEAN;
	}
	decode_extended(out, in);
	return 0;
}

int erofs_inode_reserved_byte(const struct erofs_inode *inode, const uint8_t *in)
{
	size_t from = inode->extended ? offsetof(struct disk_inode_extended, reserved)
				      : offsetof(struct disk_inode_compact, reserved);

	/* Format bits 5-15 have no meaning yet. */
	if (in[0] & 0xe0)
		return 0;
	if (in[1])
		return 1;
	for (size_t i = from; i < erofs_inode_body_size(inode); i++)
		if (in[i])
			return (int)i;
	return -1;
}

enum erofs_file_type erofs_file_type_of_mode(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EROFS_FT_REG;
	case S_IFDIR:
		return EROFS_FT_DIR;
	case S_IFCHR:
		return EROFS_FT_CHR;
	case S_IFBLK:
		return EROFS_FT_BLK;
	case S_IFIFO:
		return EROFS_FT_FIFO;
	case S_IFSOCK:
		return EROFS_FT_SOCK;
	case S_IFLNK:
		return EROFS_FT_SYMLINK;
	default:
		return EROFS_FT_UNKNOWN;
	}
}
