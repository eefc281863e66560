/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/gate.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "tests/unit/unit.h"

static void nobody_enters_a_closed_gate(void **state)
{
	struct erofs_gate gate;

	(void)state;
	erofs_gate_init(&gate);
	assert_true(erofs_gate_close(&gate));
	assert_false(erofs_gate_enter(&gate));
	assert_true(erofs_gate_close(&gate));
	erofs_gate_close_and_wait(&gate);
	erofs_gate_destroy(&gate);
}

static void the_last_that_leaves_a_closed_gate_knows(void **state)
{
	struct erofs_gate gate;

	(void)state;
	erofs_gate_init(&gate);
	assert_true(erofs_gate_enter(&gate));
	/* The last one of an open gate is not: others may come. */
	assert_false(erofs_gate_leave(&gate));
	for (int i = 0; i < 3; i++)
		assert_true(erofs_gate_enter(&gate));
	assert_false(erofs_gate_leave(&gate));
	assert_false(erofs_gate_close(&gate));
	assert_false(erofs_gate_enter(&gate));
	assert_false(erofs_gate_leave(&gate));
	assert_true(erofs_gate_leave(&gate));
	assert_true(erofs_gate_close(&gate));
	erofs_gate_destroy(&gate);
}

/* ---- threads ------------------------------------------------------------------------------------------------------------- */

struct shared {
	struct erofs_gate gate;
	atomic_uint entered, last, inside;
	atomic_bool closed;
	int plain; /* TSan: the thread that closes may use what those inside have written */
};

static void *come_and_go(void *arg)
{
	struct shared *shared = arg;

	while (erofs_gate_enter(&shared->gate)) {
		atomic_fetch_add(&shared->inside, 1);
		atomic_fetch_add(&shared->entered, 1);
		sched_yield();
		atomic_fetch_sub(&shared->inside, 1);
		if (erofs_gate_leave(&shared->gate))
			atomic_fetch_add(&shared->last, 1);
	}
	return NULL;
}

static void closing_waits_for_all_inside(void **state)
{
	(void)state;
	for (int round = 0; round < 50; round++) {
		struct shared shared = { .plain = 0 };
		pthread_t threads[3];

		erofs_gate_init(&shared.gate);
		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &shared), 0);
		while (atomic_load(&shared.entered) < 3)
			sched_yield();
		erofs_gate_close_and_wait(&shared.gate);
		assert_int_equal(atomic_load(&shared.inside), 0);
		assert_false(erofs_gate_enter(&shared.gate));
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		assert_true(atomic_load(&shared.last) <= 1);
		erofs_gate_destroy(&shared.gate);
	}
}

static void *write_and_leave(void *arg)
{
	struct shared *shared = arg;

	/* The test waits for this one, which another thread let in. */
	while (!atomic_load(&shared->closed))
		sched_yield();
	shared->plain = 42;
	erofs_gate_leave(&shared->gate);
	return NULL;
}

static void another_thread_may_leave(void **state)
{
	struct shared shared = { .plain = 0 };
	pthread_t thread;

	(void)state;
	erofs_gate_init(&shared.gate);
	assert_true(erofs_gate_enter(&shared.gate));
	assert_int_equal(pthread_create(&thread, NULL, write_and_leave, &shared), 0);
	assert_false(erofs_gate_close(&shared.gate));
	atomic_store(&shared.closed, true);
	erofs_gate_close_and_wait(&shared.gate);
	assert_int_equal(shared.plain, 42);
	pthread_join(thread, NULL);
	erofs_gate_destroy(&shared.gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_enters_a_closed_gate),
		cmocka_unit_test(the_last_that_leaves_a_closed_gate_knows),
		cmocka_unit_test(closing_waits_for_all_inside),
		cmocka_unit_test(another_thread_may_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
