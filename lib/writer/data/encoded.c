/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/encode.h"

int erofs_writer_encoded_note(struct erofs_encoded *to, uint64_t length, uint32_t plen, enum erofs_extent_form form)
{
	struct erofs_list_extent extent = { .length = length, .plen = plen, .form = form };

	to->count++;
	to->shrunk |= form != EROFS_FORM_STORED;
	to->has_zeros |= form == EROFS_FORM_ZEROS;
	return erofs_writer_extents_append(to->extents, &extent);
}

/* Encoded extents may be as long as they like, but those of clusters are no longer than what they share. */
int erofs_writer_encoded_zeros(struct erofs_encoded *to, const struct erofs_method *method, uint64_t length)
{
	uint64_t most = method->unit == 1 ? length : method->zeros;
	int err = 0;

	for (uint64_t part; !err && length; length -= part) {
		part = length < most ? length : most;
		err = erofs_writer_encoded_note(to, part, 0, EROFS_FORM_ZEROS);
	}
	return err;
}

int erofs_writer_encoded_leave(struct erofs_encoded *to, size_t size)
{
	to->fragment_size = size;
	return erofs_writer_encoded_note(to, size, 0, EROFS_FORM_FRAGMENT);
}

/* Of encoded extents, one of the full size is as well by itself. */
bool erofs_writer_is_fragment(const struct erofs_methods *methods, const struct erofs_method *method, uint64_t size)
{
	const struct erofs_build_options *options = methods->options;

	if (!options->fragments || !method->encoded_max || !size)
		return false;
	if (options->all_fragments)
		return true;
	if (options->fragment_max && size > options->fragment_max)
		return false;
	return method->unit == 1 ? size < method->extent_bytes : size <= method->encoded_max;
}

/*
 * What a cluster takes of larger ones is mostly not padding, and Linux keeps all of it in memory twice. Measured with clusters of 4, 16 and
 * 64 KiB, LZ4HC and Zstandard: a bound of more than four times their size gains nothing.
 */
#define LAST_SHIFT 2

bool erofs_writer_ends_in_fragment(const struct erofs_methods *methods, const struct erofs_method *method,
				   uint64_t size, uint64_t encoded)
{
	const struct erofs_build_options *options = methods->options;
	uint64_t most = (uint64_t)method->encoded_max << LAST_SHIFT;

	if (options->fragment_max && options->fragment_max < most)
		most = options->fragment_max;
	return options->fragments && size <= most && encoded && encoded < method->encoded_max;
}

void erofs_writer_encoded_reset(struct erofs_encoded *to)
{
	to->size = to->tail_size = to->fragment_size = 0;
	to->count = 0;
	to->start = to->end = 0;
	to->shrunk = to->full = to->uneven = to->has_zeros = false;
}
