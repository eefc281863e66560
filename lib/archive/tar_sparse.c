/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>

#include "lib/archive/tar_header.h"
#include "lib/tree/tree.h"

#define HEADER_RANGES	386 /* of an old GNU header: four pairs of numbers of 12 bytes */
#define HEADER_COUNT	4u
#define HEADER_MORE	482
#define HEADER_REALSIZE 483
#define BLOCK_COUNT	21u
#define BLOCK_MORE	504
#define NUMBER		12u

int erofs_archive_tar_sparse_add(struct erofs_buffer *ranges, uint64_t offset, uint64_t length)
{
	struct erofs_data_range range = { .start = offset };
	size_t count = ranges->size / sizeof(range);
	const struct erofs_data_range *have = (const void *)ranges->data;

	if (__builtin_add_overflow(offset, length, &range.end) || range.end > INT64_MAX)
		return -EINVAL;
	if (count && offset < have[count - 1].end)
		return -EINVAL;
	if (!length)
		return 0;
	if (count == TAR_SPARSE_MAX)
		return -E2BIG;
	return erofs_buffer_append(ranges, &range, sizeof(range));
}

static int add_pairs(struct erofs_buffer *ranges, const uint8_t *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *pair = pairs + 2 * NUMBER * i;
		int64_t offset, length;
		int err;

		/* Unused ones are left empty. */
		if (!pair[0] && !pair[NUMBER])
			return 0;
		if (erofs_archive_tar_number(&offset, pair, NUMBER) ||
		    erofs_archive_tar_number(&length, pair + NUMBER, NUMBER) || offset < 0 || length < 0)
			return -EINVAL;
		err = erofs_archive_tar_sparse_add(ranges, (uint64_t)offset, (uint64_t)length);
		if (err)
			return err;
	}
	return 0;
}

int erofs_archive_tar_sparse_header(struct erofs_buffer *ranges, uint64_t *real_size, bool *more,
				    const uint8_t block[TAR_BLOCK])
{
	int64_t size;

	if (erofs_archive_tar_number(&size, block + HEADER_REALSIZE, NUMBER) || size < 0)
		return -EINVAL;
	*real_size = (uint64_t)size;
	*more = block[HEADER_MORE];
	return add_pairs(ranges, block + HEADER_RANGES, HEADER_COUNT);
}

int erofs_archive_tar_sparse_block(struct erofs_buffer *ranges, bool *more, const uint8_t block[TAR_BLOCK])
{
	*more = block[BLOCK_MORE];
	return add_pairs(ranges, block, BLOCK_COUNT);
}

/* A decimal number and whether a comma or the end follows. */
static int take_number(uint64_t *out, const char **text, const char *end)
{
	const char *start = *text;

	*out = 0;
	for (; *text < end && **text >= '0' && **text <= '9'; (*text)++)
		if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, **text - '0', out))
			return -EINVAL;
	if (*text == start || (*text < end && **text != ','))
		return -EINVAL;
	*text += *text < end;
	return 0;
}

int erofs_archive_tar_sparse_text(struct erofs_buffer *ranges, const char *text, size_t size)
{
	const char *end = text + size;
	int err = 0;

	while (!err && text < end) {
		uint64_t offset, length;

		err = take_number(&offset, &text, end);
		if (!err)
			err = take_number(&length, &text, end);
		if (!err)
			err = erofs_archive_tar_sparse_add(ranges, offset, length);
	}
	return err;
}
