/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/writer/data/press.h"

/*
 * Clusters end with a block, DEFLATE pieces end anywhere. A run of them that would have a piece end just behind a page boundary
 * (erofs_leaves_mark_behind()) is moved on.
 */

static bool is_good_start(const struct erofs_buffer *extents, uint64_t count, uint64_t start)
{
	struct erofs_extent_cursor cursor = { .at = extents->data, .left = count };
	struct erofs_list_extent extent;

	while (erofs_extents_next(&cursor, &extent)) {
		if (extent.form == EROFS_FORM_ENCODED && erofs_leaves_mark_behind(start, extent.plen))
			return false;
		start += extent.plen;
	}
	return true;
}

int erofs_press_shift(struct press *press, const struct erofs_tree_inode *inode, const struct erofs_buffer *extents,
		      uint64_t count, uint32_t *shift)
{
	static const uint8_t zeros[EROFS_MARK_PAGE];
	struct erofs_builder *builder = press->pack->builder;
	const struct erofs_compress_way *way = &builder->compress.ways[erofs_plan(builder, inode->number)->way];
	uint64_t start = builder->next_byte;
	int err = 0;

	*shift = 0;
	if (way->unit != 1 ||
	    erofs_compressor_limits(way->compression.compressor)->algorithm != EROFS_ALGORITHM_DEFLATE)
		return 0;
	/*
	 * Of the places in a page, each piece rules out a few, and a run has too few pieces to rule out all. Of small pieces
	 * there are enough; erofs_compress_pieces() makes them so that a run may begin with a page. Taken over from another
	 * image, they may be as they like.
	 */
	while (*shift < EROFS_MARK_PAGE && !is_good_start(extents, count, start + *shift))
		++*shift;
	if (*shift == EROFS_MARK_PAGE)
		return erofs_tree_report(builder->diag, -EOPNOTSUPP, inode,
					 "its DEFLATE extents are so small that Linux cannot read them wherever they "
					 "are; build the image without taking them over");
	if (*shift && builder->is_stale)
		err = erofs_output_write(builder->output, zeros, *shift, start);
	return err ? err : erofs_pack_take_bytes(press->pack, inode, *shift);
}
