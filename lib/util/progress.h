/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_PROGRESS_H
#define EROFS_UTIL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/util/monitor.h"

/* How much has been done of a long task. Any thread adds to it, and one at a time tells. */
struct erofs_progress {
	/* May ask for as much time as it likes: other threads do not wait for it. */
	void (*tell)(const void *ctx, uint64_t files, uint64_t bytes);
	const void *ctx;
	struct erofs_monitor monitor; /* of all below; not held while `tell` runs */
	uint64_t files, bytes;
	bool is_telling;
};

/* `tell` is NULL where nobody wants to know: then nothing is counted, and no lock is taken. */
void erofs_progress_init(struct erofs_progress *progress, void (*tell)(const void *ctx, uint64_t files, uint64_t bytes),
			 const void *ctx);
void erofs_progress_release(struct erofs_progress *progress); /* of zeroed ones, too */
void erofs_progress_add(struct erofs_progress *progress, uint64_t files, uint64_t bytes);

#endif
