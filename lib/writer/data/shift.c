/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/writer/data/shift.h"
#include "lib/writer/data/place.h"

/*
 * Clusters end with a block, DEFLATE extents end anywhere. A run of them that would have one end just behind a page boundary
 * (erofs_writer_leaves_mark_behind()) is moved on.
 */

static bool is_good_start(const struct erofs_buffer *extents, uint64_t count, uint64_t start)
{
	struct erofs_extent_cursor cursor = { .at = extents->data, .left = count };
	struct erofs_list_extent extent;

	while (erofs_writer_extents_next(&cursor, &extent)) {
		if (extent.form == EROFS_FORM_ENCODED && !extent.place &&
		    erofs_writer_leaves_mark_behind(start, extent.plen))
			return false;
		start += erofs_writer_extent_room(&extent);
	}
	return true;
}

uint32_t erofs_writer_find_shift(const struct erofs_method *method, const struct erofs_buffer *extents, uint64_t count,
				 uint64_t start)
{
	uint32_t shift = 0;

	if (method->unit != 1 ||
	    erofs_compressor_limits(method->compression.compressor)->algorithm != EROFS_ALGORITHM_DEFLATE)
		return 0;
	/*
	 * Of the places in a page, each extent rules out a few, and a run has too few extents to rule out all. Of small ones
	 * there are enough; erofs_writer_encode_extents() makes them so that a run may begin with a page. Taken over from
	 * another image, they may be as they like.
	 */
	while (shift < EROFS_MARK_PAGE && !is_good_start(extents, count, start + shift))
		shift++;
	return shift;
}

int erofs_writer_shift(struct erofs_run *run, const struct erofs_tree_inode *inode, const struct erofs_buffer *extents,
		       uint64_t count, uint32_t *shift)
{
	*shift = erofs_writer_find_shift(erofs_writer_method(run->plan, inode), extents, count, run->data->zone.end);
	if (*shift == EROFS_MARK_PAGE)
		return erofs_tree_report(run->plan->diag, -EOPNOTSUPP, inode,
					 "its DEFLATE extents are so small that Linux cannot read them wherever they "
					 "are; build the image without taking them over");
	return erofs_writer_report_place(run, inode, erofs_writer_zone_pad(&run->data->zone, *shift));
}
