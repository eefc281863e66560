/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_ARRAY_H
#define EROFS_UTIL_ARRAY_H

#include <stddef.h>

/* Growing arrays of any type: a pointer that is NULL at first, and how many items there is room for. Freed with free(). */

/*
 * Makes room for `wanted` items in all, and for some more, so that a row of additions is linear; `array` points to the
 * pointer. -ENOMEM leaves all as it was.
 */
#define erofs_array_reserve(array, room, wanted) erofs_array_reserve_items(array, room, wanted, sizeof(**(array)))

int erofs_array_reserve_items(void *array, size_t *room, size_t wanted, size_t item_size);

#endif
