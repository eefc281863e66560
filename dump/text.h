/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_TEXT_H
#define EROFS_DUMP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <erofs/image.h>
#include <erofs/text.h>

/* Prints bytes as erofs_escape() shows them. */
void text_print(const char *bytes, size_t size);

/*
 * A name or path as a shell takes it for one word, to be freed; NULL when out of memory. Quotes are there only where they are needed;
 * what erofs_escape() escapes is escaped between $' and '.
 */
char *text_quote(const char *bytes, size_t size);

/* Prints it so. */
void text_print_name(const char *bytes, size_t size);

/* Room for any fingerprint value as text. */
#define TEXT_FINGERPRINT_MAX (2 * 4096 + 16)

/* "sha256:<hex>", or "0x<hex>" of a value that is none, or "" if there is no value. */
void text_fingerprint(char *out, const struct erofs_fingerprint *fingerprint);

/* The same with no more than 12 digits, "-" if there is no value. Room for any name of an algorithm. */
#define TEXT_SHORT_FINGERPRINT_MAX 48
void text_short_fingerprint(char out[TEXT_SHORT_FINGERPRINT_MAX], const struct erofs_fingerprint *fingerprint);

/* "regular file", "directory", ... of a mode. */
const char *text_type(uint16_t mode);
/* The same as one word: "regular", "char_device", ... */
const char *text_type_key(uint16_t mode);
/* ... of the type in a directory entry, which may be "unknown". */
const char *text_entry_type(enum erofs_file_type type);
/* "flat_plain", ... */
const char *text_layout(enum erofs_data_layout layout);

/* "rwxr-xr-x" with set-id and sticky bits; 10 bytes. */
void text_permissions(char out[10], uint16_t mode);

/* Local time as in "Fri Nov 20 13:35:01 2026"; "@<seconds>" if there is no such date. 64 bytes. */
void text_time(char out[64], int64_t seconds, const char *format);

#endif
