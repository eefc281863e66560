/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_PATIENCE_H
#define EROFS_UTIL_PATIENCE_H

#include <sched.h>

/*
 * For threads that work on what another thread of ours makes: the one they all wait for is not interrupted whenever it has something for
 * them (SCHED_BATCH, sched(7)). On two processors, one gzip layer takes 0.40 of another builder's time so, and 0.45 without. A thread
 * with another policy than the usual one keeps it.
 */
static inline void erofs_thread_be_patient(void)
{
	if (sched_getscheduler(0) == SCHED_OTHER)
		sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
}

#endif
