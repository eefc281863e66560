/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/archive/tar_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the fields of a header are, POSIX 1003.1. */
#define NAME	      0u
#define NAME_MAX_SIZE 100u
#define MODE	      100u
#define UID	      108u
#define GID	      116u
#define SIZE	      124u
#define MTIME	      136u
#define CHECKSUM      148u
#define TYPE	      156u
#define MAGIC	      257u

/* Eleven octal digits. */
#define SIZE_MAX_OCTAL ((uint64_t)1 << 33)

static void put_octal(char *field, unsigned int digits, uint64_t value)
{
	for (unsigned int i = digits; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static int put_header(struct erofs_buffer *out, const char *name, uint64_t size, char type)
{
	char header[TAR_BLOCK] = { 0 };
	unsigned int sum = 0;

	memcpy(header + NAME, name, strnlen(name, NAME_MAX_SIZE));
	put_octal(header + MODE, 7, 0644);
	put_octal(header + UID, 7, 0);
	put_octal(header + GID, 7, 0);
	put_octal(header + SIZE, 11, size < SIZE_MAX_OCTAL ? size : 0);
	put_octal(header + MTIME, 11, 0);
	header[TYPE] = type;
	memcpy(header + MAGIC, "ustar\00000", 8);
	/* The sum counts its own field as blanks. */
	memset(header + CHECKSUM, ' ', 8);
	for (unsigned int i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)header[i];
	put_octal(header + CHECKSUM, 6, sum);
	header[CHECKSUM + 6] = 0;
	return erofs_buffer_append(out, header, sizeof(header));
}

/* "LENGTH KEY=VALUE\n", the length being that of all of it. */
static int put_record(struct erofs_buffer *out, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3, length = rest + 1;
	char text[400];
	int count;

	while (snprintf(NULL, 0, "%zu", length) + rest != length)
		length = rest + (size_t)snprintf(NULL, 0, "%zu", length);
	count = snprintf(text, sizeof(text), "%zu %s=%s\n", length, key, value);
	if (count < 0 || (size_t)count >= sizeof(text))
		return -ENAMETOOLONG;
	return erofs_buffer_append(out, text, (size_t)count);
}

static int put_records(struct erofs_buffer *out, const char *path, uint64_t size)
{
	char text[24];
	int err = 0;

	if (strlen(path) > NAME_MAX_SIZE)
		err = put_record(out, "path", path);
	if (!err && size >= SIZE_MAX_OCTAL) {
		snprintf(text, sizeof(text), "%" PRIu64, size);
		err = put_record(out, "size", text);
	}
	return err;
}

int erofs_archive_tar_write_file(struct erofs_buffer *out, const char *path, uint64_t size)
{
	struct erofs_buffer records = { 0 };
	int err = put_records(&records, path, size);

	if (!err && records.size) {
		err = put_header(out, "pax", records.size, 'x');
		if (!err)
			err = erofs_buffer_append(out, records.data, records.size);
		if (!err)
			err = erofs_buffer_append_zeros(out, erofs_archive_tar_padding(records.size));
	}
	erofs_buffer_release(&records);
	return err ? err : put_header(out, path, size, '0');
}
