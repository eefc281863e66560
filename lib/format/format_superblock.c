/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/format_superblock.h"

#include <errno.h>
#include <string.h>

#include "lib/format/crc32c.h"
#include "lib/format/le.h"

struct disk_superblock {
	erofs_le32 magic;
	erofs_le32 checksum;
	erofs_le32 feature_compat;
	uint8_t blkszbits;
	uint8_t sb_extslots;
	erofs_le16 rootnid_2b; /* 48BIT with rootnid_8b: upper half of blocks */
	erofs_le64 inos;
	erofs_le64 epoch;
	erofs_le32 fixed_nsec;
	erofs_le32 blocks_lo;
	erofs_le32 meta_blkaddr;
	erofs_le32 xattr_blkaddr;
	uint8_t uuid[16];
	uint8_t volume_name[16];
	erofs_le32 feature_incompat;
	erofs_le16 available_compr_algs;
	erofs_le16 extra_devices;
	erofs_le16 devt_slotoff;
	uint8_t dirblkbits;
	uint8_t xattr_prefix_count;
	erofs_le32 xattr_prefix_start;
	erofs_le64 packed_nid;
	uint8_t xattr_filter_reserved;
	uint8_t ishare_xattr_prefix_id;
	uint8_t reserved1[2];
	erofs_le32 build_time;
	erofs_le64 rootnid_8b;
	uint8_t reserved2[8];
};
_Static_assert(sizeof(struct disk_superblock) == EROFS_SUPERBLOCK_SIZE, "superblock size");
_Static_assert(offsetof(struct disk_superblock, uuid) == 0x30, "uuid");
_Static_assert(offsetof(struct disk_superblock, feature_incompat) == 0x50, "feature_incompat");
_Static_assert(offsetof(struct disk_superblock, xattr_prefix_start) == 0x5c, "xattr_prefix_start");
_Static_assert(offsetof(struct disk_superblock, ishare_xattr_prefix_id) == 0x69, "ishare_xattr_prefix_id");
_Static_assert(offsetof(struct disk_superblock, rootnid_8b) == 0x70, "rootnid_8b");

static void encode_slot(const struct erofs_superblock *sb, uint8_t *out)
{
	erofs_le64 metabox_nid = erofs_put64(sb->metabox_nid);

	memset(out, 0, EROFS_SUPERBLOCK_SLOT_SIZE);
	memcpy(out, &metabox_nid, sizeof(metabox_nid));
}

void erofs_superblock_encode(const struct erofs_superblock *sb, uint8_t *out)
{
	struct disk_superblock disk = {
		.magic = erofs_put32(EROFS_SUPER_MAGIC),
		.checksum = erofs_put32(sb->checksum),
		.feature_compat = erofs_put32(sb->feature_compat),
		.blkszbits = sb->blkszbits,
		.sb_extslots = sb->sb_extslots,
		.rootnid_2b = erofs_put16((uint16_t)sb->root_nid),
		.inos = erofs_put64(sb->inos),
		.epoch = erofs_put64((uint64_t)sb->epoch),
		.fixed_nsec = erofs_put32(sb->fixed_nsec),
		.blocks_lo = erofs_put32((uint32_t)sb->blocks),
		.meta_blkaddr = erofs_put32(sb->meta_blkaddr),
		.xattr_blkaddr = erofs_put32(sb->xattr_blkaddr),
		.feature_incompat = erofs_put32(sb->feature_incompat),
		.available_compr_algs = erofs_put16(sb->available_compr_algs),
		.extra_devices = erofs_put16(sb->extra_devices),
		.devt_slotoff = erofs_put16(sb->devt_slotoff),
		.dirblkbits = sb->dirblkbits,
		.xattr_prefix_count = sb->xattr_prefix_count,
		.xattr_prefix_start = erofs_put32(sb->xattr_prefix_start),
		.packed_nid = erofs_put64(sb->packed_nid),
		.xattr_filter_reserved = sb->xattr_filter_reserved,
		.ishare_xattr_prefix_id = sb->ishare_xattr_prefix_id,
		.build_time = erofs_put32(sb->build_time),
	};

	/* A root nid past 16 bits or a block count past 32 needs the 48BIT form of the two fields. */
	if (erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_48BIT) &&
	    (sb->root_nid > UINT16_MAX || sb->blocks > UINT32_MAX)) {
		disk.rootnid_2b = erofs_put16((uint16_t)(sb->blocks >> 32));
		disk.rootnid_8b = erofs_put64(sb->root_nid);
	}
	memcpy(disk.uuid, sb->uuid, sizeof(disk.uuid));
	memcpy(disk.volume_name, sb->volume_name, sizeof(disk.volume_name));
	memcpy(out, &disk, sizeof(disk));
	if (sb->sb_extslots)
		encode_slot(sb, out + sizeof(disk));
}

