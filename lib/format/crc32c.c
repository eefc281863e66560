/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/format/crc32c.h"

#define CASTAGNOLI_REFLECTED 0x82F63B78u

/* Bit by bit: an image has at most 4 KiB of it, so a table would cost more than it saves. */
uint32_t erofs_crc32c(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < size; i++) {
		crc ^= byte[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (CASTAGNOLI_REFLECTED & -(crc & 1u));
	}
	return crc;
}
