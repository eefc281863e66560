/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* A library for LD_PRELOAD with which each look at the monotonic clock takes four seconds. */
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long looks;

int clock_gettime(clockid_t clock, struct timespec *out)
{
	if (clock != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, clock, out);
	*out = (struct timespec){ .tv_sec = 4 * atomic_fetch_add(&looks, 1) };
	return 0;
}
