/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "lib/format/format_inode.h"
#include "lib/format/format_xattr.h"
#include "lib/reader/reader.h"

uint64_t erofs_image_inode_offset(const struct erofs_image *image, uint64_t nid)
{
	uint64_t zone;

	if (!image)
		return UINT64_MAX;
	if ((nid & EROFS_NID_IN_METABOX) && erofs_has_incompat(&image->sb, EROFS_FEATURE_INCOMPAT_METABOX)) {
		nid &= ~EROFS_NID_IN_METABOX;
		return nid < EROFS_METABOX_AREA / EROFS_NID_SLOT ? EROFS_METABOX_AREA + nid * EROFS_NID_SLOT
								 : UINT64_MAX;
	}
	zone = (uint64_t)image->sb.meta_blkaddr << image->sb.blkszbits;
	/* Saturated: no device reaches that far, so that its user finds out. */
	if (nid >= (EROFS_METABOX_AREA - zone) / EROFS_NID_SLOT)
		return UINT64_MAX;
	return zone + nid * EROFS_NID_SLOT;
}

uint64_t erofs_reader_inode_end(const struct erofs_image *image, const struct erofs_inode *inode)
{
	return erofs_image_inode_offset(image, inode->nid) + erofs_inode_body_size(inode) +
	       erofs_xattr_area_size(inode->xattr_icount);
}

static int check_inode(const struct erofs_image *image, const struct erofs_inode *inode)
{
	uint64_t behind_body = (uint64_t)erofs_inode_body_size(inode) + erofs_xattr_area_size(inode->xattr_icount);

	if (!erofs_reader_meta_fits(image, erofs_image_inode_offset(image, inode->nid), behind_body))
		return -EUCLEAN;
	if (inode->size > INT64_MAX)
		return -EUCLEAN;
	if (S_ISLNK(inode->mode) && inode->size > EROFS_SYMLINK_MAX)
		return -EUCLEAN;
	if (S_ISREG(inode->mode) && inode->layout == EROFS_LAYOUT_CHUNK_BASED &&
	    (inode->u & 0xffffu) & ~EROFS_CHUNK_FORMAT_KNOWN)
		return -EOPNOTSUPP;
	return 0;
}

int erofs_image_inode(const struct erofs_image *image, struct erofs_inode *out, uint64_t nid)
{
	uint64_t offset, rest;
	uint8_t raw[EROFS_INODE_EXTENDED_SIZE];
	size_t avail = sizeof(raw);
	const char *reason = NULL;
	int err;

	if (!image || !out)
		return -EINVAL;
	offset = erofs_image_inode_offset(image, nid);
	rest = erofs_reader_meta_rest(image, offset);
	if (!rest)
		return -EUCLEAN;
	if (avail > rest)
		avail = (size_t)rest;
	err = erofs_reader_read_meta(image, raw, avail, offset);
	if (err)
		return err;
	*out = (struct erofs_inode){ .nid = nid };
	err = erofs_inode_decode(out, raw, avail, &image->sb, &reason);
	if (err)
		return err;
	return check_inode(image, out);
}
