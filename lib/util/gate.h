/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_UTIL_GATE_H
#define EROFS_UTIL_GATE_H

#include <stdbool.h>

#include "lib/util/monitor.h"

/* Counts threads that use something, and lets one of them end that: those inside may go on, no other comes in. */
struct erofs_gate {
	struct erofs_monitor monitor; /* of the two below */
	unsigned int inside;
	bool is_closed;
};

void erofs_gate_init(struct erofs_gate *gate);
void erofs_gate_destroy(struct erofs_gate *gate);

/* False: it is closed. Each true call needs one of erofs_gate_leave(), which another thread may make. */
bool erofs_gate_enter(struct erofs_gate *gate);

/* True for the last one that leaves a closed gate. */
bool erofs_gate_leave(struct erofs_gate *gate);

/* True: nobody is inside. */
bool erofs_gate_close(struct erofs_gate *gate);

/* The same, once nobody is. */
void erofs_gate_close_and_wait(struct erofs_gate *gate);

#endif
