/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/check/check_state.h"
#include "lib/format/format_chunk.h"
#include "lib/format/format_superblock.h"
#include "lib/format/format_xattr.h"
#include "lib/reader/reader.h"
#include "lib/util/report.h"

#define SUPER		"superblock"
#define NSEC_PER_SECOND 1000000000u

/* Notes metadata that belong to no inode. */
static int claim(struct erofs_check *check, uint64_t start, uint64_t length, enum erofs_claim_kind kind,
		 const char *outside)
{
	int added;

	if (length > check->limit || start > check->limit - length) {
		erofs_check_finding_of(check, SUPER, "%s", outside);
		return 0;
	}
	added = erofs_check_claims_add(&check->claims, start, length, kind, EROFS_NODE_NONE);
	if (added < 0)
		return erofs_report(check->diag, added, "%s: %s", SUPER, strerror(-added));
	if (!added)
		erofs_check_finding_of(check, SUPER, "its tables overlap");
	return 0;
}

static int check_bytes(struct erofs_check *check)
{
	uint8_t raw[EROFS_SUPERBLOCK_SIZE];
	int err = erofs_reader_read_meta(check->image, raw, sizeof(raw), EROFS_SUPERBLOCK_OFFSET);
	int at;

	if (err)
		return erofs_report(check->diag, err, "%s: %s", SUPER, strerror(-err));
	at = erofs_superblock_reserved_byte(raw);
	if (at >= 0)
		erofs_check_finding_of(check, SUPER, "reserved byte 0x%x is 0x%02x, not zero", (unsigned int)at,
				       raw[at]);
	if (!check->options->ignore_checksum && !erofs_image_checksum_ok(check->image))
		erofs_check_finding_of(check, SUPER, "wrong checksum 0x%08x", check->sb->checksum);
	return claim(check, EROFS_SUPERBLOCK_OFFSET, erofs_superblock_span(check->sb), EROFS_CLAIM_SUPERBLOCK,
		     "it is cut off by the end of the image");
}

static void check_zones(struct erofs_check *check)
{
	const struct erofs_superblock *sb = check->sb;
	uint64_t shared = erofs_reader_shared_zone(check->image);

	if ((uint64_t)sb->meta_blkaddr << sb->blkszbits >= check->limit)
		erofs_check_finding_of(check, SUPER, "the inode zone begins at block %u, outside the image",
				       sb->meta_blkaddr);
	if (shared & EROFS_METABOX_AREA && !check->image->metabox_err &&
	    !erofs_reader_meta_fits(check->image, shared, 0))
		erofs_check_finding_of(check, SUPER, "the shared xattr zone begins at block %u, outside the metabox",
				       sb->xattr_blkaddr);
	else if (!(shared & EROFS_METABOX_AREA) && shared > check->limit)
		erofs_check_finding_of(check, SUPER, "the shared xattr zone begins at block %u, outside the image",
				       sb->xattr_blkaddr);
	if (sb->fixed_nsec >= NSEC_PER_SECOND)
		erofs_check_finding_of(check, SUPER, "%u nanoseconds are more than a second", sb->fixed_nsec);
}

/* Not wrong by itself, but the reason of what is found about files. */
static void warn_of_short_device(const struct erofs_check *check, unsigned int number,
				 const struct erofs_image_slot *slot)
{
	uint64_t blksz = UINT64_C(1) << check->sb->blkszbits;

	if (slot->info.present && !slot->flat && (slot->device.size + blksz - 1) / blksz < slot->info.blocks)
		erofs_message(check->diag, EROFS_SEV_WARNING,
			      "device %u has %" PRIu64 " bytes, and the image counts %" PRIu64
			      " there: it was cut off, or "
			      "is another one",
			      number, slot->device.size, slot->info.blocks * blksz);
}

