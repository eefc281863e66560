/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_CLEANUP_H
#define EROFS_UTIL_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Variables that release what they own when they leave their scope. */
#define erofs_auto(release) __attribute__((cleanup(release)))

static inline void erofs_release_memory(void *pointer)
{
	free(*(void **)pointer);
}

static inline void erofs_release_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define erofs_auto_free erofs_auto(erofs_release_memory)
#define erofs_auto_fd	erofs_auto(erofs_release_fd)

/* Hands a pointer on: the variable no longer owns it. */
#define erofs_take(pointer)                                                                                            \
	({                                                                                                             \
		__typeof__(pointer) taken_ = (pointer);                                                                \
		(pointer) = NULL;                                                                                      \
		taken_;                                                                                                \
	})

#endif
