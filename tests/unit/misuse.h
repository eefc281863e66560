/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef TESTS_UNIT_MISUSE_H
#define TESTS_UNIT_MISUSE_H

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/*
 * A call that must fail with this errno and say in one message why: with `text` in it. `messages` is a struct messages whose diag
 * the call was given.
 */
#define assert_refused(messages, call, err, text)                                                                      \
	do {                                                                                                           \
		messages_init(messages);                                                                               \
		assert_int_equal(call, err);                                                                           \
		assert_int_equal((messages)->count, 1);                                                                \
		if (!strstr((messages)->last, text))                                                                   \
			fail_msg("'%s' is not in '%s'", text, (messages)->last);                                       \
	} while (0)

#endif
