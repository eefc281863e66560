/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/zeros.h"
#include "lib/writer/data/encode.h"

/*
 * Runs of zeros that take no data. Encoded with what is around them, zeros take hardly any room, and an extent that ends where a run
 * begins leaves a part of its last block empty. So only those runs count that would fill blocks of their own.
 */

/* How many zeros become one encoded byte. */
static size_t zeros_to_a_byte(const struct erofs_method *method)
{
	switch (erofs_writer_method_algorithm(method)) {
	case EROFS_ALGORITHM_LZ4:
		return 255;
	case EROFS_ALGORITHM_DEFLATE:
		return 1032;
	default:
		return 8192;
	}
}

/* Blocks that only the run fills: by its bytes, or as extents may not decode to more. */
static size_t blocks_of(const struct erofs_zero_search *search, size_t length)
{
	size_t by_bytes = length / zeros_to_a_byte(search->method) / search->method->unit;
	size_t by_extents = length / search->method->extent_bytes;

	return by_bytes > by_extents ? by_bytes : by_extents;
}

/*
 * What is nothing but zeros takes a block at least, but where the end of a file takes none anyway. At an end of the input, no extent ends
 * earlier than it would without the run.
 */
static size_t gain_of(const struct erofs_zero_search *search, const struct erofs_zero_run *run)
{
	size_t length = run->end - run->start, unit = search->method->unit;
	size_t gain = blocks_of(search, length) * unit;
	bool has_tail = search->ends_file && (search->options->fragments || search->options->pack_tails);

	if (length == search->size && !has_tail)
		return length > unit ? gain + unit : 0;
	if (run->start && run->end < search->size && gain)
		gain -= unit;
	return gain;
}

/* Where the next extent begins inside a block, the last one of these zeros must not begin in the same. */
static size_t end_of(const struct erofs_zero_search *search, size_t start)
{
	size_t unit = search->method->unit, over = (search->at + search->size) % unit;

	if (search->ends_file || !over)
		return search->size;
	return search->size - start > over + unit ? search->size - over - unit : start;
}

bool erofs_writer_zero_run_find(const struct erofs_zero_search *search, struct erofs_zero_run *run)
{
	size_t unit = search->method->unit, size = search->size, end;

	for (size_t start = run->end + -(search->at + run->end) % unit; start < size; start = end + unit) {
		for (end = start; end < size; end += unit)
			if (!erofs_is_zero(search->in + end, size - end < unit ? size - end : unit))
				break;
		run->start = start;
		run->end = end < size ? end : end_of(search, start);
		run->gain = gain_of(search, run);
		if (run->gain)
			return true;
	}
	return false;
}

bool erofs_writer_zero_runs_pay(const struct erofs_zero_search *search, size_t size)
{
	struct erofs_zero_run run = { 0 };
	size_t gain = 0;

	while (erofs_writer_zero_run_find(search, &run))
		gain += run.gain;
	return gain > (size / search->method->unit + 1) * EROFS_FULL_INDEX_MORE;
}
