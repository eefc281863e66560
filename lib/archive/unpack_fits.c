/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <string.h>

#include "lib/archive/unpack_format.h"

/* What the first bytes of each format are. */

bool erofs_archive_unpack_fits_gzip(const uint8_t *start, size_t size)
{
	return size >= 2 && start[0] == 0x1f && start[1] == 0x8b;
}

bool erofs_archive_unpack_fits_bzip2(const uint8_t *start, size_t size)
{
	if (size < 10 || memcmp(start, "BZh", 3) != 0 || start[3] < '1' || start[3] > '9')
		return false;
	/* A block, or the end of what has none. */
	return memcmp(start + 4, "1AY&SY", 6) == 0 || memcmp(start + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0;
}

bool erofs_archive_unpack_fits_xz(const uint8_t *start, size_t size)
{
	return size >= 6 && memcmp(start, "\xfd\x37zXZ\0", 6) == 0;
}

bool erofs_archive_unpack_fits_lzip(const uint8_t *start, size_t size)
{
	return size >= 6 && memcmp(start, "LZIP", 4) == 0 && start[4] <= 1;
}

/* 2^n or 2^n + 2^(n - 1), as everything writes it. */
static bool is_dictionary(uint32_t size)
{
	uint32_t rest = size & (size - 1);

	return size >= 4096 && (size == UINT32_MAX || !rest || (rest & (rest - 1)) == 0);
}

/* No magic: the usual properties, a size of the dictionary, a size that makes sense, and the range coder's first byte. */
bool erofs_archive_unpack_fits_lzma(const uint8_t *start, size_t size)
{
	uint32_t dictionary;
	uint64_t length = 0;

	if (size < 14 || start[0] != 0x5d || start[13])
		return false;
	dictionary = start[1] | (uint32_t)start[2] << 8 | (uint32_t)start[3] << 16 | (uint32_t)start[4] << 24;
	for (size_t i = 0; i < 8; i++)
		length |= (uint64_t)start[5 + i] << 8 * i;
	return is_dictionary(dictionary) && (length == UINT64_MAX || length < (uint64_t)1 << 48);
}

bool erofs_archive_unpack_fits_zstd(const uint8_t *start, size_t size)
{
	return size >= 4 && memcmp(start, "\x28\xb5\x2f\xfd", 4) == 0;
}

bool erofs_archive_unpack_fits_lz4(const uint8_t *start, size_t size)
{
	return size >= 4 && memcmp(start, "\x04\x22\x4d\x18", 4) == 0;
}

bool erofs_archive_unpack_fits_lz4_legacy(const uint8_t *start, size_t size)
{
	return size >= 4 && memcmp(start, "\x02\x21\x4c\x18", 4) == 0;
}
