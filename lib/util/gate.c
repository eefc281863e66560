/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/gate.h"

void erofs_gate_init(struct erofs_gate *gate)
{
	*gate = (struct erofs_gate){ .inside = 0 };
	erofs_monitor_init(&gate->monitor);
}

void erofs_gate_destroy(struct erofs_gate *gate)
{
	erofs_monitor_destroy(&gate->monitor);
}

bool erofs_gate_enter(struct erofs_gate *gate)
{
	erofs_monitor_hold(&gate->monitor);

	gate->inside += !gate->is_closed;
	return !gate->is_closed;
}

bool erofs_gate_leave(struct erofs_gate *gate)
{
	erofs_monitor_hold(&gate->monitor);
	bool last = !--gate->inside && gate->is_closed;

	if (last)
		erofs_monitor_notify(&gate->monitor);
	return last;
}

bool erofs_gate_close(struct erofs_gate *gate)
{
	erofs_monitor_hold(&gate->monitor);

	gate->is_closed = true;
	return !gate->inside;
}

void erofs_gate_close_and_wait(struct erofs_gate *gate)
{
	erofs_monitor_hold(&gate->monitor);

	gate->is_closed = true;
	while (gate->inside)
		erofs_monitor_wait(&gate->monitor);
}
