/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>

#include "lib/writer/data/reuse.h"

/*
 * Files whose source has them encoded already: an extent belongs to the segment that it begins in, and goes over as it is. What
 * can be taken over ends somewhere; the rest of the file is compressed.
 */

struct copy {
	struct erofs_run *run;
	struct erofs_content *content;
	void *reader;
	struct erofs_encode_tools *tools;
	struct erofs_encoded *to;
	uint8_t method;
	uint32_t unit;
	/* Extents that follow each other where they are, too, are read at once: the last so many bytes of to->out. */
	struct erofs_encoded_extent row;
};

static int report_odd(const struct copy *copy)
{
	return erofs_tree_report(copy->run->plan->diag, -EUCLEAN, copy->content->inode,
				 "its encoded extents are larger than they may be");
}

/* The index of a hostile image may be read in one way here and in another one for the digest. */
int erofs_writer_report_gap(const struct erofs_run *run, const struct erofs_tree_inode *inode)
{
	return erofs_tree_report(run->plan->diag, -EUCLEAN, inode, "its encoded extents overlap or leave gaps");
}

/* Each extent has to begin where the one before it ends. */
static int span(struct erofs_encoded *to, uint64_t start, uint64_t end)
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
	return copy->run->source->read_encoded(copy->reader, copy->content, extent, buf);
}

static int read_row(struct copy *copy)
{
	uint32_t size = copy->row.size;

	copy->row.size = 0;
	if (!size)
		return 0;
	return read_bytes(
		copy,
		&(struct erofs_encoded_extent){ .size = size, .place = copy->row.place, .device = copy->row.device },
		copy->to->out + copy->to->size - size);
}

static bool continues_row(const struct copy *copy, const struct erofs_encoded_extent *extent)
{
	return copy->row.size && extent->device == copy->row.device &&
	       extent->place == copy->row.place + copy->row.size;
}

/* Encoded bytes go to the end of what is in use. */
static int add_to_row(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	int err = continues_row(copy, extent) ? 0 : read_row(copy);

	if (!copy->row.size)
		copy->row = (struct erofs_encoded_extent){ .place = extent->place, .device = extent->device };
	copy->row.size += extent->size;
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
	size_t blksz = copy->run->plan->blksz;
	int err;

	if (extent->size > copy->tools->methods->items[copy->method].encoded_max)
		return report_odd(copy);
	err = read_row(copy);
	if (!err)
		err = read_bytes(copy, extent, copy->tools->scratch);
	return err ? err
		   : erofs_writer_encode_store(copy->tools, copy->method, copy->tools->scratch, extent->size,
					       (size_t)(extent->start % blksz), copy->to);
}

/* Stored bytes of encoded extents come from the file, which may have them in another way. */
static int add_bytes(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	int err;

	if (!extent->is_stored)
		return add_to_row(copy, extent);
	err = read_row(copy);
	if (!err)
		err = read_bytes(copy, extent, copy->to->out + copy->to->size);
	copy->to->size += extent->size;
	return err;
}

static int append(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	enum erofs_extent_form form = extent->is_stored ? EROFS_FORM_STORED : EROFS_FORM_ENCODED;
	struct erofs_encoded *to = copy->to;
	int err;

	if (!extent->size)
		return erofs_writer_encoded_zeros(to, &copy->tools->methods->items[copy->method], extent->length);
	if (extent->size > to->room - to->size || extent->size % copy->unit)
		return report_odd(copy);
	err = add_bytes(copy, extent);
	return err ? err : erofs_writer_encoded_note(to, extent->length, extent->size / copy->unit, form);
}

static bool is_uneven(const struct copy *copy, const struct erofs_encoded_extent *extent)
{
	uint32_t piece = copy->tools->methods->items[copy->method].extent_bytes;

	return extent->start % piece || (extent->length != piece && !ends_file(copy, extent)) || extent->length > piece;
}

static int take(struct copy *copy, const struct erofs_encoded_extent *extent)
{
	int err;

	if (span(copy->to, extent->start, extent->start + extent->length))
		return erofs_writer_report_gap(copy->run, copy->content->inode);
	if (copy->unit == 1)
		copy->to->uneven |= is_uneven(copy, extent);
	err = extent->is_stored && copy->unit > 1 ? store(copy, extent) : append(copy, extent);
	/* The file stays a compressed one, even if nothing of it shrank. */
	copy->to->shrunk = true;
	return err ? err : copy->to->full ? report_odd(copy) : 0;
}

static int take_all(struct copy *copy, uint64_t offset, uint64_t stop)
{
	struct erofs_encoded_extent extent;
	int err = 0, found = 1;

	for (uint64_t at = offset; !err && at < stop; at = extent.start + extent.length) {
		found = copy->run->source->encoded(copy->reader, copy->content, &extent, at);
		if (found <= 0 || extent.start >= stop)
			break;
		err = take(copy, &extent);
	}
	if (err || found < 0)
		return err ? err : found;
	return read_row(copy);
}

int erofs_writer_reuse(struct erofs_run *run, unsigned int worker, struct erofs_content *content, const uint8_t *in,
		       uint64_t offset, size_t length, struct erofs_encoded *to)
{
	uint8_t method = erofs_writer_inode_plan(run->plan, content->inode)->method;
	struct copy copy = {
		.run = run,
		.content = content,
		.reader = run->workers[worker].reader,
		.tools = &run->workers[worker].encode,
		.to = to,
		.method = method,
		.unit = run->plan->methods.items[method].unit,
	};
	uint64_t end = offset + length, stop = content->encoded_end < end ? content->encoded_end : end;
	size_t taken = stop > offset ? (size_t)(stop - offset) : 0;
	int err;

	erofs_writer_encoded_reset(to);
	err = take_all(&copy, offset, stop);
	if (err)
		return err;
	if (taken < length && span(to, offset + taken, end))
		return erofs_writer_report_gap(run, content->inode);
	if (taken < length)
		err = erofs_writer_encode(copy.tools, method, in + taken, length - taken, taken, to);
	return err ? err : to->full ? report_odd(&copy) : 0;
}
