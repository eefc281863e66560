/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>

#include "lib/util/data_buffer.h"

#define PAGE 4096

void *erofs_data_buffer(size_t size)
{
	void *memory;

	return posix_memalign(&memory, PAGE, size) ? NULL : memory;
}
