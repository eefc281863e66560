/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_ALIGN_H
#define EROFS_UTIL_ALIGN_H

#include <stdint.h>

/* The least multiple of `unit`, of any size, that is not below `value`. */
static inline uint64_t erofs_align_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

#endif
