/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_TEXT_H
#define EROFS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/api.h>

/*
 * What images hold, as text. Names and values in an image may be any bytes: nothing that a terminal or a log takes for more than
 * text should be printed of them. All functions here may be called from any thread.
 */

/*
 * A copy of `size` bytes that is fit for one line of text: control characters, backslashes and bytes that are not UTF-8 become
 * \ooo (three octal digits). To be freed by the caller; NULL when out of memory.
 */
EROFS_API char *erofs_escape(const char *bytes, size_t size);

/* Whether these bytes are UTF-8 from the first to the last. Control characters are. */
EROFS_API bool erofs_is_utf8(const char *bytes, size_t size);

/* Writes two lower-case hexadecimal digits for each of `size` bytes, and a NUL: `out` has room for 2 * size + 1 bytes. */
EROFS_API void erofs_hex_encode(char *out, const void *bytes, size_t size);

/* Bytes that erofs_uuid_encode() writes. */
#define EROFS_UUID_TEXT_SIZE 37

/* Writes a UUID as its 36 characters, in lower case, and a NUL. */
EROFS_API void erofs_uuid_encode(char out[EROFS_UUID_TEXT_SIZE], const uint8_t uuid[16]);

#endif
