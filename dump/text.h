/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_TEXT_H
#define EROFS_DUMP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/image.h>

/*
 * Bytes as one line of text: control characters, backslashes and what is not UTF-8 become \ooo (three octal digits).
 * Allocated; NULL when out of memory.
 */
char *text_escape(const char *bytes, size_t size);

/* Prints them like that. */
void text_print(const char *bytes, size_t size);

bool text_is_utf8(const char *bytes, size_t size);

/* Lower-case hexadecimal digits of `bytes` and a NUL: 2 * size + 1 bytes. */
void text_hex(char *out, const void *bytes, size_t size);

/* A UUID as its 36 characters and a NUL. */
#define TEXT_UUID_SIZE 37
void text_uuid(char out[TEXT_UUID_SIZE], const uint8_t uuid[16]);

/* Room for any fingerprint value as text. */
#define TEXT_FINGERPRINT_MAX (2 * 4096 + 16)

/* "sha256:<hex>", or "0x<hex>" of a value that is none, or "" if there is no value. */
void text_fingerprint(char *out, const struct erofs_fingerprint *fingerprint);

/* "regular file", "directory", ... of a mode. */
const char *text_type(uint16_t mode);
/* The same as one word: "regular", "char_device", ... */
const char *text_type_key(uint16_t mode);
/* "flat_plain", ... */
const char *text_layout(enum erofs_data_layout layout);

/* "rwxr-xr-x" with set-id and sticky bits; 10 bytes. */
void text_permissions(char out[10], uint16_t mode);

/* Local time as in "Fri Nov 20 13:35:01 2026"; "@<seconds>" if there is no such date. 64 bytes. */
void text_time(char out[64], int64_t seconds, const char *format);

#endif
