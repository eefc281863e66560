/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/build/press.h"

/*
 * Linux (measured on 6.18) gives up on a DEFLATE stream if its page runs out when all output is made and only the mark of the
 * stream's end is missing: "failed to decompress 0 in[1] out[0]". Clusters end with a block, pieces end anywhere, so those
 * that would end just behind a page boundary are moved on. The mark has 15 bits at most; an encoder may have put an empty
 * block behind the last one.
 */
#define PAGE	  4096u /* the smallest that Linux has; larger ones have their boundaries there, too */
#define MARK_MOST 8u	/* bytes */

static bool leaves_mark_behind(uint64_t start, uint32_t size)
{
	uint64_t behind = (start + size) % PAGE;

	return behind && behind < MARK_MOST && behind < size;
}

static bool is_good_start(const struct erofs_buffer *extents, uint64_t count, uint64_t start)
{
	struct erofs_extent_cursor cursor = { .at = extents->data, .left = count };
	struct erofs_list_extent extent;

	while (erofs_extents_next(&cursor, &extent)) {
		if (extent.form == EROFS_FORM_ENCODED && leaves_mark_behind(start, extent.plen))
			return false;
		start += extent.plen;
	}
	return true;
}

int erofs_press_shift(struct press *press, const struct erofs_tree_inode *inode, const struct erofs_buffer *extents,
		      uint64_t count, uint32_t *shift)
{
	static const uint8_t zeros[PAGE];
	struct erofs_builder *builder = press->pack->builder;
	const struct erofs_compress_way *way = &builder->compress.ways[erofs_plan(builder, inode->number)->way];
	uint64_t start = builder->next_byte;
	int err = 0;

	*shift = 0;
	if (way->unit != 1 ||
	    erofs_compressor_limits(way->compression.compressor)->algorithm != EROFS_ALGORITHM_DEFLATE)
		return 0;
	/* Of the places in a page, each piece rules out a few, and a run has too few pieces to rule out all. */
	while (*shift < PAGE && !is_good_start(extents, count, start + *shift))
		++*shift;
	if (*shift && builder->is_stale)
		err = erofs_output_write(builder->output, zeros, *shift, start);
	return err ? err : erofs_pack_take_bytes(press->pack, inode, *shift);
}
