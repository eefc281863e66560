/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_DIGITS_H
#define EROFS_UTIL_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <erofs/text.h>

/* Bytes of digits, hexadecimal ones and those of base64; erofs/text.h has the other direction. */

/* The value of a hexadecimal digit of either case, -1 if it is none. */
int erofs_hex_digit(char digit);

/* `size` digits into half as many bytes; false if they are odd in number or one is none. */
bool erofs_hex_decode(uint8_t *out, const char *digits, size_t size);

/*
 * Base64 up to its first '=' or its end, into `out`, which has room for `size` bytes. Returns the length, or -EINVAL. What
 * stands behind the '=' is not looked at.
 */
ssize_t erofs_base64_decode(uint8_t *out, const char *text, size_t size);

#endif
