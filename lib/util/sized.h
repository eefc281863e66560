/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_SIZED_H
#define EROFS_UTIL_SIZED_H

#include <stddef.h>

#include <erofs/diag.h>

/*
 * Options as callers give them: structs whose first member is a size_t with their size, which tells an older caller, and a
 * newer one, from a caller of this version.
 */

/*
 * Copies the caller's options over `known`, which has the defaults of all `known_size` bytes that this version knows. A shorter
 * struct leaves the rest of them alone. A longer one must be zero there: -E2BIG. -EINVAL for NULL and for a size that nobody
 * set. Reports both; `name` is the struct's.
 */
int erofs_sized_take(void *known, size_t known_size, const void *given, const char *name,
		     const struct erofs_diag *diag);

/* Copies what has become of them back, as far as the caller's struct goes. */
void erofs_sized_give(void *given, const void *known, size_t known_size);

#endif
