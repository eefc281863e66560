/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/data/encode.h"

int erofs_writer_encoded_note(struct erofs_encoded *to, uint64_t length, uint32_t plen, enum erofs_extent_form form)
{
	struct erofs_list_extent extent = { .length = length, .plen = plen, .form = form };

	to->count++;
	to->shrunk |= form != EROFS_FORM_STORED;
	return erofs_writer_extents_append(to->extents, &extent);
}

void erofs_writer_encoded_reset(struct erofs_encoded *to)
{
	to->size = to->tail_size = 0;
	to->count = 0;
	to->start = to->end = 0;
	to->shrunk = to->full = to->uneven = false;
}
