/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_FORMAT_KERNEL_H
#define EROFS_FORMAT_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <erofs/superblock.h>

/* Which Linux reads what: the oldest upstream release that does, never below EROFS_KERNEL_OLDEST. */

/* The first whose EROFS is no staging code. */
#define EROFS_KERNEL_OLDEST                                                                                            \
	(struct erofs_kernel)                                                                                          \
	{                                                                                                              \
		5, 4                                                                                                   \
	}

/* Reads stored blocks that are rotated (h_advise, not in the superblock: older ones misread them). */
#define EROFS_KERNEL_INTERLACED                                                                                        \
	(struct erofs_kernel)                                                                                          \
	{                                                                                                              \
		6, 1                                                                                                   \
	}

static inline bool erofs_kernel_is_before(struct erofs_kernel a, struct erofs_kernel b)
{
	return a.major != b.major ? a.major < b.major : a.minor < b.minor;
}

/* All of these bits of feature_incompat. */
struct erofs_kernel erofs_kernel_of_features(uint32_t incompat);

/* All of these algorithms, a bitmap by number. */
struct erofs_kernel erofs_kernel_of_algorithms(uint16_t algorithms);

/* Blocks of this size, on pages of 4 KiB; compressed files need more of the kernel when blocks are smaller than pages. */
struct erofs_kernel erofs_kernel_of_block_size(unsigned int blkszbits, bool compressed);

#endif
