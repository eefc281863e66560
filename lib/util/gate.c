/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/gate.h"

void erofs_gate_init(struct erofs_gate *gate)
{
	*gate = (struct erofs_gate){ .inside = 0 };
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->left, NULL);
}

void erofs_gate_destroy(struct erofs_gate *gate)
{
	pthread_cond_destroy(&gate->left);
	pthread_mutex_destroy(&gate->lock);
}

bool erofs_gate_enter(struct erofs_gate *gate)
{
	bool entered;

	pthread_mutex_lock(&gate->lock);
	entered = !gate->is_closed;
	gate->inside += entered;
	pthread_mutex_unlock(&gate->lock);
	return entered;
}

bool erofs_gate_leave(struct erofs_gate *gate)
{
	bool last;

	pthread_mutex_lock(&gate->lock);
	last = !--gate->inside && gate->is_closed;
	if (last)
		pthread_cond_broadcast(&gate->left);
	pthread_mutex_unlock(&gate->lock);
	return last;
}

bool erofs_gate_close(struct erofs_gate *gate)
{
	bool empty;

	pthread_mutex_lock(&gate->lock);
	gate->is_closed = true;
	empty = !gate->inside;
	pthread_mutex_unlock(&gate->lock);
	return empty;
}

void erofs_gate_close_and_wait(struct erofs_gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->is_closed = true;
	while (gate->inside)
		pthread_cond_wait(&gate->left, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}
