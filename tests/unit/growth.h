/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_UNIT_GROWTH_H
#define TESTS_UNIT_GROWTH_H

#include <stdint.h>

/*
 * Distances of keys that collide by design where a table multiplies by 2^64 divided by the golden ratio and takes the upper half
 * (the second is its inverse), takes the lower bits, or the upper ones.
 */
#define HOSTILE_STEPS                                                                                                  \
	{                                                                                                              \
		1, UINT64_C(0xf1de83e19937733d), UINT64_C(1) << 20, UINT64_C(1) << 44                                  \
	}

/*
 * Fails unless four times as much work takes less than ten times the processor's time: about four where each item costs the
 * same, sixteen where each costs as much as there are before it.
 */
void assert_grows_linearly(void (*work)(const void *ctx, uint32_t count), const void *ctx);

#endif