static int check_devices(struct erofs_check *check)
{
	const struct erofs_superblock *sb = check->sb;

	for (unsigned int i = 0; i < check->image->slot_count; i++) {
		if (!check->image->slots[i].flat)
			check->claims.budget += check->image->slots[i].device.size;
		warn_of_short_device(check, i + 1, &check->image->slots[i]);
	}
	return claim(check, (uint64_t)sb->devt_slotoff * EROFS_DEVICE_SLOT_SIZE,
		     (uint64_t)check->image->slot_count * EROFS_DEVICE_SLOT_SIZE, EROFS_CLAIM_DEVICE_TABLE,
		     "the device table lies outside the image");
}

/* Whether the prefix table is on the device itself, not in the data of the metabox or the packed inode. */
static bool prefixes_plain(const struct erofs_superblock *sb)
{
	if (erofs_has_compat(sb, EROFS_FEATURE_COMPAT_PLAIN_XATTR_PFX))
		return true;
	return !erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_METABOX) &&
	       (!erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_FRAGMENTS) || !sb->packed_nid);
}

static int check_prefixes(struct erofs_check *check)
{
	const struct erofs_superblock *sb = check->sb;
	struct erofs_xattr_prefix prefix;
	uint64_t span = 0;

	for (unsigned int id = 0; id < sb->xattr_prefix_count; id++) {
		int err = erofs_image_xattr_prefix(check->image, &prefix, id);

		if (err == -EUCLEAN) {
			erofs_check_finding_of(check, SUPER, "record %u of the xattr prefix table is broken", id);
			break;
		}
		if (err)
			return erofs_report(check->diag, err, "%s: cannot read the xattr prefix table: %s", SUPER,
					    strerror(-err));
		span += erofs_xattr_prefix_encode(NULL, prefix.base_index, prefix.infix, prefix.infix_len);
	}
	if (!prefixes_plain(sb))
		return 0;
	return claim(check, (uint64_t)sb->xattr_prefix_start * EROFS_XATTR_ALIGN, span, EROFS_CLAIM_PREFIX_TABLE,
		     "the xattr prefix table lies outside the image");
}

static void check_ishare(struct erofs_check *check)
{
	const struct erofs_superblock *sb = check->sb;

	if (!erofs_has_compat(sb, EROFS_FEATURE_COMPAT_ISHARE_XATTRS)) {
		if (check->options->verify_fingerprints)
			erofs_check_finding_of(check, SUPER, "no ISHARE_XATTRS bit: the image carries no fingerprints");
		return;
	}
	if (!erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_XATTR_PREFIXES))
		erofs_check_finding_of(check, SUPER, "ISHARE_XATTRS without XATTR_PREFIXES");
	if (sb->ishare_xattr_prefix_id >= sb->xattr_prefix_count) {
		erofs_check_finding_of(check, SUPER, "the fingerprint's prefix %u is not one of %u",
				       sb->ishare_xattr_prefix_id, sb->xattr_prefix_count);
		return;
	}
	check->fingerprints = true;
}

bool erofs_check_lies_inside(const struct erofs_check *check, uint64_t start, uint64_t length)
{
	if (start & EROFS_METABOX_AREA)
		return erofs_reader_meta_fits(check->image, start, length);
	return length <= check->limit && start <= check->limit - length;
}

int erofs_check_super(struct erofs_check *check)
{
	uint64_t size = erofs_image_device_size(check->image);
	uint64_t claimed = check->sb->blocks << check->sb->blkszbits;
	int err;

	check->limit = size;
	/* Where there are other devices, some writers (nydus) count their blocks; what is missing is noticed where it is used. */
	if (claimed > size && !check->image->slot_count)
		erofs_check_finding_of(check, SUPER, "%llu blocks are more than the device's %llu bytes hold",
				       (unsigned long long)check->sb->blocks, (unsigned long long)size);
	else if (claimed < size)
		check->limit = claimed;
	check->claims.budget = check->limit + erofs_reader_metabox_budget(check->image);
	check_zones(check);
	err = check_bytes(check);
	if (!err)
		err = check_devices(check);
	if (!err)
		err = check_prefixes(check);
	if (!err)
		check_ishare(check);
	return err;
}