static int check_superblock(const struct erofs_superblock *sb, const char **reason)
{
	if (sb->magic != EROFS_SUPER_MAGIC) {
		*reason = "no EROFS superblock (wrong magic number)";
		return -EUCLEAN;
	}
	if (sb->feature_incompat & ~EROFS_FEATURE_INCOMPAT_KNOWN) {
		*reason = "unknown incompatible feature bits";
		return -EOPNOTSUPP;
	}
	if (sb->blkszbits < EROFS_BLKSZBITS_MIN || sb->blkszbits > EROFS_BLKSZBITS_MAX) {
		*reason = "block size outside 512..4096";
		return -EOPNOTSUPP;
	}
	if (sb->dirblkbits) {
		*reason = "directory blocks of another size than data blocks";
		return -EOPNOTSUPP;
	}
	if (erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_METABOX) && !sb->sb_extslots) {
		*reason = "metabox without a superblock extension slot";
		return -EUCLEAN;
	}
	return 0;
}

/* The fields that mean the same whatever the features are. */
static struct erofs_superblock from_disk(const struct disk_superblock *disk)
{
	struct erofs_superblock sb = {
		.magic = erofs_get32(disk->magic),
		.checksum = erofs_get32(disk->checksum),
		.feature_compat = erofs_get32(disk->feature_compat),
		.feature_incompat = erofs_get32(disk->feature_incompat),
		.blkszbits = disk->blkszbits,
		.sb_extslots = disk->sb_extslots,
		.root_nid = erofs_get16(disk->rootnid_2b),
		.inos = erofs_get64(disk->inos),
		.epoch = (int64_t)erofs_get64(disk->epoch),
		.fixed_nsec = erofs_get32(disk->fixed_nsec),
		.build_time = erofs_get32(disk->build_time),
		.blocks = erofs_get32(disk->blocks_lo),
		.meta_blkaddr = erofs_get32(disk->meta_blkaddr),
		.xattr_blkaddr = erofs_get32(disk->xattr_blkaddr),
		.available_compr_algs = erofs_get16(disk->available_compr_algs),
		.extra_devices = erofs_get16(disk->extra_devices),
		.devt_slotoff = erofs_get16(disk->devt_slotoff),
		.dirblkbits = disk->dirblkbits,
		.xattr_prefix_count = disk->xattr_prefix_count,
		.xattr_prefix_start = erofs_get32(disk->xattr_prefix_start),
		.xattr_filter_reserved = disk->xattr_filter_reserved,
		.ishare_xattr_prefix_id = disk->ishare_xattr_prefix_id,
		.packed_nid = erofs_get64(disk->packed_nid),
	};

	memcpy(sb.uuid, disk->uuid, sizeof(sb.uuid));
	memcpy(sb.volume_name, disk->volume_name, sizeof(disk->volume_name));
	return sb;
}

int erofs_superblock_decode(struct erofs_superblock *out, const uint8_t *in, const char **reason)
{
	struct disk_superblock disk;
	uint64_t rootnid_8b;

	memcpy(&disk, in, sizeof(disk));
	*out = from_disk(&disk);
	rootnid_8b = erofs_get64(disk.rootnid_8b);
	/* The field of the short root nid holds the upper bits of the block count then. */
	if (erofs_has_incompat(out, EROFS_FEATURE_INCOMPAT_48BIT) && rootnid_8b) {
		out->blocks |= (uint64_t)erofs_get16(disk.rootnid_2b) << 32;
		out->root_nid = rootnid_8b;
	}
	if (out->sb_extslots) {
		erofs_le64 metabox_nid;

		memcpy(&metabox_nid, in + EROFS_SUPERBLOCK_SIZE, sizeof(metabox_nid));
		out->metabox_nid = erofs_get64(metabox_nid);
	}
	return check_superblock(out, reason);
}

static int first_nonzero(const uint8_t *in, size_t from, size_t length)
{
	for (size_t i = from; i < from + length; i++)
		if (in[i])
			return (int)i;
	return -1;
}

int erofs_superblock_reserved_byte(const uint8_t *in)
{
	int at = first_nonzero(in, offsetof(struct disk_superblock, reserved1),
			       sizeof(((struct disk_superblock *)0)->reserved1));

	if (at < 0)
		at = first_nonzero(in, offsetof(struct disk_superblock, reserved2),
				   sizeof(((struct disk_superblock *)0)->reserved2));
	return at;
}

size_t erofs_superblock_checksum_span(unsigned int blkszbits)
{
	size_t blksz = (size_t)1 << blkszbits;

	return blksz > EROFS_SUPERBLOCK_OFFSET ? blksz - EROFS_SUPERBLOCK_OFFSET : blksz;
}

uint32_t erofs_superblock_checksum(const uint8_t *in, size_t span)
{
	static const uint8_t zero[4];
	const size_t field = offsetof(struct disk_superblock, checksum);
	uint32_t crc = erofs_crc32c(0xFFFFFFFFu, in, field);

	crc = erofs_crc32c(crc, zero, sizeof(zero));
	return erofs_crc32c(crc, in + field + sizeof(zero), span - field - sizeof(zero));
}
