/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_DATA_BUFFER_H
#define EROFS_UTIL_DATA_BUFFER_H

#include <stddef.h>

/*
 * Memory that files are read into or written from, SIZE bytes, to be given back with free(). It begins with a page, as the
 * kernel's page cache does: what malloc() gives lies 16 bytes behind one, and processors on which the kernel copies with
 * "rep movsb" (measured on an AMD EPYC) then need three times as long for the same bytes. NULL without memory.
 */
void *erofs_data_buffer(size_t size);

#endif
