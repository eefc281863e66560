/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>

#include "lib/codec/encoder_ops.h"

int erofs_encoder_need_scratch(struct erofs_encoder *encoder, size_t size)
{
	uint8_t *scratch;

	if (size <= encoder->scratch_size)
		return 0;
	scratch = malloc(size);
	if (!scratch)
		return -ENOMEM;
	free(encoder->scratch);
	encoder->scratch = scratch;
	encoder->scratch_size = size;
	return 0;
}
