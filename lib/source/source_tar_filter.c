/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_tar_filter.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "lib/util/report.h"

static ssize_t feed_filter(struct archive *filter, void *ctx, const void **bytes)
{
	struct erofs_tar_input *input = ctx;
	size_t count;

	if (input->at == input->filled) {
		int more = erofs_tar_input_fill(input);

		if (more < 0) {
			archive_set_error(filter, -more, "%s", strerror(-more));
			return -1;
		}
		if (!more)
			return 0;
	}
	*bytes = input->buffer + input->at;
	count = input->filled - input->at;
	input->at = input->filled;
	return (ssize_t)count;
}

static int report_filter(const struct erofs_tar_input *input)
{
	const char *text = archive_error_string(input->filter);

	if (erofs_tar_input_is_cancelled(input))
		return -ECANCELED;
	return erofs_report(input->diag, -EIO, "cannot decompress %s: %s", input->name, text ? text : "damaged");
}

int64_t erofs_tar_filter_read(struct erofs_tar_input *input, uint8_t *buf, size_t length)
{
	size_t taken;

	while (!input->block_left) {
		const void *block;
		la_int64_t offset;
		int state = archive_read_data_block(input->filter, &block, &input->block_left, &offset);

		if (state == ARCHIVE_EOF)
			return 0;
		if (state != ARCHIVE_OK)
			return report_filter(input);
		if (erofs_tar_input_is_cancelled(input))
			return -ECANCELED;
		input->block = block;
	}
	taken = input->block_left < length ? input->block_left : length;
	memcpy(buf, input->block, taken);
	input->block += taken;
	input->block_left -= taken;
	return (int64_t)taken;
}

struct filter {
	const char *name;
	int (*support)(struct archive *filter);
};

static const struct filter filters[] = {
	{ "gzip", archive_read_support_filter_gzip }, { "bzip2", archive_read_support_filter_bzip2 },
	{ "xz", archive_read_support_filter_xz },     { "zstd", archive_read_support_filter_zstd },
	{ "lz4", archive_read_support_filter_lz4 },
};

static int support(struct archive *filter, const char *compression)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (strcmp(filters[i].name, compression) == 0)
			return filters[i].support(filter);
	return ARCHIVE_FATAL;
}

int erofs_tar_filter_open(struct erofs_tar_input *input, const char *compression)
{
	struct archive_entry *entry;

	input->filter = archive_read_new();
	if (!input->filter)
		return -ENOMEM;
	archive_read_support_format_raw(input->filter);
	/* ARCHIVE_WARN: it would run a program for that. */
	if (support(input->filter, compression) != ARCHIVE_OK)
		return erofs_report(input->diag, -EOPNOTSUPP, "%s is compressed with %s, which libarchive lacks here",
				    input->name, compression);
	if (archive_read_open(input->filter, input, NULL, feed_filter, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(input->filter, &entry) != ARCHIVE_OK)
		return report_filter(input);
	return 0;
}

void erofs_tar_filter_close(struct erofs_tar_input *input)
{
	if (input->filter)
		archive_read_free(input->filter);
	input->filter = NULL;
}
