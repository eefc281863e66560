/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_CRC32C_H
#define EROFS_FORMAT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues a CRC-32C (Castagnoli, reflected) over `size` bytes; no initial or final inversion of its own. */
uint32_t erofs_crc32c(uint32_t crc, const void *data, size_t size);

#endif
