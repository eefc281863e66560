/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_ROOM_H
#define EROFS_DUMP_ROOM_H

#include <errno.h>
#include <stdlib.h>

/* Room for one item more behind `used` of them: `array` is the address of the pointer to them. -ENOMEM. */
static inline int dump_make_room(void *array, size_t *room, size_t used, size_t item)
{
	size_t more = *room ? 2 * *room : 1024;
	void *grown;

	if (used < *room)
		return 0;
	grown = reallocarray(*(void **)array, more, item);
	if (!grown)
		return -ENOMEM;
	*(void **)array = grown;
	*room = more;
	return 0;
}

#endif
