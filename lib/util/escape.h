/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_ESCAPE_H
#define EROFS_UTIL_ESCAPE_H

#include <stddef.h>

/*
 * A copy of `size` bytes fit for one line of a message: control characters, backslashes and bytes that are not UTF-8 become
 * \ooo (three octal digits). NULL when out of memory; freed by the caller.
 */
char *erofs_escape(const char *bytes, size_t size);

#endif
