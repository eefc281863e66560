/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_DUMP_FEATURES_H
#define EROFS_DUMP_FEATURES_H

#include <stddef.h>

#include <erofs/superblock.h>

#define FEATURE_NAMES_MAX 40

/*
 * Names of the set bits, at most FEATURE_NAMES_MAX; how many. Bits without a name are left out and returned in `*unknown`.
 * Bits with two meanings give the one that the rest of the superblock supports, or both.
 */
size_t features_compat(const char *names[], const struct erofs_superblock *sb, uint32_t *unknown);
size_t features_incompat(const char *names[], const struct erofs_superblock *sb, uint32_t *unknown);

/* Names of the compression algorithms in use. */
size_t features_algorithms(const char *names[], const struct erofs_superblock *sb);

/* Oldest upstream Linux that mounts such an image, such as "5.4". */
struct feature_kernel {
	char text[24];
};
struct feature_kernel features_oldest_kernel(const struct erofs_superblock *sb);

#endif
