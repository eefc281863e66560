/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/growth.h"

#include <time.h>

#include "tests/unit/unit.h"

#define ITEMS	20000u
#define ROUNDS	7
#define RATIO	10.0
#define SECONDS 1e-9

static double time_of(void (*work)(const void *ctx, uint32_t count), const void *ctx, uint32_t count)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	work(ctx, count);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * SECONDS;
}

/* The best of some rounds: others use this machine, too. */
void assert_grows_linearly(void (*work)(const void *ctx, uint32_t count), const void *ctx)
{
	double little = 0, much = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double a = time_of(work, ctx, ITEMS), b = time_of(work, ctx, 4 * ITEMS);

		little = !round || a < little ? a : little;
		much = !round || b < much ? b : much;
		/* There is no doubt about it. */
		if (much > little && much < RATIO * little)
			return;
	}
	if (much >= RATIO * little)
		fail_msg("%u items take %g s, %u take %g s", ITEMS, little, 4 * ITEMS, much);
}
