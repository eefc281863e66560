/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <erofs/compress.h>

#include "fuse/operations.h"
#include "fuse/view.h"

/*
 * Contents. Bytes that lie in the image as they are go from its file to Linux by splice(2), if there are enough of them. All else
 * is put together in a buffer: extents that are wanted in whole are decoded into it; those of which a part is wanted are kept, for
 * whoever wants the rest.
 */

#define SPLICED_LEAST ((size_t)32 << 10)
#define STRAY_MOST    ((size_t)16 << 10)
#define PARTS_MOST    16u

struct range {
	const struct view *view;
	const struct erofs_inode *inode;
	uint64_t offset;
	size_t length; /* ends inside the file */
};

/* ---- decoded --------------------------------------------------------------------------------------------------------------- */

static int decode(void *ctx, uint8_t *out, const struct erofs_extent *extent)
{
	return erofs_image_read_extent(ctx, extent, out, (size_t)extent->length);
}

/*
 * Whether decoding up to what is wanted is all that should be done: it is little, nobody has wanted anything of this piece before, and
 * the rest of it would take time.
 */
static bool is_stray(const struct range *range, size_t length, const struct erofs_extent *extent)
{
	if (length > STRAY_MOST ||
	    (extent->algorithm != EROFS_ALGORITHM_LZ4 && extent->algorithm != EROFS_ALGORITHM_LZMA))
		return false;
	return !pieces_asked_before(range->view->pieces, extent);
}

static int copy_stray(const struct range *range, uint8_t *out, size_t length, const struct erofs_extent *extent)
{
	size_t skip = (size_t)(range->offset - extent->logical);
	struct buffer *buffer = buffers_take(range->view->buffers, skip + length);
	int err;

	if (!buffer)
		return -ENOMEM;
	err = erofs_image_read_extent(range->view->image, extent, buffer->bytes, skip + length);
	if (!err)
		memcpy(out, buffer->bytes + skip, length);
	buffers_give_back(range->view->buffers, buffer);
	return err;
}

static int copy_piece(const struct range *range, uint8_t *out, size_t length, const struct erofs_extent *extent)
{
	const struct piece *piece;
	int err;

	if (is_stray(range, length, extent))
		return copy_stray(range, out, length, extent);
	err = pieces_take(range->view->pieces, &piece, extent, decode, range->view->image);
	if (err)
		return err;
	memcpy(out, piece->data + (range->offset - extent->logical), length);
	pieces_give_back(range->view->pieces, piece);
	return 0;
}

static bool is_encoded(const struct erofs_extent *extent)
{
	return extent->kind == EROFS_EXTENT_ENCODED || extent->kind == EROFS_EXTENT_FRAGMENT;
}

static bool is_cut(const struct range *range, const struct erofs_extent *extent)
{
	return extent->logical < range->offset ||
	       extent->length > range->length - (size_t)(extent->logical - range->offset);
}

/* How many bytes from the range's start are up to the last extent, if that is to be looked up by itself. */
static int whole_extents(const struct range *range, size_t *out)
{
	struct erofs_extent last;
	int found = erofs_image_map_some(range->view->image, &last, range->inode, range->offset + range->length - 1, 1);

	if (found < 0)
		return found;
	*out = range->length;
	if (found && is_encoded(&last) && last.logical > range->offset &&
	    (last.kind == EROFS_EXTENT_FRAGMENT || is_cut(range, &last)))
		*out = (size_t)(last.logical - range->offset);
	return 0;
}

static int64_t read_whole(const struct range *range, uint8_t *out)
{
	size_t length;
	int64_t count = whole_extents(range, &length);

	if (!count)
		count = erofs_image_read(range->view->image, range->inode, out, length, range->offset);
	/* The range ends inside the file. */
	return count ? count : -EUCLEAN;
}

static int fill(struct range *range, uint8_t *out);

/* Fragments lie in the packed inode, none of whose extents is one. */
static int copy_fragment(const struct range *range, uint8_t *out, size_t length, const struct erofs_extent *extent)
{
	struct erofs_inode packed;
	struct range within = { .view = range->view,
				.inode = &packed,
				.offset = extent->physical + (range->offset - extent->logical),
				.length = length };
	int err = erofs_image_packed_inode(range->view->image, &packed);

	return err ? err : fill(&within, out);
}

/* Stored as they are, in a file: 0; -ERANGE if there is no such file. */
static int read_stored(const struct range *range, uint8_t *out, size_t length, const struct erofs_extent *extent)
{
	uint64_t start = 0;
	int fd = -1, err = erofs_image_device_file(range->view->image, extent->device, &fd, &start);

	start += extent->physical + (range->offset - extent->logical);
	for (size_t done = 0; !err && done < length;) {
		ssize_t count = pread(fd, out + done, length - done, (off_t)(start + done));

		if (count > 0)
			done += (size_t)count;
		else if (!count || errno != EINTR)
			err = count ? -errno : -EIO;
	}
	return err;
}

