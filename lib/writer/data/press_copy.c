/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/writer/data/press.h"

/*
 * Files whose source has them encoded already: an extent belongs to the segment that it begins in, and goes over as it is. What
 * can be taken over ends somewhere; the rest of the file is compressed.
 */

struct copy {
	struct press *press;
	struct erofs_content *content;
	void *reader;
	struct erofs_compress_tools *tools;
	struct erofs_compressed *to;
	uint8_t way;
	uint32_t unit;
	/* Extents that follow each other where they are, too, are read at once: the last so many bytes of to->out. */
	struct erofs_encoded_extent run;
};

static int report_odd(const struct copy *copy)
{
	return erofs_tree_report(copy->press->pack->builder->diag, -EUCLEAN, copy->content->inode,
				 "its encoded extents are larger than they may be");
}

/* The index of a hostile image may be read in one way here and in another one for the digest. */
int erofs_press_report_gap(const struct press *press, const struct erofs_tree_inode *inode)
{
	return erofs_tree_report(press->pack->builder->diag, -EUCLEAN, inode,
				 "its encoded extents overlap or leave gaps");
}

/* Each extent has to begin where the one before it ends. */
static int span(struct erofs_compressed *to, uint64_t start, uint64_t end)
{
	if (!to->count)
		to->start = start;
	else if (start != to->end)
		return -EUCLEAN;
	to->end = end;
	return 0;
}

static int read_bytes(const struct copy *copy, const struct erofs_encoded_extent *extent, uint8_t *buf)
{
	return copy->press->pack->source->read_encoded(copy->reader, copy->content, extent, buf);
}

static int read_run(struct copy *copy)
{
	uint32_t size = copy->run.size;

	copy->run.size = 0;
	if (!size)
		return 0;
	return read_bytes(
		copy,
		&(struct erofs_encoded_extent){ .size = size, .place = copy->run.place, .device = copy->run.device },
		copy->to->out + copy->to->size - size);
}

static bool continues_run(const struct copy *copy, const struct erofs_encoded_extent *extent)
{
	return copy->run.size && extent->device == copy->run.device &&
	       extent->place == copy->run.place + copy->run.size;
}

/* Encoded bytes go to the end of what is in use. */
static int add_to_run(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	int err = continues_run(copy, extent) ? 0 : read_run(copy);

	if (!copy->run.size)
		copy->run = (struct erofs_encoded_extent){ .place = extent->place, .device = extent->device };
	copy->run.size += extent->size;
	copy->to->size += extent->size;
	return err;
}

static bool ends_file(const struct copy *copy, const struct erofs_encoded_extent *extent)
{
	return extent->start + extent->length == copy->content->inode->size;
}

/* In clusters, stored bytes may be rotated in their blocks, as all of this image are or are not. */
static int store(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	size_t blksz = copy->press->pack->builder->blksz;
	int err;

	if (extent->size > copy->tools->plan->ways[copy->way].encoded_max)
		return report_odd(copy);
	err = read_run(copy);
	if (!err)
		err = read_bytes(copy, extent, copy->tools->scratch);
	return err ? err
		   : erofs_compress_store(copy->tools, copy->way, copy->tools->scratch, extent->size,
					  (size_t)(extent->start % blksz), copy->to);
}

/* Stored bytes of pieces come from the file, which may have them in another way. */
static int add_bytes(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	int err;

	if (!extent->is_stored)
		return add_to_run(copy, extent);
	err = read_run(copy);
	if (!err)
		err = read_bytes(copy, extent, copy->to->out + copy->to->size);
	copy->to->size += extent->size;
	return err;
}

static int append(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	struct erofs_compressed *to = copy->to;
	enum erofs_extent_form form = !extent->size	  ? EROFS_FORM_ZEROS
				      : extent->is_stored ? EROFS_FORM_STORED
							  : EROFS_FORM_ENCODED;
	int err;

	if (extent->size > to->room - to->size || extent->size % copy->unit)
		return report_odd(copy);
	err = extent->size ? add_bytes(copy, extent) : 0;
	return err ? err : erofs_compressed_note(to, extent->length, extent->size / copy->unit, form);
}

static bool is_uneven(const struct copy *copy, const struct erofs_encoded_extent *extent)
{
	uint32_t piece = copy->tools->plan->ways[copy->way].extent_bytes;

	return extent->start % piece || (extent->length != piece && !ends_file(copy, extent)) || extent->length > piece;
}

static int take(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	int err;

	if (span(copy->to, extent->start, extent->start + extent->length))
		return erofs_press_report_gap(copy->press, copy->content->inode);
	if (copy->unit == 1)
		copy->to->uneven |= is_uneven(copy, extent);
	err = extent->is_stored && copy->unit > 1 ? store(copy, extent) : append(copy, extent);
	/* The file stays a compressed one, even if nothing of it shrank. */
	copy->to->shrunk = true;
	return err ? err : copy->to->full ? report_odd(copy) : 0;
}

int erofs_press_copy(struct press *press, unsigned int worker, struct erofs_content *content, const uint8_t *in,
		     uint64_t offset, size_t length, struct erofs_compressed *to)
{
	const struct erofs_builder *builder = press->pack->builder;
	uint8_t way = erofs_plan(builder, content->inode->number)->way;
	struct copy copy = {
		.press = press,
		.content = content,
		.reader = press->pack->workers[worker].reader,
		.tools = &press->tools[worker],
		.to = to,
		.way = way,
		.unit = builder->compress.ways[way].unit,
	};
	uint64_t end = offset + length, stop = content->encoded_end < end ? content->encoded_end : end;
	size_t taken = stop > offset ? (size_t)(stop - offset) : 0;
	struct erofs_encoded_extent extent;
	int err = 0, found = 1;

	to->size = 0;
	to->count = 0;
	to->start = to->end = 0;
	to->shrunk = to->full = to->uneven = false;
	for (uint64_t at = offset; !err && at < stop; at = extent.start + extent.length) {
		found = press->pack->source->encoded(copy.reader, content, &extent, at);
		if (found <= 0 || extent.start >= stop)
			break;
		err = take(&copy, &extent);
	}
	if (err || found < 0)
		return err ? err : found;
	err = read_run(&copy);
	if (err)
		return err;
	if (taken < length && span(to, offset + taken, end))
		return erofs_press_report_gap(press, content->inode);
	if (taken < length)
		err = erofs_compress_more(copy.tools, copy.way, in + taken, length - taken, taken, to);
	return err ? err : to->full ? report_odd(&copy) : 0;
}
