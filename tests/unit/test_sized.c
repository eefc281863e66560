/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/util/sized.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/misuse.h"

struct known {
	size_t size;
	int first, second;
};
struct older {
	size_t size;
	int first;
	int behind; /* not the caller's options any more */
};
struct newer {
	size_t size;
	int first, second, third;
};

static struct messages messages;
#define TAKE(known, given) erofs_sized_take(known, sizeof(*(known)), given, "known", &messages.diag)

static void older_callers_get_defaults(void **state)
{
	const struct older given = { .size = offsetof(struct older, behind), .first = 5, .behind = 7 };
	struct known known = { .first = 1, .second = 2 };

	(void)state;
	messages_init(&messages);
	assert_int_equal(TAKE(&known, &given), 0);
	assert_int_equal(known.size, sizeof(known));
	assert_int_equal(known.first, 5);
	assert_int_equal(known.second, 2);
}

static void newer_callers_may_not_want_more(void **state)
{
	struct newer given = { .size = sizeof(given), .first = 5, .second = 6 };
	struct known known = { .first = 1, .second = 2 };

	(void)state;
	messages_init(&messages);
	assert_int_equal(TAKE(&known, &given), 0);
	assert_int_equal(known.size, sizeof(known));
	assert_int_equal(known.second, 6);
	given.third = 1;
	assert_refused(&messages, TAKE(&known, &given), -E2BIG, "does not know");
}

static void sizes_must_be_set(void **state)
{
	struct known given = { .size = 0 }, known = { .size = 0 };

	(void)state;
	assert_refused(&messages, TAKE(&known, NULL), -EINVAL, "struct known is missing");
	assert_refused(&messages, TAKE(&known, &given), -EINVAL, "was not set: it is 0");
	given.size = sizeof(size_t) - 1;
	assert_refused(&messages, TAKE(&known, &given), -EINVAL, "was not set");
	given.size = SIZE_MAX;
	assert_refused(&messages, TAKE(&known, &given), -EINVAL, "was not set");
}

static void results_go_as_far_as_the_caller(void **state)
{
	struct older older = { .size = offsetof(struct older, behind), .behind = 7 };
	struct newer newer = { .size = sizeof(newer), .third = 9 };
	const struct known known = { .size = sizeof(known), .first = 3, .second = 4 };

	(void)state;
	erofs_sized_give(&older, &known, sizeof(known));
	assert_int_equal(older.size, offsetof(struct older, behind));
	assert_int_equal(older.first, 3);
	assert_int_equal(older.behind, 7);
	erofs_sized_give(&newer, &known, sizeof(known));
	assert_int_equal(newer.size, sizeof(newer));
	assert_int_equal(newer.second, 4);
	assert_int_equal(newer.third, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(older_callers_get_defaults),
		cmocka_unit_test(newer_callers_may_not_want_more),
		cmocka_unit_test(sizes_must_be_set),
		cmocka_unit_test(results_go_as_far_as_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
