/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/seed.h"

#include <stddef.h>
#include <sys/random.h>
#include <time.h>
#include <xxhash.h>

uint64_t erofs_random_seed(void)
{
	struct timespec now = { 0 };
	uint64_t seed;

	/* A system that has just started, in a machine without entropy, must not wait for a hash table. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		return seed;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return XXH3_64bits_withSeed(&now, sizeof(now), (uint64_t)(uintptr_t)&now);
}

uint64_t erofs_mix(uint64_t value, uint64_t seed)
{
	return XXH3_64bits_withSeed(&value, sizeof(value), seed);
}
