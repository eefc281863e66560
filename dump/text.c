/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

void text_print(const char *bytes, size_t size)
{
	char *shown = erofs_escape(bytes, size);

	fputs(shown ? shown : "?", stdout);
	free(shown);
}

static bool is_plain(const char *bytes, size_t size)
{
	/* In front, ~ is a home directory, - an option, and # a comment to the shell. */
	if (!size || strchr("~-#=", *bytes))
		return false;
	for (size_t i = 0; i < size; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%=~#", bytes[i]) &&
		    !((unsigned char)bytes[i] & 0x80))
			return false;
	return true;
}

/* Copies `text` with each apostrophe as `apostrophe`, between `before` and another one. */
static char *put_quotes(const char *text, const char *before, const char *apostrophe)
{
	char *out = malloc(4 * strlen(text) + 4), *to = out;

	if (!out)
		return NULL;
	to = stpcpy(to, before);
	for (; *text; text++) {
		if (*text == '\'')
			to = stpcpy(to, apostrophe);
		else
			*to++ = *text;
	}
	strcpy(to, "'");
	return out;
}

char *text_quote(const char *bytes, size_t size)
{
	char *shown = erofs_escape(bytes, size), *quoted;

	if (!shown)
		return NULL;
	if (strlen(shown) == size && is_plain(shown, size))
		return shown;
	quoted = strlen(shown) == size ? put_quotes(shown, "'", "'\\''") : put_quotes(shown, "$'", "\\047");
	free(shown);
	return quoted;
}

void text_print_name(const char *bytes, size_t size)
{
	char *shown = text_quote(bytes, size);

	fputs(shown ? shown : "?", stdout);
	free(shown);
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
		erofs_hex_encode(out + 2, fingerprint->value, fingerprint->value_size);
		return;
	}
	out += sprintf(out, "%s:", erofs_digest_name(digest));
	erofs_hex_encode(out, raw, erofs_digest_size(digest));
}

void text_short_fingerprint(char out[TEXT_SHORT_FINGERPRINT_MAX], const struct erofs_fingerprint *fingerprint)
{
	const uint8_t *raw;
	enum erofs_digest digest;
	char digits[13];

	if (!fingerprint->count) {
		strcpy(out, "-");
		return;
	}
	digest = erofs_fingerprint_parse(&raw, fingerprint->value, fingerprint->value_size);
	if (digest == EROFS_DIGEST_NONE) {
		erofs_hex_encode(digits, fingerprint->value, fingerprint->value_size < 6 ? fingerprint->value_size : 6);
		snprintf(out, TEXT_SHORT_FINGERPRINT_MAX, "0x%s", digits);
		return;
	}
	erofs_hex_encode(digits, raw, 6);
	snprintf(out, TEXT_SHORT_FINGERPRINT_MAX, "%s:%s", erofs_digest_name(digest), digits);
}

const char *text_entry_type(enum erofs_file_type type)
{
	static const char *const names[] = { "unknown",	     "regular", "directory", "char_device",
					     "block_device", "fifo",	"socket",    "symlink" };

	return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
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