static bool is_stored(const struct erofs_extent *extent)
{
	return extent->kind == EROFS_EXTENT_PLAIN || extent->kind == EROFS_EXTENT_INLINE;
}

/* The next bytes of the range; how many. */
static int64_t read_some(struct range *range, uint8_t *out)
{
	struct erofs_extent extent;
	size_t length;
	int found = erofs_image_map_some(range->view->image, &extent, range->inode, range->offset, range->length);
	int err;

	if (found <= 0)
		return found ? found : -EUCLEAN;
	length = (size_t)(extent.length - (range->offset - extent.logical));
	if (length > range->length)
		length = range->length;
	if (is_stored(&extent) && !read_stored(range, out, length, &extent))
		return (int64_t)length;
	if (!is_encoded(&extent) || (extent.kind == EROFS_EXTENT_ENCODED && !is_cut(range, &extent)))
		return read_whole(range, out);
	err = extent.kind == EROFS_EXTENT_FRAGMENT ? copy_fragment(range, out, length, &extent)
						   : copy_piece(range, out, length, &extent);
	return err ? err : (int64_t)length;
}

static int fill(struct range *range, uint8_t *out)
{
	while (range->length) {
		int64_t count = read_some(range, out);

		if (count < 0)
			return (int)count;
		out += count;
		range->offset += (uint64_t)count;
		range->length -= (size_t)count;
	}
	return 0;
}

/* ---- spliced --------------------------------------------------------------------------------------------------------------- */

struct parts {
	struct fuse_bufvec vector;
	struct fuse_buf more[PARTS_MOST - 1]; /* behind vector.buf[0] */
};

static bool add_part(struct parts *parts, const struct range *range, const struct erofs_extent *extent, size_t length)
{
	struct fuse_buf *part = parts->vector.count ? &parts->more[parts->vector.count - 1] : parts->vector.buf;
	uint64_t start;
	int fd;

	if (!is_stored(extent) || parts->vector.count == PARTS_MOST ||
	    erofs_image_device_file(range->view->image, extent->device, &fd, &start))
		return false;
	*part = (struct fuse_buf){ .size = length,
				   .flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK | FUSE_BUF_FD_RETRY,
				   .fd = fd,
				   .pos = (off_t)(start + extent->physical + (range->offset - extent->logical)) };
	parts->vector.count++;
	return true;
}

/* Whether all of the range lies in files as it is, in not too many parts. */
static bool find_parts(struct parts *parts, struct range range)
{
	while (range.length) {
		struct erofs_extent extent;
		size_t length;

		if (erofs_image_map_some(range.view->image, &extent, range.inode, range.offset, range.length) != 1)
			return false;
		length = (size_t)(extent.length - (range.offset - extent.logical));
		if (length > range.length)
			length = range.length;
		if (!add_part(parts, &range, &extent, length))
			return false;
		range.offset += length;
		range.length -= length;
	}
	return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------------ */

static void reply_filled(fuse_req_t request, struct range *range)
{
	const struct view *view = range->view;
	size_t length = range->length;
	struct buffer *buffer = buffers_take(view->buffers, length);
	int err = buffer ? fill(range, buffer->bytes) : -ENOMEM;

	if (!err) {
		fuse_reply_buf(request, (const char *)buffer->bytes, length);
	} else {
		view_complain(view, range->inode->nid, "its contents cannot be read", err);
		fuse_reply_err(request, err == -ENOMEM || err == -EOPNOTSUPP ? -err : EIO);
	}
	if (buffer)
		buffers_give_back(view->buffers, buffer);
}

void operation_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t at, struct fuse_file_info *file)
{
	const struct view *view = view_of(request);
	struct parts parts = { .vector = { .count = 0 } };
	struct erofs_inode inode;
	struct range range = { .view = view, .inode = &inode, .offset = (uint64_t)at };
	int err = view_inode(view, &inode, number);

	(void)file;
	if (err) {
		view_reply_error(view, request, view_nid(view, number), "the inode cannot be read", err);
		return;
	}
	if (range.offset < inode.size)
		range.length = size < inode.size - range.offset ? size : (size_t)(inode.size - range.offset);
	if (range.length >= SPLICED_LEAST && find_parts(&parts, range))
		fuse_reply_data(request, &parts.vector, FUSE_BUF_SPLICE_MOVE);
	else
		reply_filled(request, &range);
}
