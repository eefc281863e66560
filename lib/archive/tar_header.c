/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/archive/tar_header.h"

#include <errno.h>
#include <string.h>

/* Fields: offset, size. */
#define NAME	 0, 100
#define MODE	 100, 8
#define UID	 108, 8
#define GID	 116, 8
#define SIZE	 124, 12
#define MTIME	 136, 12
#define CHECKSUM 148, 8
#define TYPE	 156
#define LINK	 157, 100
#define MAGIC	 257
#define MAJOR	 329, 8
#define MINOR	 337, 8
#define PREFIX	 345, 155
/* star keeps times behind a shorter prefix, and a mark of its own at the end. */
#define STAR_PREFIX 345, 131
#define STAR_MARK   508

bool erofs_archive_tar_is_zero(const uint8_t block[TAR_BLOCK])
{
	static const uint8_t zeros[TAR_BLOCK];

	return memcmp(block, zeros, TAR_BLOCK) == 0;
}

/* ---- numbers --------------------------------------------------------------------------------------------------------------- */

/* Two's complement, big-endian; the first bit says that it is one. */
static int parse_binary(int64_t *out, const uint8_t *field, size_t size)
{
	bool negative = field[0] & 0x40;
	uint64_t value = negative ? UINT64_MAX : 0;
	uint8_t fill = negative ? 0xff : 0;

	for (size_t i = 0; i < size; i++) {
		uint8_t byte = i ? field[i] : (uint8_t)((field[0] & 0x7f) | (negative ? 0x80 : 0));

		/* More than 64 bits are there to repeat the sign. */
		if (size - i > 8 && byte != fill)
			return -ERANGE;
		value = value << 8 | byte;
	}
	if (((int64_t)value < 0) != negative)
		return -ERANGE;
	*out = (int64_t)value;
	return 0;
}

static int parse_octal(int64_t *out, const uint8_t *field, size_t size)
{
	uint64_t value = 0;
	size_t at = 0;

	while (at < size && field[at] == ' ')
		at++;
	for (; at < size && field[at] >= '0' && field[at] <= '7'; at++)
		value = value << 3 | (uint64_t)(field[at] - '0');
	*out = (int64_t)value; /* 12 digits have 36 bits */
	return at < size && field[at] != ' ' && field[at] ? -EINVAL : 0;
}

int erofs_archive_tar_number(int64_t *out, const uint8_t *field, size_t size)
{
	return field[0] & 0x80 ? parse_binary(out, field, size) : parse_octal(out, field, size);
}

static int get_number(int64_t *out, const uint8_t *block, size_t at, size_t size)
{
	return erofs_archive_tar_number(out, block + at, size);
}

bool erofs_archive_tar_checksum_fits(const uint8_t block[TAR_BLOCK])
{
	int64_t wanted, as_unsigned = 0, as_signed = 0;

	if (get_number(&wanted, block, CHECKSUM))
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		uint8_t byte = i >= 148 && i < 156 ? ' ' : block[i];

		as_unsigned += byte;
		as_signed += (int8_t)byte; /* what some old ones computed */
	}
	return wanted == as_unsigned || wanted == as_signed;
}

/* ---- the header ---------------------------------------------------------------------------------------------------------- */

static enum tar_magic find_magic(const uint8_t *block)
{
	if (memcmp(block + MAGIC, "ustar  ", 8) == 0)
		return TAR_GNU;
	if (memcmp(block + MAGIC, "ustar", 5) != 0)
		return TAR_V7;
	return memcmp(block + STAR_MARK, "tar", 4) == 0 ? TAR_STAR : TAR_USTAR;
}

/* Appends a field that ends with a NUL or where it is full; `to` has room. */
static void get_text(char *to, const uint8_t *block, size_t at, size_t size)
{
	size_t length = strnlen((const char *)block + at, size);

	memcpy(to, block + at, length);
	to[length] = 0;
}

static void get_name(struct tar_header *out, const uint8_t *block)
{
	char *to = out->name;

	if (out->magic == TAR_USTAR)
		get_text(to, block, PREFIX);
	else if (out->magic == TAR_STAR)
		get_text(to, block, STAR_PREFIX);
	to += strlen(to);
	if (to != out->name)
		*to++ = '/';
	get_text(to, block, NAME);
}

static int get_device(struct tar_header *out, const uint8_t *block)
{
	int err = get_number(&out->major, block, MAJOR);

	return err ? err : get_number(&out->minor, block, MINOR);
}

int erofs_archive_tar_header_decode(struct tar_header *out, const uint8_t block[TAR_BLOCK], const char **why)
{
	int64_t mode = 0;

	*out = (struct tar_header){ .magic = find_magic(block), .type = (char)block[TYPE] };
	get_name(out, block);
	get_text(out->link, block, LINK);
	if (get_number(&mode, block, MODE))
		*why = "mode";
	else if (get_number(&out->uid, block, UID))
		*why = "uid";
	else if (get_number(&out->gid, block, GID))
		*why = "gid";
	else if (get_number(&out->size, block, SIZE) || out->size < 0)
		*why = "size";
	else if (get_number(&out->mtime, block, MTIME))
		*why = "mtime";
	else if ((out->type == '3' || out->type == '4') && get_device(out, block))
		*why = "device number";
	else
		*why = NULL;
	out->mode = (uint16_t)(mode & 07777);
	return *why ? -EINVAL : 0;
}
