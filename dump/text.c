/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static bool continues(const uint8_t *at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((at[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Bytes of the UTF-8 character at `at`, 0 if there is none. */
static size_t character(const uint8_t *at, size_t size)
{
	uint8_t lead = at[0];

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return size >= 2 && continues(at + 1, 1) ? 2 : 0;
	if (lead >= 0xe0 && lead <= 0xef) {
		if (size < 3 || !continues(at + 1, 2))
			return 0;
		/* Neither overlong forms nor surrogates. */
		return (lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] >= 0xa0) ? 0 : 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		if (size < 4 || !continues(at + 1, 3))
			return 0;
		return (lead == 0xf0 && at[1] < 0x90) || (lead == 0xf4 && at[1] >= 0x90) ? 0 : 4;
	}
	return 0;
}

bool text_is_utf8(const char *bytes, size_t size)
{
	const uint8_t *at = (const uint8_t *)bytes;

	while (size) {
		size_t step = character(at, size);

		if (!step)
			return false;
		at += step;
		size -= step;
	}
	return true;
}

/* Whether a character may reach a terminal as it is: no control character of either set, no backslash. */
static bool harmless(const uint8_t *at, size_t step)
{
	if (step == 1)
		return at[0] >= 0x20 && at[0] != 0x7f && at[0] != '\\';
	return step && !(step == 2 && at[0] == 0xc2 && at[1] < 0xa0);
}

char *text_escape(const char *bytes, size_t size)
{
	const uint8_t *at = (const uint8_t *)bytes;
	char *out = malloc(4 * size + 1), *to = out;

	if (!out)
		return NULL;
	while (size) {
		size_t step = character(at, size);

		if (harmless(at, step)) {
			memcpy(to, at, step);
			to += step;
		} else {
			step = 1;
			to += sprintf(to, "\\%03o", at[0]);
		}
		at += step;
		size -= step;
	}
	*to = 0;
	return out;
}

void text_print(const char *bytes, size_t size)
{
	char *shown = text_escape(bytes, size);

	fputs(shown ? shown : "?", stdout);
	free(shown);
}

void text_hex(char *out, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[at[i] >> 4];
		*out++ = digits[at[i] & 15];
	}
	*out = 0;
}

void text_uuid(char out[TEXT_UUID_SIZE], const uint8_t uuid[16])
{
	for (unsigned int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		text_hex(out, &uuid[i], 1);
		out += 2;
	}
}

void text_fingerprint(char *out, const struct erofs_fingerprint *fingerprint)
{
	const uint8_t *raw;
	enum erofs_digest digest;

	*out = 0;
	if (!fingerprint->count)
		return;
	digest = erofs_fingerprint_parse(&raw, fingerprint->value, fingerprint->value_size);
	if (digest == EROFS_DIGEST_NONE) {
		strcpy(out, "0x");
		text_hex(out + 2, fingerprint->value, fingerprint->value_size);
		return;
	}
	out += sprintf(out, "%s:", erofs_digest_name(digest));
	text_hex(out, raw, erofs_digest_size(digest));
}

const char *text_type(uint16_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "regular file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symbolic link";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	default:
		return "socket";
	}
}

const char *text_type_key(uint16_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "regular";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "char_device";
	case S_IFBLK:
		return "block_device";
	default:
		return text_type(mode);
	}
}

const char *text_layout(enum erofs_data_layout layout)
{
	static const char *const names[] = {
		[EROFS_LAYOUT_FLAT_PLAIN] = "flat_plain",   [EROFS_LAYOUT_COMPRESSED_FULL] = "compressed_full",
		[EROFS_LAYOUT_FLAT_INLINE] = "flat_inline", [EROFS_LAYOUT_COMPRESSED_COMPACT] = "compressed_compact",
		[EROFS_LAYOUT_CHUNK_BASED] = "chunk_based",
	};

	return names[layout];
}

void text_permissions(char out[10], uint16_t mode)
{
	static const char letters[] = "rwxrwxrwx";

	for (unsigned int i = 0; i < 9; i++)
		out[i] = mode & (0400u >> i) ? letters[i] : '-';
	if (mode & S_ISUID)
		out[2] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		out[5] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		out[8] = mode & S_IXOTH ? 't' : 'T';
	out[9] = 0;
}

void text_time(char out[64], int64_t seconds, const char *format)
{
	time_t at = (time_t)seconds;
	struct tm parts;

	if (!localtime_r(&at, &parts) || !strftime(out, 64, format, &parts))
		snprintf(out, 64, "@%" PRId64, seconds);
}
