/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/io/file.h"
#include "lib/source/source_tar.h"

/* ---- at any place: an archive that is a file ------------------------------------------------------------------------------- */

struct tar_reader {
	const struct tar_source *source;
	const struct erofs_diag *diag;
};

static int reader_new(void **out, void *source, const struct erofs_diag *diag)
{
	struct tar_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	*reader = (struct tar_reader){ .source = source, .diag = diag };
	*out = reader;
	return 0;
}

static void reader_free(void *reader)
{
	free(reader);
}

static int open_content(void *reader, struct erofs_content *out, const struct erofs_tree_inode *inode)
{
	(void)reader;
	*out = (struct erofs_content){ .inode = inode, .fd = -1 };
	return 0;
}

size_t erofs_source_tar_find_range(const struct tar_file *file, uint64_t offset)
{
	size_t low = 0, high = file->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->ranges[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Reads the ranges that lie in a part of a sparse file; the holes are zeros. */
static int read_sparse(const struct tar_source *source, const struct tar_file *file, uint8_t *buf, size_t length,
		       uint64_t offset)
{
	int err = 0;

	memset(buf, 0, length);
	for (size_t i = erofs_source_tar_find_range(file, offset);
	     !err && i < file->count && file->ranges[i].start < offset + length; i++) {
		uint64_t start = file->ranges[i].start, end = file->ranges[i].end;
		uint64_t from = start > offset ? start : offset;
		uint64_t to = end < offset + length ? end : offset + length;

		if (from < to)
			err = erofs_file_read_at(source->input.fd, buf + (from - offset), to - from,
						 file->data_at + file->ranges[i].stored + (from - start));
	}
	return err;
}

static int report_changed(const struct tar_reader *reader, const struct erofs_tree_inode *inode)
{
	return erofs_tree_report(reader->diag, -EBUSY, inode, "the archive changed while it was read");
}

static int read_content(void *arg, struct erofs_content *content, void *buf, size_t length, uint64_t offset)
{
	const struct tar_reader *reader = arg;
	const struct tar_source *source = reader->source;
	const struct tar_file *file = content->inode->origin;
	int err = file->is_sparse ? read_sparse(source, file, buf, length, offset)
				  : erofs_file_read_at(source->input.fd, buf, length, file->data_at + offset);

	if (!err)
		return 0;
	if (!erofs_archive_tar_input_is_unchanged(&source->input))
		return report_changed(reader, content->inode);
	return erofs_tree_report(reader->diag, err, content->inode, "cannot read: %s", strerror(-err));
}

static int close_content(void *arg, struct erofs_content *content)
{
	const struct tar_reader *reader = arg;

	return erofs_archive_tar_input_is_unchanged(&reader->source->input) ? 0
									    : report_changed(reader, content->inode);
}

static void abandon_content(struct erofs_content *content)
{
	(void)content;
}

static void locate(void *arg, const struct erofs_tree_inode *inode, uint64_t offset, uint64_t *at, uint64_t *length)
{
	const struct tar_file *file = inode->origin;
	const struct tar_range *range;
	size_t i;

	(void)arg;
	*at = file->data_at + offset;
	*length = inode->size - offset;
	if (!file->is_sparse)
		return;
	*at = EROFS_NOT_STORED;
	i = erofs_source_tar_find_range(file, offset);
	if (i == file->count)
		return;
	range = &file->ranges[i];
	if (range->start > offset) {
		*length = range->start - offset;
		return;
	}
	*at = file->data_at + range->stored + (offset - range->start);
	*length = range->end - offset;
}

static uint64_t extent(void *arg)
{
	const struct tar_source *source = arg;

	return source->input.is_random ? (uint64_t)source->input.found.st_size : source->input.position;
}

static void release_source(void *arg)
{
	struct tar_source *source = arg;

	erofs_source_labels_close(source->labels);
	erofs_source_filter_free(source->filter);
	erofs_tree_paths_release(&source->paths);
	erofs_archive_tar_members_release(&source->members);
	erofs_source_losses_release(&source->losses);
	erofs_archive_tar_input_close(&source->input);
	erofs_buffer_release(&source->scratch);
	free(source);
}

const struct erofs_source_ops erofs_source_tar_source_ops = {
	.reader_new = reader_new,
	.reader_free = reader_free,
	.open = open_content,
	.read = read_content,
	.close = close_content,
	.abandon = abandon_content,
	.release = release_source,
	.locate = locate,
	.extent = extent,
};

/* ---- as it comes ------------------------------------------------------------------------------------------------------------ */

static int next_file(void *arg, struct erofs_tree_inode **out)
{
	struct tar_source *source = arg;
	int more = erofs_source_tar_next_file(source, out);

	if (more > 0) {
		source->file = (*out)->origin;
		source->file_size = (*out)->size;
		source->file_at = 0;
		source->range = 0;
	}
	return more;
}

/* Up to `length` bytes of a sparse file: a hole or a piece of data. */
static int read_piece(struct tar_source *source, uint8_t *buf, size_t *length)
{
	const struct tar_file *file = source->file;
	const struct tar_range *range;
	uint64_t until;
	bool is_data;

	while (source->range < file->count && file->ranges[source->range].end <= source->file_at)
		source->range++;
	range = source->range < file->count ? &file->ranges[source->range] : NULL;
	is_data = range && range->start <= source->file_at;
	until = is_data ? range->end : range ? range->start : source->file_size;
	if (*length > until - source->file_at)
		*length = (size_t)(until - source->file_at);
	if (is_data)
		return erofs_archive_tar_member_read(&source->members, buf, *length);
	memset(buf, 0, *length);
	return 0;
}

static int read_stream(void *arg, void *buf, size_t length)
{
	struct tar_source *source = arg;
	uint8_t *to = buf;

	if (!source->file || length > source->file_size - source->file_at)
		return -EINVAL;
	while (length) {
		size_t part = length;
		int err = source->file->is_sparse ? read_piece(source, to, &part)
						  : erofs_archive_tar_member_read(&source->members, to, part);

		if (err)
			return err;
		to += part;
		source->file_at += part;
		length -= part;
	}
	return 0;
}

const struct erofs_arrival_ops erofs_source_tar_arrival_ops = {
	.next = next_file,
	.read = read_stream,
};
