/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_DIGITS_H
#define EROFS_UTIL_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes as digits, hexadecimal ones and those of base64. */

/* The value of a hexadecimal digit of either case, -1 if it is none. */
int erofs_hex_digit(char digit);

/* `size` digits into half as many bytes; false if they are odd in number or one is none. */
bool erofs_hex_decode(uint8_t *out, const char *digits, size_t size);

/* Lower-case digits of `size` bytes and a NUL. */
void erofs_hex_encode(char *out, const void *bytes, size_t size);

/* A UUID as its 36 characters and a NUL. */
void erofs_uuid_encode(char out[37], const uint8_t uuid[16]);

/*
 * Base64 up to its first '=' or its end, into `out`, which has room for `size` bytes. Returns the length, or -EINVAL. What
 * stands behind the '=' is not looked at.
 */
ssize_t erofs_base64_decode(uint8_t *out, const char *text, size_t size);

#endif
