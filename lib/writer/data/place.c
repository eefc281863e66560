/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>

#include "lib/util/cleanup.h"
#include "lib/util/report.h"
#include "lib/writer/data/place.h"

void erofs_writer_tell(const struct erofs_run *run, const struct erofs_tree_inode *inode, const char *how)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer path = { 0 };
	const struct erofs_plan *plan = run->plan;
	struct erofs_extent_cursor cursor;
	struct erofs_extent_list list;
	struct erofs_span span;

	if (!erofs_wants(plan->diag, EROFS_SEV_DEBUG))
		return;
	if (erofs_writer_place(run->data, inode)->is_chunked) {
		erofs_message(plan->diag, EROFS_SEV_DEBUG, "%s: %" PRIu64 " bytes, %s chunks of %" PRIu64 " bytes",
			      erofs_tree_path(&path, inode), inode->size, how,
			      UINT64_C(1) << erofs_writer_placed_chunkbits(plan, run->data, inode));
		return;
	}
	if (!erofs_writer_place(run->data, inode)->is_compressed) {
		erofs_message(plan->diag, EROFS_SEV_DEBUG,
			      "%s: %" PRIu64 " bytes, %s %" PRIu64 " blocks at block %" PRIu32,
			      erofs_tree_path(&path, inode), inode->size, how, erofs_writer_planned_blocks(plan, inode),
			      erofs_writer_place(run->data, inode)->blkaddr);
		return;
	}
	span = erofs_writer_placed_span(plan, run->data, inode);
	erofs_writer_extent_lists_open(&run->data->extent_lists, erofs_writer_place(run->data, inode)->at, &list,
				       &cursor);
	erofs_message(plan->diag, EROFS_SEV_DEBUG,
		      "%s: %" PRIu64 " bytes, %s %" PRIu64 " bytes in %" PRIu64 " extents at byte %" PRIu64,
		      erofs_tree_path(&path, inode), inode->size, how, span.size, list.count, span.start);
}

int erofs_writer_report_place(const struct erofs_run *run, const struct erofs_tree_inode *inode, int err)
{
	/* Only where the size could not be known beforehand. */
	if (err == -EFBIG)
		return erofs_tree_report(run->plan->diag, err, inode,
					 "the image grows beyond %" PRIu64
					 " bytes, more than a source of unknown size may",
					 run->data->zone.limit);
	if (err == -ERANGE)
		return erofs_tree_report(run->plan->diag, -EFBIG, inode,
					 "the image grows beyond 2^32 blocks; larger blocks would help");
	return err;
}

int erofs_writer_place_bytes(struct erofs_run *run, const struct erofs_tree_inode *inode, uint64_t *start,
			     uint64_t size)
{
	return erofs_writer_report_place(run, inode, erofs_writer_zone_take(&run->data->zone, start, size));
}

int erofs_writer_place_stored(struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	uint64_t blocks = erofs_writer_planned_blocks(run->plan, inode);
	uint64_t start = 0;
	int err = 0;

	if (blocks)
		err = erofs_writer_zone_align(&run->data->zone);
	if (!err && blocks)
		err = erofs_writer_place_bytes(run, inode, &start, blocks * run->plan->blksz);
	if (err)
		return err;
	erofs_writer_place(run->data, inode)->blkaddr = (uint32_t)(start / run->plan->blksz);
	erofs_writer_tell(run, inode, "stored in");
	return 0;
}

int erofs_writer_append_tail(struct erofs_run *run, const struct erofs_tree_inode *inode, const uint8_t *tail)
{
	uint32_t size = erofs_writer_planned_tail(run->plan, inode);
	uint64_t at;
	int err = size ? erofs_writer_tails_append(run->data->tails, &at, tail, size) : 0;

	if (!err && size)
		erofs_writer_place(run->data, inode)->at = at;
	return err;
}

bool erofs_writer_is_whole_fragment(const struct erofs_run *run, const struct erofs_long_file *file)
{
	return run->plan->options->all_fragments && !file->content.encoded_end &&
	       erofs_writer_is_fragment(&run->plan->methods, erofs_writer_method(run->plan, file->inode),
					file->inode->size);
}

int erofs_writer_place_whole(struct erofs_run *run, const struct erofs_job *job)
{
	struct erofs_fragments *fragments = &run->data->fragments;
	struct erofs_long_file *file = job->file;
	int err = 0;

	if (!job->segment)
		err = erofs_writer_fragments_begin(fragments, &file->fragment, file->inode, job->in, job->length);
	return err ? err : erofs_writer_fragments_append(fragments, job->in, job->length);
}

static void count_fragment(struct erofs_build_summary *summary, uint64_t size)
{
	summary->fragments++;
	summary->fragment_bytes += size;
}

int erofs_writer_place_fragment(struct erofs_run *run, const struct erofs_tree_inode *inode,
				struct erofs_extent_list *list, const uint8_t *bytes, size_t size)
{
	bool once = run->plan->options->fragment_dedupe == EROFS_FRAGMENTS_FULL && run->plan->options->dedupe_files;

	if (!size)
		return 0;
	list->has_fragment = true;
	count_fragment(run->plan->summary, size);
	return erofs_writer_fragments_add(&run->data->fragments, &list->fragment, inode, bytes, size, once);
}

/* Whatever repeats it has. */
static bool is_full_anyway(const struct erofs_run *run, const struct erofs_extent_list *list)
{
	return run->plan->options->full_index || (list->has_zeros && erofs_writer_may_have_zeros(run->plan->options));
}

int erofs_writer_place_extents(struct erofs_run *run, const struct erofs_tree_inode *inode,
			       struct erofs_extent_list *list, const struct erofs_buffer *extents, const uint8_t *tail)
{
	struct erofs_build_summary *summary = run->plan->summary;
	struct erofs_place *place = erofs_writer_place(run->data, inode);
	uint32_t unit = run->plan->methods.items[list->method].unit;
	uint64_t at;
	int err = 0;

	list->has_shared |= list->has_zeros && unit > 1;
	if (list->tail_size)
		err = erofs_writer_tails_append(run->data->tails, &list->tail_at, tail, list->tail_size);
	if (!err)
		err = erofs_writer_extent_lists_add(&run->data->extent_lists, &at, list, extents);
	if (err)
		return err;
	if (list->has_shared && unit > 1 && !is_full_anyway(run, list))
		run->data->bytes_with += (inode->size / unit + 1) * EROFS_FULL_INDEX_MORE;
	if (list->has_zeros && unit > 1)
		run->data->zeros[erofs_writer_method_algorithm(&run->plan->methods.items[list->method])].is_wanted =
			true;
	run->data->has_shared |= list->has_shared;
	run->data->has_packed_tails |= list->tail_size;
	place->at = at;
	place->is_compressed = true;
	run->data->has_compressed = true;
	summary->compressed_files++;
	summary->compressed_bytes += inode->size;
	summary->encoded_bytes += list->plen * unit + list->tail_size;
	erofs_writer_tell(run, inode, "compressed to");
	return 0;
}
