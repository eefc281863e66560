/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_SEED_H
#define EROFS_UTIL_SEED_H

#include <stdint.h>

/*
 * For hash tables whose keys come from an image or an archive: keys that are chosen to collide make a table a list, unless the
 * hash depends on a number that nobody outside knows. Nothing that is written may depend on it.
 */
uint64_t erofs_random_seed(void);

/* Spreads a key, or a hash of it, over all bits. */
uint64_t erofs_mix(uint64_t value, uint64_t seed);

#endif
