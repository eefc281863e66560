/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64u

int erofs_array_reserve_items(void *array, size_t *room, size_t wanted, size_t item_size)
{
	size_t more = *room + *room / 2, bytes;
	void *items;

	if (wanted <= *room)
		return 0;
	if (more < FIRST_ROOM)
		more = FIRST_ROOM;
	if (more < wanted)
		more = wanted;
	if (__builtin_mul_overflow(more, item_size, &bytes))
		return -ENOMEM;
	/* The pointer has a type that is not known here: its bytes are copied. */
	memcpy(&items, array, sizeof(items));
	items = realloc(items, bytes);
	if (!items)
		return -ENOMEM;
	memcpy(array, &items, sizeof(items));
	*room = more;
	return 0;
}
