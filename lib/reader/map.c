/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "lib/reader/reader.h"

bool erofs_reader_inode_has_data(const struct erofs_inode *inode)
{
	return S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode);
}

/* Linux takes the upper half as it stands, whether or not the superblock says 48BIT. */
static uint64_t first_block(const struct erofs_inode *inode)
{
	return inode->u | (uint64_t)inode->startblk_hi << 32;
}

/*
 * A flat file without any block: all bits of its first block's address are set, as many as the inode has for it (measured:
 * 48 in an extended inode, 32 in a compact one that holds its link count).
 */
static bool is_null(const struct erofs_inode *inode)
{
	if (inode->u != EROFS_NULL_BLOCK)
		return false;
	return inode->startblk_hi == UINT16_MAX || (!inode->extended && !inode->startblk_hi);
}

static int map_plain(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
		     uint64_t length)
{
	out->logical = 0;
	out->length = length;
	if (inode->layout == EROFS_LAYOUT_FLAT_PLAIN && is_null(inode)) {
		out->kind = EROFS_EXTENT_HOLE;
		return 0;
	}
	out->kind = EROFS_EXTENT_PLAIN;
	return erofs_reader_place(image, out, 0, first_block(inode) << image->sb.blkszbits, length);
}

static int map_flat(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
		    uint64_t offset)
{
	uint32_t blksz = erofs_block_size(&image->sb);
	uint64_t tail = inode->layout == EROFS_LAYOUT_FLAT_INLINE ? inode->size % blksz : 0;
	uint64_t at;

	if (offset < inode->size - tail)
		return map_plain(image, out, inode, inode->size - tail);
	at = erofs_reader_inode_end(image, inode);
	if (at % blksz + tail > blksz || !erofs_reader_meta_fits(image, at, tail))
		return -EUCLEAN;
	out->kind = EROFS_EXTENT_INLINE;
	out->logical = inode->size - tail;
	out->length = tail;
	erofs_reader_place_meta(out, at);
	out->plen = tail;
	return 0;
}

static int map_compressed(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
			  uint64_t offset)
{
	struct erofs_zmap map;
	int err = erofs_reader_zmap_open(&map, image, inode, NULL);

	return err ? err : erofs_reader_zmap_map(&map, out, offset, NULL);
}

int erofs_reader_map_some(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
			  uint64_t offset, uint64_t want)
{
	int err;

	*out = (struct erofs_extent){ .algorithm = -1 };
	if (!erofs_reader_inode_has_data(inode) || offset >= inode->size)
		return 0;
	switch (inode->layout) {
	case EROFS_LAYOUT_FLAT_PLAIN:
	case EROFS_LAYOUT_FLAT_INLINE:
		err = map_flat(image, out, inode, offset);
		break;
	case EROFS_LAYOUT_CHUNK_BASED:
		err = erofs_reader_map_chunks(image, out, inode, offset, want);
		break;
	default:
		err = map_compressed(image, out, inode, offset);
		break;
	}
	return err ? err : 1;
}

int erofs_image_map(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
		    uint64_t offset)
{
	if (!image || !out || !inode)
		return -EINVAL;
	return erofs_reader_map_some(image, out, inode, offset, UINT64_MAX);
}

int erofs_image_map_some(const struct erofs_image *image, struct erofs_extent *out, const struct erofs_inode *inode,
			 uint64_t offset, uint64_t want)
{
	if (!image || !out || !inode || !want)
		return -EINVAL;
	return erofs_reader_map_some(image, out, inode, offset, want);
}
